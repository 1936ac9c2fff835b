/*
 * consumer_applied.h - before a channel is closed: what was settled on it is in the queue
 *
 * The broker has no answer to an ack.  Of a quorum queue its channel has up to 32 commands on
 * their way through the replicas' log, and keeps what is settled meanwhile until one of these is
 * applied; when the channel is closed, what it has kept is forgotten, and those messages are
 * delivered again, though they were acked long before (3.10.8: of 100 acks, one by one, and a
 * close behind them, 67 came back).  basic.consume is answered when it has gone through the same
 * log itself, so it stands behind those acks: when the answer is here, the channel has none left.
 * That consumer has a credit of 0, so that it takes no message from others.
 */
#ifndef MQS_AMQP_CONSUMER_APPLIED_H
#define MQS_AMQP_CONSUMER_APPLIED_H

#include "amqp/consumer.h"

/* After all orders have been sent, and before the channel is closed; for 5 seconds at most. */
void	mqs_amqp_consumer_await_applied(struct mqs_consumer *);

#endif
