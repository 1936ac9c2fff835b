/*
 * consumer_keys.h - ordered groups: one message of a key at a time, in order
 *
 * The queue of an ordered group has a single active consumer, so this consumer alone knows which
 * keys are busy (engine/key_order.h).  A delivery whose key is busy is PARKED.  The table has, for
 * each busy key, the delivery that it is busy with, which has the parked ones of its key.
 *
 * Invariants
 * - A delivery of a key is busy with it (UNREAD, READ, RETRYING, COPYING), or PARKED behind one
 *   that is.
 * - No delivery goes back to the queue by itself, and consuming never ends while something is here.
 *   Everything goes back together, when the channel is closed: then the broker has it in the order
 *   of tags, before all that it had not delivered.
 * - The window is the same for each consumer of the group, at any time (consumer_window.c).
 *
 * The last two have the same reason.  The broker puts a message that comes back behind those that
 * came back before (tried with 3.10.8), and a consumer that was cancelled keeps what it has while
 * the next one is active.  So a later message of a key would overtake one that comes back alone.
 * And a next consumer with a smaller window would leave some of what came back in the queue; if it
 * died, what it had would come back behind them.
 *
 * RETRY  The delivery waits here, RETRYING, until it is due, and its key stays busy.  Its attempts are
 * counted here: if the consumer ends, or loses its connection, the next one begins with those that
 * the message came with.  A dead letter is a copy, as in other groups.
 *
 * RELEASE  The delivery is UNREAD again, before all that were never read, and uncounted.
 *
 * A delivery that is handed out again has another lease (mqs_amqp_held_lease), so that earlier
 * receipts are stale.
 *
 * HOLDER  When a consumer under MQS_MANUAL is closed, it stays the active one until all that it has
 * handed out is settled, or it is freed.  Retries hold it until they are due.
 */
#ifndef MQS_AMQP_CONSUMER_KEYS_H
#define MQS_AMQP_CONSUMER_KEYS_H

#include "amqp/consumer.h"

/* All with the lock held. */

/*
 * Takes a delivery in that has just come, as UNREAD or PARKED.  After an error it is freed, and the
 * group can't be consumed on.
 */
int	mqs_amqp_keys_admit(struct mqs_consumer *, struct mqs_amqp_held *, struct mqs_error *err);
/* A delivery is settled for good, or lost: the next one of its key is UNREAD. */
void	mqs_amqp_keys_leave(struct mqs_consumer *, struct mqs_amqp_held *);
/* The delivery was read: it is handed out again after a delay. */
void	mqs_amqp_keys_retry(struct mqs_consumer *, struct mqs_amqp_held *, int64_t delay);
/* The delivery was read: it is handed out again. */
void	mqs_amqp_keys_release(struct mqs_consumer *, struct mqs_amqp_held *);
/* What is due becomes UNREAD.  Returns when the next one is, by mqs_boottime; 0: none waits. */
int64_t	mqs_amqp_keys_due(struct mqs_consumer *);

#endif
