/*
 * publish_confirmed.h - one small message of the engine's own, published and confirmed
 *
 * For what is not a user's message: a record of settings, a sign in a stream.  It has a channel
 * of its own for as long as that takes.
 */
#ifndef MQS_AMQP_PUBLISH_CONFIRMED_H
#define MQS_AMQP_PUBLISH_CONFIRMED_H

#include "amqp/connection.h"

/*
 * Publishes a body to an exchange that must route it, and waits until it is confirmed.  After
 * a loss it is sent again, unless epoch is not 0: then it belongs to that connection, and
 * MQS_EBUSY says that it is gone.  What the broker refuses is sent again for a minute: MQS_EFULL.
 */
int	mqs_amqp_publish_confirmed(struct mqs_amqp_connection *, const char *exchange,
	    const char *key, const void *body, size_t n, uint64_t epoch, struct mqs_error *err);
/* The same to the default exchange, straight into a queue, with the property `type'. */
int	mqs_amqp_publish_typed(struct mqs_amqp_connection *, const char *queue, const char *type,
	    const void *body, size_t n, struct mqs_error *err);
/*
 * A reply with these properties, to a queue or to an address of the broker's.  MQS_NOTHING: it
 * is mandatory, and the queue is gone.  What the broker refuses is sent again for some seconds.
 */
int	mqs_amqp_publish_reply(struct mqs_amqp_connection *, const char *to, int mandatory,
	    const amqp_basic_properties_t *, amqp_bytes_t body, struct mqs_error *err);

#endif
