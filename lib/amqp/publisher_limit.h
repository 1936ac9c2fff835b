/*
 * publisher_limit.h - how large a body the broker takes
 *
 * Its setting max_message_size can't be asked for.  It is 128 MiB unless it was changed, and 16
 * MiB from RabbitMQ 4 on.  A broker that takes less closes the channel with a text that says so.
 */
#ifndef MQS_AMQP_PUBLISHER_LIMIT_H
#define MQS_AMQP_PUBLISHER_LIMIT_H

#include <stdint.h>

#include "mqspool.h"

/* The limit of a broker of that version. */
uint64_t mqs_amqp_limit_of_version(const char *version);
/* The limit that a text of the broker's tells; 0 if it tells none. */
uint64_t mqs_amqp_limit_of_text(const char *text);
/* Reports a body above the limit: MQS_EDATA. */
int	mqs_amqp_too_large(const char *queue, uint64_t max, struct mqs_error *err);

#endif
