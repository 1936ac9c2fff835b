/*
 * stat.h - numbers about queues and groups, as far as the broker tells them
 *
 * From passive declarations, which anybody may make, and which are of this moment: what is there,
 * what is ready in a group, its consumers.  From the management API (broker_stats.h), which needs
 * a tag of the user, and is some seconds old: the rest.  Where that can't be had, one notice says
 * so, and what it would have told is unknown.
 *
 *	queue	messages	of the stream, with the signs of fills (group_fill.h)
 *		in_messages	published to the exchange since the nodes started, without what was
 *				delayed or routed there from elsewhere
 *		max_...		of the queue's record
 *		oldest		"none", or unknown
 *	group	ready, consumers	of this moment
 *		leased		unacknowledged, also what is only prefetched; some seconds old, but never so
 *				many that a message which came back would count twice
 *		depth		ready and leased; without the API only ready
 *		delayed		0 if nothing waits in the delays of the vhost; else unknown
 *		delivered, acked	since the nodes started; retries and dead letters are acked, too
 *		oldest		"none", or unknown
 *
 * Calls that want only a queue (no function for groups) look whether it is there, and do not ask
 * the API.
 */
#ifndef MQS_AMQP_STAT_H
#define MQS_AMQP_STAT_H

#include "amqp/spool.h"

int	mqs_amqp_stat(struct mqs_spool *, const char *queue, const char *group,
	    mqs_queue_stat_fn *, mqs_group_stat_fn *, void *arg, struct mqs_error *err);

#endif
