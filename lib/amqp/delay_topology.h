/*
 * delay_topology.h - the exchanges and queues of the delays: made once per vhost, in two parts
 *
 * delay.h says how a message passes the levels.  Here is what they are made of, in the order
 * in which it is declared:
 *
 *	mq.delay.lost	a fanout exchange and the quorum queue of the same name.  What nothing
 *			takes at mq.delay.out goes there: its queue or group was deleted while it
 *			waited.  The queue keeps the last 1,000 of them (64 MiB), to look at.
 *	mq.delay.none	a quorum queue that keeps nothing (x-max-length 0), see below
 *	mq.delay.out	a headers exchange; what it can't route goes to mq.delay.lost
 *	mq.delay.0 ...	exchange, queue and two bindings of each level, from 0 to 11
 *	mq.delay	an exchange that says that all of these are whole.  Nothing is published to it.
 *
 * and, when a message first has to wait for 4,096 s or more (a publisher counts a minute more, since
 * the message may leave it later), all of these again, then
 *
 *	mq.delay.12 ...	the same of the levels from 12 to 27
 *	mq.delay.long	says that those are whole, too
 *
 * All is durable.  Declaring what is there changes nothing, so several processes may do it at
 * once, and after a kill the next one does it again: without its mark it was not finished.
 * With it, one passive declaration is all that is asked.  If somebody deleted a part by hand
 * afterwards, a message to it is returned, or the channel is closed with 404: then
 * mqs_amqp_delays_make repairs it.
 *
 * WHY NOTHING MAY BE UNROUTABLE  A level keeps a message until the next exchange has routed it
 * somewhere.  One that can't be routed is tried again for ever, and after 32 of them the level
 * moves nothing any more, for anybody in the vhost (3.10.8).  Hence mq.delay.lost.  For the
 * same reason a queue that has no stream, to whose exchange perhaps no group is bound, gets its
 * delayed messages through two bindings: to its exchange, and to mq.delay.none.
 *
 * TARGETS  Bindings at mq.delay.out are made where they are first needed: for a queue, before a
 * delayed message is published to it; for a group, before its first retry or redrive.  They go
 * by themselves with the exchange or queue to which they lead; that to mq.delay.none stays.
 *
 * PERMISSIONS  configure, write and read on mq\.delay.* for whoever makes them; then write on
 * them for publishers of delayed messages and consumers that retry; and to add the binding of
 * a target, write on that and read on mq.delay.out.
 *
 * UNDOING IT BY HAND  Delete the queues and exchanges whose names begin with mq.delay; messages
 * that wait are lost.
 *
 * The functions here call the library: they are jobs (connection.h), or parts of jobs.
 */
#ifndef MQS_AMQP_DELAY_TOPOLOGY_H
#define MQS_AMQP_DELAY_TOPOLOGY_H

#include "amqp/connection.h"

/*
 * Sees to it that messages can be delayed for a queue, or retried for a group: makes the levels
 * (mqs_amqp_delay_levels) if their mark is not there, and binds the target, which must exist.
 * MQS_EPERM: the user may not; MQS_ECONFIG: a part exists with other arguments, or the broker is
 * older than 3.10.
 */
int	mqs_amqp_delays_for_queue(const struct mqs_amqp_link *, const char *queue, int stream,
	    int levels, struct mqs_error *err);
int	mqs_amqp_delays_for_group(const struct mqs_amqp_link *, const char *queue,
	    const char *group, int levels, struct mqs_error *err);

/* Declares so many levels, whatever is there. */
int	mqs_amqp_delays_make(const struct mqs_amqp_link *, int levels, struct mqs_error *err);
/* The exchange whose deletion has the levels made anew among which an exchange is; a constant. */
const char *mqs_amqp_delays_mark(amqp_bytes_t exchange);

#endif
