/*
 * consume_collect.h - collects what a consumer wants settled, until its next transaction
 *
 * Nothing is written here: a commit costs a flush of the disk, so settlings wait in
 * memory for the next claim (or flush), which carries them all out at once
 * (consume_settle.h).  A death before that means that the messages are delivered again.
 *
 * Plain acks are by far the most.  One takes 24 bytes and no strings, and an ack that
 * covers its whole lease up to a message replaces the previous one of that lease.  All
 * other settlings are requests.  The first settling of a delivery must win.  Since acks
 * are carried out before requests, an ack that comes after a request is kept as a
 * request, too.
 */
#ifndef MQS_EMBEDDED_CONSUME_COLLECT_H
#define MQS_EMBEDDED_CONSUME_COLLECT_H

#include "embedded/consume_state.h"

/*
 * Collects the ack of all messages of a lease up to an id; n of them were not acked yet.
 * No request may be collected.
 */
int	mqs_collect_ack_through(struct mqs_consumer *, uint64_t lease, uint64_t id, size_t n,
	    struct mqs_error *err);
/* How many messages the collected settlings settle. */
size_t	mqs_collected(const struct mqs_consumer *);
/* Forgets all that is collected: it was carried out, or the consumer ends. */
void	mqs_collected_drop(struct mqs_consumer *);

#endif
