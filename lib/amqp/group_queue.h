/*
 * group_queue.h - the quorum queue of a group, and the mark that the group is whole
 *
 *	x-queue-type			quorum
 *	x-delivery-limit		2147483647: without it, 4.x drops a message after 20
 *					deliveries.  mq counts attempts itself
 *	x-consumer-timeout		24 days, which 3.12 and later heed: a handler may take an hour
 *	x-single-active-consumer	true, of an ordered or exclusive group
 *	x-max-length, -bytes, x-overflow	of a queue with max-messages or max-bytes
 *
 * The functions here call the library: they are parts of jobs.
 */
#ifndef MQS_AMQP_GROUP_QUEUE_H
#define MQS_AMQP_GROUP_QUEUE_H

#include "amqp/connection.h"

/* What its arguments depend on. */
struct mqs_amqp_group_kind {
	int		single;			/* one active consumer */
	uint64_t	max_messages, max_bytes;	/* 0: no limit */
};

/* Declares it.  MQS_ECONFIG: it is there with other arguments; the text has both values. */
int	mqs_amqp_group_queue_declare(const struct mqs_amqp_link *, const char *name,
	    const struct mqs_amqp_group_kind *, struct mqs_error *err);
/* 0 if the group is whole, or MQS_ENOENT. */
int	mqs_amqp_group_marked(const struct mqs_amqp_link *, const char *name,
	    struct mqs_error *err);
/* Says that it is. */
int	mqs_amqp_group_mark(const struct mqs_amqp_link *, const char *name,
	    struct mqs_error *err);

#endif
