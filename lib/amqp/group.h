/*
 * group.h - groups on a RabbitMQ cluster: opened, and made on first use
 *
 * A group QUEUE/GROUP is
 *
 *	QUEUE/GROUP		a durable quorum queue, with the arguments of group_queue.h
 *	its bindings		to QUEUE (keys) and QUEUE.headers (headers): bindings.h
 *	a record		in the stream mq.settings, with its settings and bindings: settings_store.h
 *	QUEUE/GROUP		an exchange, to which nothing is published: the mark that the group
 *				is whole; durable, or bound to a queue that goes by itself, with
 *				which it goes (group_queue.h)
 *
 * Whoever finds the mark may consume.  Without it the group is not there, or somebody is
 * making it, or died while he did: group_create.h says how it is made, and by whom.
 */
#ifndef MQS_AMQP_GROUP_H
#define MQS_AMQP_GROUP_H

#include "amqp/spool.h"
#include "amqp/topology.h"

/* What counts while a group is consumed. */
struct mqs_amqp_group_settings {
	int64_t		lease;				/* ns */
	int64_t		backoff_min, backoff_max;	/* ns */
	uint64_t	max_attempts;
	int		ordered, exclusive;		/* either: a single active consumer */
	char		dead_letter[MQS_NAME_MAX + 1];	/* the queue's setting; "": QUEUE.dead */
};

struct mqs_amqp_group {
	char		queue[MQS_NAME_MAX + 1], group[MQS_NAME_MAX + 1];
	char		name[MQS_AMQP_NAME_SIZE];	/* of its queue on the cluster */
	struct mqs_amqp_group_settings settings;
};

/*
 * Opens a group: when this has returned 0, basic.consume may be called on out->name.  With
 * `create', makes queue and group if they are not there; a temporary group (MQS_TEMP) is made
 * anyway.  MQS_ENOENT: one of them is not there.  MQS_ECONFIG: the group has other
 * bindings or settings than the options (may be NULL) ask for, or a queue of that name is no
 * group's.  MQS_EINTR.
 */
int	mqs_amqp_group_open(struct mqs_amqp_group *out, struct mqs_spool *, const char *queue,
	    const char *group, const struct mqs_consumer_options *, int create,
	    struct mqs_error *err);

#endif
