/* publisher_events.h - what the thread of the connection does for a publisher */
#ifndef MQS_AMQP_PUBLISHER_EVENTS_H
#define MQS_AMQP_PUBLISHER_EVENTS_H

#include "amqp/publisher.h"

extern const struct mqs_amqp_events mqs_amqp_publisher_events;

/* The id of a message that was sent. */
void	mqs_amqp_publisher_id(const struct mqs_publisher *, const struct mqs_amqp_pending *,
	    char id[MQS_ID_SIZE]);

#endif
