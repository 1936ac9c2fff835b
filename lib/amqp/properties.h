/*
 * properties.h - a message as properties and headers of AMQP 0-9-1, to be published
 *
 * What becomes of a message:
 *
 *	key			routing key
 *	body			body
 *	(always)		delivery-mode 2, persistent
 *	(always)		content-type, guessed from the body (content_type.h)
 *	id			header mq-id (message_id.h); timestamp, its seconds
 *	message id		message-id; without one, message-id is the id
 *	expiry			header mq-expires, RFC 3339 with nanoseconds; and expiration, the
 *				milliseconds that are left, rounded up, unless the message waits
 *				first or has more than MQS_AMQP_EXPIRATION_MAX left
 *	not-before time		header mq-not-before, RFC 3339; if it has not come, the message
 *				goes to a level of delays, with the headers of delay.h
 *	priority		priority, if it is not 0
 *	header mq-reply-to	reply-to, if it comes once and has at most 255 bytes
 *	header mq-content-type, mq-type, ...
 *				the property, besides the header (property_headers.h)
 *	headers			headers, as strings; header_name.h says which names get a prefix,
 *				repeated_header.h what becomes of a name that comes more than once
 *
 * mq-expires is there beside expiration because a stream knows no expiry, and because the
 * broker hands out the expiration as it was sent, not what is left of it.
 *
 * Other headers of the engine, on copies of a message (properties_copy.h):
 *
 *	mq-attempt		an integer: which attempt the next delivery is; without it, 1
 *	mq-dead-...		of a dead letter (engine/dead_letter.h)
 *	mq-headers-dropped	how many headers, the last ones, there was no room for
 *
 * A message whose properties and headers have no room in a frame (properties_table.h) is
 * refused.
 */
#ifndef MQS_AMQP_PROPERTIES_H
#define MQS_AMQP_PROPERTIES_H

#include <stdint.h>

#include "amqp/properties_table.h"
#include "mqspool.h"

/* A broker may close the channel for more, 49.7 days. */
#define MQS_AMQP_EXPIRATION_MAX	INT64_C(4294967295)	/* ms */

/* The broker puts an address that leads to the channel in its place (call.h). */
#define MQS_AMQP_DIRECT_REPLY	"amq.rabbitmq.reply-to"

struct mqs_amqp_publish {
	const char	*queue;
	const char	*id;		/* as mqs_amqp_ids_next made it */
	int64_t		 now;
	uint32_t	 frame_max;	/* as agreed with the broker; 0: MQS_AMQP_FRAME_MAX */
	/*
	 * 1: this channel consumes from amq.rabbitmq.reply-to, so a message may name it in
	 * mq-reply-to.  Else that header stays a header: the broker would close the channel.
	 */
	int		 direct_reply;
};

/*
 * Makes the properties of a message that mqs_message_check has passed.  MQS_EDATA: a name of a
 * header is too long, the headers are too large, or the delay is too long.
 */
int	mqs_amqp_properties_write(struct mqs_amqp_properties *, const struct mqs_message *,
	    const struct mqs_amqp_publish *, struct mqs_error *err);

#endif
