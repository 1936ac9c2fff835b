/*
 * settle_transaction.h - the transaction that settles deliveries of one group
 *
 * It is a transaction of the group's file, and, where dead letters are made, a second
 * one of the log of the dead-letter queue.  LMDB can't commit two files at once, so the
 * order is fixed: the dead letters, each with its marker (queue/marker.h), are committed
 * first, then the group.  A crash between the two leaves dead letters of messages that
 * are not settled yet.  The messages are delivered and rejected again; the marker then
 * says that the dead letter is there, and the message is only settled.
 *
 * Dead letters that are many or large are committed in several transactions of their
 * log, since a transaction is held in memory.  The group is always committed once.
 *
 * No transaction waits for the end of maintenance of the dead-letter queue, which may be
 * long: the caller ends it, waits (mqs_dead_letter_wait), and repeats the whole.
 *
 * If the dead-letter queue can't be written (it is full, or not permitted), the caller
 * repeats the whole with `keep' set to that error.  Then no dead letter is made: a
 * message that should become one waits for the longest backoff and is tried again.  All
 * other settlings take effect, and the caller reports the error.
 */
#ifndef MQS_EMBEDDED_SETTLE_TRANSACTION_H
#define MQS_EMBEDDED_SETTLE_TRANSACTION_H

#include "embedded/queue/lease_batch.h"
#include "embedded/queue/log_reader.h"
#include "embedded/queue/log_tx.h"
#include "embedded/spool.h"
#include "embedded/store/blob.h"

/*
 * So many large bodies, or bytes of other bodies, of dead letters are committed at once.
 * Each large body is an open file until then.
 */
#define MQS_SETTLE_BLOBS	32
#define MQS_SETTLE_BYTES	(UINT64_C(4) << 20)

struct mqs_settle_tx {
	struct mqs_spool	*spool;
	struct mqs_group	*group;
	struct mqs_group_tx	 gtx;
	struct mqs_log_reader	*reader;	/* of the group's log; borrowed */
	struct mqs_log		*made_in;	/* log of a filter's outputs, or NULL: a message with a marker there is only settled */
	struct mqs_log		*dead_log;	/* of the dead-letter queue; NULL: not begun */
	struct mqs_log_tx	 dead;		/* its transaction, open if dead_log is set */
	struct mqs_blob		*blobs[MQS_SETTLE_BLOBS];	/* large bodies of dead letters, locked until the commit */
	unsigned		 nblobs;
	uint64_t		 dead_bytes;	/* of dead letters not yet committed */
	int			 keep;		/* not MQS_OK: make no dead letters, because of this error */
	int			 kept;		/* the last message that should have become one waits instead */
	int			 dead_failed;	/* an error came from making a dead letter */
	int			 dead_busy;	/* and its cause: maintenance has the dead-letter queue to itself */
	int			 damaged;	/* and its cause: the message that was to die is damaged */
};

/* Begins one.  The reader must be of the group's log; keep: MQS_OK, or see above. */
int	mqs_settle_begin(struct mqs_settle_tx *, struct mqs_spool *, struct mqs_group *,
	    struct mqs_log_reader *, int keep, struct mqs_error *err);
/* Commits the dead letters, then the group.  The transaction is over, also on error. */
int	mqs_settle_commit(struct mqs_settle_tx *, struct mqs_error *err);
/* Ends it without settling anything; dead letters that are committed stay. */
void	mqs_settle_abort(struct mqs_settle_tx *);
/* Commits the dead letters made so far; the next one begins another transaction. */
int	mqs_settle_commit_dead(struct mqs_settle_tx *, struct mqs_error *err);

#endif
