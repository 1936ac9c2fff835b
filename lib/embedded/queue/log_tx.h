/*
 * log_tx.h - a writing transaction of a log: appending and removing messages
 *
 * How a publisher stores messages, step by step, and what a crash leaves after each step:
 *
 *	large bodies and their folder are synced	a body that no record names;
 *							mqs_blob_sweep removes it
 *	the transaction commits				durable messages; waiters learn of
 *							them within a second, from a timer
 *	the status page is written, waiters wake	nothing
 *	the publisher tells the ids			nothing
 *	the bodies of removed messages are unlinked	a body that no record names
 *
 * The clock is read once a transaction, and ids count up from it.  An id is never less
 * than the time of its record, so a search by time may start at the id.
 */
#ifndef MQS_EMBEDDED_QUEUE_LOG_TX_H
#define MQS_EMBEDDED_QUEUE_LOG_TX_H

#include "embedded/queue/log.h"

struct mqs_log_tx {
	struct mqs_log	*log;
	struct mqs_tx	*tx;
	uint64_t	 v[MQS_LOG_VALUES];	/* the state, as it will be committed */
	int64_t		 now;		/* the wall clock, as it enters ids and times */
	int		 appends;	/* something was appended */
};

/* Waits for the write lock, until deadline (CLOCK_BOOTTIME; 0: for ever), and begins. */
int	mqs_log_begin(struct mqs_log_tx *, struct mqs_log *, int64_t deadline, struct mqs_error *err);
/*
 * Appends a record and gives it id, ordinal and time.  If a message with the same message id
 * is retained, nothing is appended: *duplicate is 1, and *id is the id of that message.
 */
int	mqs_log_append(struct mqs_log_tx *, struct mqs_record *, uint64_t *id,
	    int *duplicate, struct mqs_error *err);
/* Finds the retained message that has the message id of m: MQS_OK and its id, or MQS_NOTHING. */
int	mqs_log_duplicate(struct mqs_log_tx *, const struct mqs_message *m, uint64_t *id,
	    struct mqs_error *err);
/*
 * Appends a record that was in another log, and keeps its id and time.  Ids must ascend.  If
 * another message has its message id, it loses its own.
 */
int	mqs_log_restore(struct mqs_log_tx *, struct mqs_record *, struct mqs_error *err);
/* Commits, then writes the page, which wakes waiters.  The transaction is over, also on error. */
int	mqs_log_commit(struct mqs_log_tx *, struct mqs_error *err);
/* Ends the transaction and changes nothing. */
void	mqs_log_abort(struct mqs_log_tx *);
/*
 * Counts a record as removed, and removes its entries in the indexes.  *blob becomes the name
 * of its large body, which is to be unlinked after the commit; or 0.  The record itself must
 * be deleted before the commit.
 */
int	mqs_log_count_removed(struct mqs_log_tx *, const struct mqs_record *, uint64_t *blob,
	    struct mqs_error *err);
/* The same, and deletes the record, at which the cursor stands. */
int	mqs_log_remove(struct mqs_log_tx *, struct mqs_cur *, const struct mqs_record *, uint64_t *blob,
	    struct mqs_error *err);

#endif
