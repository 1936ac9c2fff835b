/*
 * consumer_send.h - the thread sends what a consumer ordered, and hears the broker's answers
 *
 * They are events of the consumer's channel (connection.h).
 */
#ifndef MQS_AMQP_CONSUMER_SEND_H
#define MQS_AMQP_CONSUMER_SEND_H

#include "amqp/consumer.h"

/* The event `send': sends one order. */
int	mqs_amqp_consumer_send(void *consumer, const struct mqs_amqp_link *, size_t *sent, struct mqs_error *err);
/* The event `consuming': the broker has begun to send. */
void	mqs_amqp_consumer_consuming(void *consumer, amqp_bytes_t tag);
/* The event `counted'. */
void	mqs_amqp_consumer_counted(void *consumer, const amqp_queue_declare_ok_t *answer);
/* The number in a consumer's tag. */
unsigned	mqs_amqp_consumer_of_tag(amqp_bytes_t tag);

#endif
