/*
 * publisher_confirms.h - which publications the broker has confirmed
 *
 * The broker counts the publications of a channel from 1, and confirms them by that tag, one or
 * all up to one, in any order.  This module knows which message of the batch each tag was.  It
 * holds MQS_AMQP_WINDOW tags from the lowest one that is not confirmed: more are not sent until
 * that one is.  Tags that it does not know (of an older batch, or confirmed already) count for
 * nothing.
 *
 * No more are on their way than were confirmed on this channel, and one.  So a channel that was
 * opened while the cluster looks for a leader does not begin with thousands of which the first are
 * lost and the last are not, which would put them out of their order.
 */
#ifndef MQS_AMQP_PUBLISHER_CONFIRMS_H
#define MQS_AMQP_PUBLISHER_CONFIRMS_H

#include <stddef.h>
#include <stdint.h>

#define MQS_AMQP_WINDOW	8192	/* a power of 2 */

struct mqs_amqp_confirms {
	uint64_t	low;	/* the lowest tag that is not confirmed */
	uint64_t	next;	/* the tag of the next publication */
	uint32_t	messages[MQS_AMQP_WINDOW];	/* of a tag: index + 1; 0: confirmed, or unknown */
};

/* A new channel: the next tag is 1. */
void	mqs_amqp_confirms_reset(struct mqs_amqp_confirms *);
/* Forgets what was published; the next tag stays what it is. */
void	mqs_amqp_confirms_forget(struct mqs_amqp_confirms *);
/* 1 if nothing may be sent. */
int	mqs_amqp_confirms_full(const struct mqs_amqp_confirms *);
/* A message was published; not when full. */
void	mqs_amqp_confirms_sent(struct mqs_amqp_confirms *, uint32_t message);
/*
 * Takes a tag, or all up to it: calls fn with each message that it newly confirms, in the order
 * of tags.
 */
typedef void	mqs_amqp_confirmed_fn(void *arg, uint32_t message);
void	mqs_amqp_confirms_take(struct mqs_amqp_confirms *, uint64_t tag, int multiple,
	    mqs_amqp_confirmed_fn *, void *arg);

#endif
