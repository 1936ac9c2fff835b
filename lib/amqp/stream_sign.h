/*
 * stream_sign.h - signs in a stream: up to here was everything confirmed before the sign
 *
 * A stream has no message that says "this is the end" (stream_read.h).  Who must see all that
 * was confirmed before, whatever node he reads from, publishes a sign into the stream, and when it
 * is confirmed, reads up to it.  Signs stay in the stream until retention removes them, about
 * 100 bytes each.  They are nobody's messages: every reader passes over all of them.
 *
 * A sign is known by the exchange it came through:
 *	QUEUE/GROUP/end			of a fill or a rewind (group_fill.h)
 *	the default exchange		of a replay; and it has the type "mq-sign"
 * Its body is a random text, which tells one's own sign from others'.
 */
#ifndef MQS_AMQP_STREAM_SIGN_H
#define MQS_AMQP_STREAM_SIGN_H

#include "amqp/kept_message.h"

#define MQS_AMQP_SIGN_SIZE	24	/* of its text, with NUL */

/* Makes the text of a new sign. */
void	mqs_amqp_sign_make(char sign[MQS_AMQP_SIGN_SIZE]);
/*
 * Publishes a sign to a stream, through the default exchange, and waits until it is confirmed.
 * MQS_EPERM: the user may not publish to that exchange.
 */
int	mqs_amqp_sign_publish(struct mqs_amqp_connection *, const char *stream,
	    const char *sign, struct mqs_error *err);

/* 1 if a message of a stream is a sign. */
int	mqs_amqp_is_sign(const struct mqs_amqp_kept *);
/* 1 if a sign is that one. */
int	mqs_amqp_is_sign_of(const struct mqs_amqp_kept *, const char *sign);

#endif
