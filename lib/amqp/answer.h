/*
 * answer.h - what the broker answered to a blocking call of the library
 */
#ifndef MQS_AMQP_ANSWER_H
#define MQS_AMQP_ANSWER_H

#include "amqp/connection.h"

/*
 * The outcome of the last blocking call on a channel (amqp_get_rpc_reply), about an object:
 * MQS_OK, an error of reply_error.h, or MQS_AMQP_LOST.  If the broker has closed the channel, it is
 * opened anew here, bare, so that the next call can be made.  A queue that the node has lost sight of is
 * MQS_AMQP_LOST, too, since another node may see it; unless the link only looks: MQS_EBUSY.
 */
int	mqs_amqp_answer(const struct mqs_amqp_link *, const char *object, struct mqs_error *err);
/* The same of a reply that is at hand. */
int	mqs_amqp_answer_of(const struct mqs_amqp_link *, const char *object, amqp_rpc_reply_t,
	    struct mqs_error *err);
/* A link for a job that only looks, so that a queue which is out of sight ends no connection. */
struct mqs_amqp_link mqs_amqp_looking(const struct mqs_amqp_link *);

#endif
