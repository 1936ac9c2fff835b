/*
 * consume_unmatched.h - messages that a waiting consumer passes in memory
 *
 * Moving the group's cursor takes a commit, and so a flush of the disk.  A consumer of a
 * group with bindings that waits is woken by every message, also by those that no binding
 * matches.  So it looks at what is new in a snapshot of the log first.  As long as nothing
 * matches, it only remembers how far it has looked; the cursor follows in one commit
 *
 *	- with the first message that matches, or anything else that is to be written;
 *	- a second after the first message that it passed in memory, or after 10,000;
 *	- at once where the queue is limited and an eighth of the limit is unsettled, since a
 *	  message that the cursor has not passed counts as unsettled: a publisher that waits
 *	  for room waits for the page of that commit;
 *	- when the consumer ends, and in the first claim after one that took messages.
 *
 * What is remembered holds for one cursor, one generation and one set of bindings and
 * settings of the group.  After a rewind, a purge, a commit by another consumer, or
 * another set of bindings the consumer looks again from the cursor.  So bindings decide
 * about each message that the cursor has not passed.  Messages that are damaged, or of
 * which there is more to know (skipped ones), are left to the transaction.
 *
 * A death loses what was remembered: the next consumer looks at the same messages again.
 */
#ifndef MQS_EMBEDDED_CONSUME_UNMATCHED_H
#define MQS_EMBEDDED_CONSUME_UNMATCHED_H

#include "embedded/consume_state.h"

/*
 * Looks at what is new, if the consumer may do so in this way; v is the group's state.
 * *work becomes 0 if nothing needs a transaction now.
 */
int	mqs_unmatched_look(struct mqs_consumer *, const uint64_t v[MQS_GROUP_VALUES],
	    int *work, struct mqs_error *err);
/* CLOCK_BOOTTIME when the cursor is to follow; 0: it has nothing to follow. */
int64_t	mqs_unmatched_due(const struct mqs_consumer *);

#endif
