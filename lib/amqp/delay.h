/*
 * delay.h - how a message waits on RabbitMQ: which of the 28 levels it passes
 *
 * A delay is a whole number of seconds, below 2^28 (8.5 years), in binary.  Each of its bits
 * is a level.  For each level N a vhost has (those from 12 on only where some message had to wait for
 * more than an hour: a quorum queue costs the broker memory and processes)
 *
 *	the exchange mq.delay.N		by headers; durable, internal is not set
 *	the queue mq.delay.N		a quorum queue, in which a message waits for 2^N s;
 *					then it goes on to the exchange of level N-1
 *	two bindings of the exchange	mq-delay-N=1: to the queue mq.delay.N
 *					mq-delay-N=0: to the exchange of level N-1
 *
 * The exchange "of level -1" is mq.delay.out.  Each queue with groups has a binding there:
 *
 *	mq-delay-to=QUEUE		to the exchange QUEUE: a delayed message is published
 *	mq-delay-to=QUEUE/GROUP		to the queue QUEUE/GROUP: a retry, for this group alone
 *
 * A message is published to the exchange of the highest bit that its delay has, with a header
 * mq-delay-N for that level and each below it, and mq-delay-to.  A delay of 0 is published to
 * mq.delay.out.  For example 5 s (101 in binary) to the group orders/mail: exchange
 * mq.delay.2; mq-delay-2=1, mq-delay-1=0, mq-delay-0=1, mq-delay-to=orders/mail.  It waits 4 s
 * and then 1 s.  All values are strings: a headers exchange compares types, too.
 *
 * Invariants
 * - The routing key and all other headers stay as they are.
 * - The message has no `expiration' of its own: that would end its life inside a level.
 * - A level dead-letters at least once: a message leaves it when the next one has confirmed
 *   it.  A node that dies in between can double a message, but never lose it.
 *   What a queue refuses, as it does while it has no leader, the level sends again after the broker's
 *   dead_letter_worker_publisher_confirm_timeout (3 minutes), and moves no more than 32 messages ahead
 *   of that.  If a node dies that led both a level and the queue that is next, the level's new leader
 *   can take the dead node for the next queue's leader, and 3.10.8 asks that one until it is back.  So
 *   after the death of a node a level can stand still.
 * - All messages of a level's queue wait equally long, so none waits behind another.
 * - Where nothing takes a message at mq.delay.out (its group was deleted while it waited), the
 *   alternate exchange does (delay_topology.h).  Otherwise the level would keep it, try it
 *   again for ever, and after a few such messages stand still.
 *
 * Publish to a level with `mandatory' set: without it, the broker confirms what it could not
 * route, for instance because somebody deleted a level by hand.
 *
 * At the end the message has further headers: mq-delay-..., and x-death and others from the
 * broker.  Who reads it takes no notice of them; a retry takes them off (properties.h).
 */
#ifndef MQS_AMQP_DELAY_H
#define MQS_AMQP_DELAY_H

#include <stdint.h>

#include "amqp/librabbitmq.h"
#include "mqspool.h"

#define MQS_AMQP_DELAY_LEVELS	28
#define MQS_AMQP_DELAY_MAX	((UINT32_C(1) << MQS_AMQP_DELAY_LEVELS) - 1)	/* s */
#define MQS_AMQP_DELAY_SHORT	12			/* levels for up to 4,095 s */
#define MQS_AMQP_DELAY_OUT	"mq.delay.out"
#define MQS_AMQP_DELAY_TO	"mq-delay-to"
#define MQS_AMQP_DELAY_NAME	16			/* room for mq.delay.N or mq-delay-N */
#define MQS_AMQP_DELAY_HEADERS	MQS_AMQP_DELAY_LEVELS	/* of the levels, without mq-delay-to */
#define MQS_AMQP_DELAY_TO_SIZE	(2 * MQS_NAME_MAX + 2)	/* room for QUEUE/GROUP */

/*
 * How many seconds a message waits so that it is not delivered before not_before: rounded up;
 * 0 if that has come.  MQS_EDATA: more than MQS_AMQP_DELAY_MAX.
 */
int	mqs_amqp_delay_until(int64_t not_before, int64_t now, uint32_t *seconds,
	    struct mqs_error *err);
/*
 * How many seconds a retry waits: the delay rounded to the nearest second, at least 1, at most
 * MQS_AMQP_DELAY_MAX; 0 only for a delay of 0.
 */
uint32_t mqs_amqp_delay_of_retry(int64_t delay);

/* How many levels must be there for delays of up to so many seconds: the short ones, or all. */
int	mqs_amqp_delay_levels(uint32_t seconds);
/* The exchange to which a message with that delay is published; a constant. */
const char *mqs_amqp_delay_exchange(uint32_t seconds);
/* The exchange or queue of a level; a constant.  Of level -1: mq.delay.out. */
const char *mqs_amqp_delay_level(int level);
/*
 * Writes the headers mq-delay-N for a delay, constants all; returns how many.  mq-delay-to is
 * not among them.
 */
size_t	mqs_amqp_delay_headers(uint32_t seconds,
	    amqp_table_entry_t entries[MQS_AMQP_DELAY_HEADERS]);

/* Arguments for declaring and binding: an entry each, constants all; return how many. */
#define MQS_AMQP_DELAY_ARGUMENTS	8
/* Of the queue of a level. */
size_t	mqs_amqp_delay_queue_arguments(int level,
	    amqp_table_entry_t entries[MQS_AMQP_DELAY_ARGUMENTS]);
/* Of the binding from a level's exchange to its queue (waits is 1), or to the next exchange. */
size_t	mqs_amqp_delay_binding_arguments(int level, int waits,
	    amqp_table_entry_t entries[MQS_AMQP_DELAY_ARGUMENTS]);
/* Of the binding from mq.delay.out to a target, "QUEUE" or "QUEUE/GROUP", which is borrowed. */
size_t	mqs_amqp_delay_target_arguments(const char *target,
	    amqp_table_entry_t entries[MQS_AMQP_DELAY_ARGUMENTS]);

#endif
