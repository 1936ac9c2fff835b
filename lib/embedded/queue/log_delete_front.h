/*
 * log_delete_front.h - going through a log from its first record, and deleting from the front
 *
 * To delete the first record again and again would cost more than appending does: LMDB moves
 * up everything that the page has behind the deleted record, and as soon as less than a
 * quarter of the page is used, it takes a record from the next page for each one that is
 * deleted.  Therefore a small record is left in the table at first.  At the end of its page,
 * as many records are deleted as were left in that page: backward, from the last but one of
 * the page, where little is behind them.  The last one stays, or LMDB would turn to the next
 * page.  So a quarter of a page remains at the front of the table; LMDB merges into it what
 * falls below a quarter in the next page.  That quarter is deleted at the end.
 *
 * Where the front is hidden rather than deleted (queue/log_segment.h), all are left, and are
 * hidden at the end.
 *
 * Where a page ends is guessed from the addresses of values.  A wrong guess costs time,
 * nothing else.
 *
 * Invariant: those that are left are the first `left' of the table, and the record at which
 * the cursor stands is the one behind them.
 */
#ifndef MQS_EMBEDDED_QUEUE_LOG_DELETE_FRONT_H
#define MQS_EMBEDDED_QUEUE_LOG_DELETE_FRONT_H

#include "base/bytes.h"
#include "embedded/store/lmdb/cursor.h"

struct mqs_delete_front {
	struct mqs_tx	*tx;		/* borrowed */
	struct mqs_cur	*cur;		/* borrowed */
	int		 hides;		/* they are hidden, not deleted */
	struct mqs_slice key, value;	/* of the record at which it stands */
	size_t		 left;		/* records that are to be deleted, and are still there */
	/* Private. */
	size_t		 left_size;	/* bytes that they take in pages */
	uintptr_t	 page;		/* of the last one */
	enum mqs_move	 next;
};

/* Begins in front of the first record. */
void	mqs_delete_front_begin(struct mqs_delete_front *, struct mqs_tx *, struct mqs_cur *, int hides);
/* Goes to the next record, or MQS_NOTHING.  The one before it must have been deleted. */
int	mqs_delete_front_next(struct mqs_delete_front *, struct mqs_error *err);
/* Deletes the record, now or later. */
int	mqs_delete_front_del(struct mqs_delete_front *, struct mqs_error *err);
/*
 * Deletes all that are left.  The cursor stands anywhere afterwards: at the first record
 * before any other call.
 */
int	mqs_delete_front_end(struct mqs_delete_front *, struct mqs_error *err);

#endif
