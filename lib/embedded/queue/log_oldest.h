/*
 * log_oldest.h - goes through the oldest messages of a log, and removes them
 *
 * It works within the write transaction of a caller, who decides for each message whether it
 * goes (queue/log_retention.h), and aborts after an error.
 *
 * A message is deleted from the table later than it is removed (queue/log_delete_front.h).
 * Most are not verified, but vouched for by another (queue/log_voucher.h).
 *
 * Invariants, until mqs_oldest_end:
 *
 *	- The log's state counts a message that is left in the table as removed, and no index
 *	  names it.
 *	- Those that are left have been verified or vouched for.
 *	- None is left in front of a damaged record that is not vouched for, since that is looked
 *	  at through the first entry of the table (log_walk.h); nor, unless the front is hidden,
 *	  in front of a long one.
 */
#ifndef MQS_EMBEDDED_QUEUE_LOG_OLDEST_H
#define MQS_EMBEDDED_QUEUE_LOG_OLDEST_H

#include "embedded/queue/log_delete_front.h"
#include "embedded/queue/log_tx.h"
#include "embedded/queue/log_voucher.h"

struct mqs_oldest {
	struct mqs_log_tx *ltx;
	struct mqs_cur	*cur;
	struct mqs_record r;		/* the oldest that is not removed */
	int		 vouched;	/* vouched for: of r, only what mqs_voucher_covers sets is known */
	int		 sound;		/* it fits its checksum, or is long and fits its neighbours */
	struct mqs_voucher voucher;
	struct mqs_delete_front front;	/* stands on it */
};

/* Begins.  Only what has an id below the floor (UINT64_MAX: any) will be vouched for. */
int	mqs_oldest_begin(struct mqs_oldest *, struct mqs_log_tx *, uint64_t floor,
	    struct mqs_error *err);
/*
 * Goes to the oldest record that is not removed, or MQS_NOTHING.  A damaged one that is not
 * vouched for has the id that log_walk.h gives it, and what can be read of it.  Messages that
 * are missing in front of it are counted as removed.
 */
int	mqs_oldest_next(struct mqs_oldest *, struct mqs_error *err);
/* Verifies a record that was only vouched for: its key, and so its id and time, may be wrong. */
int	mqs_oldest_verify(struct mqs_oldest *, struct mqs_error *err);
/*
 * 1 in *below if its id is less than a floor, which is at least that of mqs_oldest_begin
 * (UINT64_MAX: any is).
 */
int	mqs_oldest_is_below(struct mqs_oldest *, uint64_t floor, int *below, struct mqs_error *err);
/* Removes it; *blob is the name of its large body, or 0.  mqs_oldest_next must follow. */
int	mqs_oldest_remove(struct mqs_oldest *, uint64_t *blob, struct mqs_error *err);
/*
 * Ends it: rc is what the last mqs_oldest_next or another call returned.  Notes in the log's
 * state the time of the oldest message that remains.  Returns an error, or MQS_OK.
 */
int	mqs_oldest_end(struct mqs_oldest *, int rc, struct mqs_error *err);

#endif
