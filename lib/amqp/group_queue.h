/*
 * group_queue.h - the quorum queue of a group, and the mark that the group is whole
 *
 *	x-queue-type			quorum
 *	x-delivery-limit		2147483647: without it, 4.x drops a message after 20
 *					deliveries.  mq counts attempts itself
 *	x-consumer-timeout		24 days, which 3.12 and later heed: a handler may take an hour
 *	x-single-active-consumer	true, of an ordered or exclusive group
 *	x-expires			of a group that goes when nobody consumes it for so long
 *	x-max-length, -bytes, x-overflow	of a queue with max-messages or max-bytes
 *
 * A GROUP THAT GOES BY ITSELF  The broker removes its queue, and with that all of its bindings.  The
 * mark is an exchange that goes with its last binding, which is that of the queue; a kill
 * before it is bound leaves a mark without a queue, so a group is whole only with both.  The
 * record in mq.settings stays, and says nothing while there is no group.
 *
 * Only consumers keep such a queue from going: not what is published or declared.  While it is
 * being filled, which may take longer, it is held by a consumer that takes nothing.
 *
 * The functions here call the library: they are parts of jobs, but for those of a hold.
 */
#ifndef MQS_AMQP_GROUP_QUEUE_H
#define MQS_AMQP_GROUP_QUEUE_H

#include "amqp/connection.h"

/* The most that RabbitMQ takes for x-expires: ten years (3.10.8). */
#define MQS_AMQP_EXPIRES_MAX	UINT64_C(315360000000)	/* ms */

/* What its arguments depend on. */
struct mqs_amqp_group_kind {
	int		single;			/* one active consumer */
	uint64_t	expires;		/* ms; 0: it stays */
	uint64_t	max_messages, max_bytes;	/* 0: no limit */
};

/* Declares it.  MQS_ECONFIG: it is there with other arguments; the text has both values. */
int	mqs_amqp_group_queue_declare(const struct mqs_amqp_link *, const char *name,
	    const struct mqs_amqp_group_kind *, struct mqs_error *err);
/* 0 if the group is whole: mark and queue are there; or MQS_ENOENT. */
int	mqs_amqp_group_marked(const struct mqs_amqp_link *, const char *name,
	    struct mqs_error *err);
/* Says that it is. */
int	mqs_amqp_group_mark(const struct mqs_amqp_link *, const char *name,
	    const struct mqs_amqp_group_kind *, struct mqs_error *err);

/* Keeps the queue of a group that expires, until it is let go; NULL in *out: it stays anyway. */
struct mqs_amqp_group_hold;
int	mqs_amqp_group_hold(struct mqs_amqp_group_hold **out, struct mqs_amqp_connection *,
	    const char *name, const struct mqs_amqp_group_kind *, struct mqs_error *err);
/* Takes NULL. */
void	mqs_amqp_group_let_go(struct mqs_amqp_group_hold *);

#endif
