/*
 * stall.h - a connection on which publishing stands still, though it is not lost
 *
 * A channel that was opened while a node was dead and not yet given up by the others sends what
 * it is given to the leader that the cluster remembers, which is the dead one.  RabbitMQ 3.10.8
 * does not send it anew when it has learnt of the next leader: what was published there is never
 * confirmed, and never refused.  (The dead node was stopped, with two others living: for as long as
 * it was watched, 3 minutes beyond Erlang's net_ticktime.)  One that was opened a moment after a
 * node was killed can refuse all that is published there, for longer than a minute, while other
 * channels of the same node confirm it.  Heartbeats go on meanwhile.
 *
 * So whoever waits for confirms looks at the stall.  Where the broker has taken nothing and
 * confirmed nothing for two heartbeats, the connection is broken, and goes to the
 * next host, where what is not confirmed is sent again.  It may be there twice then, as after
 * each loss.  A broker that is only slow must not be sent the same again and again: each time it
 * is waited for twice as long, up to a minute, until something is confirmed.
 */
#ifndef MQS_AMQP_STALL_H
#define MQS_AMQP_STALL_H

#include "amqp/connection.h"

struct mqs_amqp_stall {
	uint64_t	progress;	/* as it was last seen */
	int64_t		taken;		/* of what was written, as it was last seen */
	int64_t		since;		/* when it was waited for first, by mqs_boottime; 0: it is not */
	int64_t		patience;	/* 0: as at first */
};

/*
 * Looks: waiting is 0 while there is nothing to wait for, progress a number that changes with each
 * confirm.  Breaks the connection where it stands still, and leaves a notice.  Returns when to look
 * again, by mqs_boottime; 0: when something changes.  Without the lock.
 */
int64_t	mqs_amqp_stall_look(struct mqs_amqp_stall *, struct mqs_amqp_connection *,
	    struct mqs_amqp_channel *, const char *object, int waiting, uint64_t progress);

#endif
