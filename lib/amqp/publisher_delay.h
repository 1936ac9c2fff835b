/*
 * publisher_delay.h - what a publisher's delayed messages need
 *
 * The levels of delays, and the binding that leads from them to the queue, are made when the
 * first delayed message that needs them is added to a batch.  A publisher that delays nothing asks for
 * nothing.
 *
 * When the broker says that an exchange is missing (404), the queue or a level was deleted
 * while the publisher was open.  Then all of it is declared again, whatever is there.
 */
#ifndef MQS_AMQP_PUBLISHER_DELAY_H
#define MQS_AMQP_PUBLISHER_DELAY_H

#include "amqp/publisher.h"

/* The caller: before a message that is delayed until then is added; makes the levels that are missing. */
int	mqs_amqp_publisher_delays(struct mqs_publisher *, int64_t not_before, struct mqs_error *err);
/* The thread: when the queue was opened again. */
int	mqs_amqp_publisher_delays_again(struct mqs_publisher *, const struct mqs_amqp_link *,
	    struct mqs_error *err);
/* The thread: says why a message came back, from a level or from the queue's exchange. */
void	mqs_amqp_publisher_returned(const struct mqs_publisher *,
	    const struct mqs_amqp_delivery *, struct mqs_error *why);

#endif
