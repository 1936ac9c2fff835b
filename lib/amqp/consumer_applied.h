/*
 * consumer_applied.h - what was settled is in the queue, so that it stays settled
 *
 * The broker has no answer to an ack.  Its channel may have thousands of acks to work on still, and
 * of a quorum queue it has up to 32 commands on their way through the replicas' log, and keeps
 * what is settled meanwhile until one of these is applied.  If it dies, or the channel is
 * closed, what it has kept is forgotten, and those messages are delivered again (3.10.8: of 100
 * acks, one by one, and a close behind them, 67 came back).
 *
 * basic.consume is answered when it has gone through the same log itself, so it stands behind those
 * acks.  That consumer has a credit of 0, so it takes no message from others, and is cancelled
 * behind it.  With more than a few acks the channel may have kept some back, which it sends when
 * the first have been applied: a second basic.consume stands behind those.
 *
 * A consumer that ends waits for that, too.  Closing the channel alone is waited for only a moment, and
 * where the broker needs longer, it finds the connection closed before it has come to the acks.
 *
 * Answers to those who settle by receipt come after that: what they were told is settled stays so.
 * While one basic.consume is on its way, others settle, and the next one stands behind all of them.
 */
#ifndef MQS_AMQP_CONSUMER_APPLIED_H
#define MQS_AMQP_CONSUMER_APPLIED_H

#include "amqp/consumer.h"

/* The channel has at most 32 on their way to the queue; of fewer than that, it keeps none back. */
#define MQS_AMQP_APPLIED_WITH	24u

/* Has all orders up to now followed by that basic.consume, unless one is on its way.  With the lock. */
int	mqs_amqp_consumer_apply(struct mqs_consumer *, struct mqs_error *err);
/* It was answered: what is applied now.  With the lock held. */
void	mqs_amqp_consumer_was_applied(struct mqs_consumer *);
/*
 * After all orders have been sent, and before the channel is closed: waits until they are applied,
 * for a minute at most.
 */
void	mqs_amqp_consumer_await_applied(struct mqs_consumer *);

#endif
