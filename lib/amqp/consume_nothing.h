/*
 * consume_nothing.h - a consumer to which the broker sends nothing
 *
 * Its credit is 0.  So it takes no message from others, but the broker has it in the queue's own
 * log, behind all that came before, and a queue with a consumer is in use.  Where a broker takes no
 * notice of the credit, it gets one message, which goes back when the channel ends.
 */
#ifndef MQS_AMQP_CONSUME_NOTHING_H
#define MQS_AMQP_CONSUME_NOTHING_H

#include "amqp/connection.h"

/* Begins to consume on the link's channel, and waits for the broker's answer; a part of a job. */
int	mqs_amqp_consume_nothing(const struct mqs_amqp_link *, const char *queue, const char *tag,
	    struct mqs_error *err);

/* Sends the same, from a channel's event `send': what the library's function returned. */
int	mqs_amqp_send_consume_nothing(const struct mqs_amqp_link *, const char *queue, const char *tag);

#endif
