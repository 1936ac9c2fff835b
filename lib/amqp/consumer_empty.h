/* consumer_empty.h - whether a group has nothing for its consumer; see consumer.h */
#ifndef MQS_AMQP_CONSUMER_EMPTY_H
#define MQS_AMQP_CONSUMER_EMPTY_H

#include "amqp/consumer.h"

enum {
	MQS_AMQP_NOWHERE,	/* there is nothing */
	MQS_AMQP_ELSEWHERE,	/* there is something, or may be, and the descriptor tells when to look */
	MQS_AMQP_HERE		/* something has come meanwhile */
};

/* Asks the broker, if nothing has come for a moment.  *there becomes one of these. */
int	mqs_amqp_consumer_empty(struct mqs_consumer *, int *there, struct mqs_error *err);

/*
 * Consuming was just begun: waits until the broker has had its chance to send, so that a batch
 * is as large as it can be.
 */
int	mqs_amqp_consumer_await_first(struct mqs_consumer *, struct mqs_error *err);

#endif
