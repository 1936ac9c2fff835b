/*
 * properties_in.h - a message of the properties and headers that RabbitMQ delivers
 *
 * The reverse of properties.h, and of whatever other clients publish.  Nothing that a client
 * can send is refused:
 *
 *	routing key		key; bytes that are not UTF-8, and NUL, become '?'
 *	mq-id			id and time; without it (another client's message) the id is "",
 *				and the time is that of `timestamp', or 0
 *	message-id		message id, unless it is the id; bytes that may not be become '?'
 *	mq-attempt		attempt; without it, 1
 *	mq-expires		expiry.  Another client's `expiration' is the broker's business
 *	mq-not-before		not-before time
 *	priority		priority, at most 9
 *	reply-to		the header mq-reply-to, after all others
 *	headers			headers, as text (header_value.h); several of one name, of an
 *				array, or of mq-more-NAME (repeated_header.h); those of a death
 *				come last, its queue first.  Not delivered are the engine's, and the
 *				broker's (header_name.h)
 *	content-type, type, ...	the headers mq-content-type, mq-type, ... (property_headers.h), where
 *				there are none of that name; not a content-type that is a guess of
 *				ours
 *
 * One of the engine's headers whose value makes no sense counts as not there.  If the headers
 * exceed MQS_HEADERS_MAX, as text, the last ones are left out, and a header
 * mq-headers-dropped says how many.
 */
#ifndef MQS_AMQP_PROPERTIES_IN_H
#define MQS_AMQP_PROPERTIES_IN_H

#include <stdint.h>

#include "amqp/librabbitmq.h"
#include "base/bytes.h"
#include "mqspool.h"

#define MQS_AMQP_NO_OFFSET	(-1)

/* Zeroed before its first use; may be used again and again; freed in the end. */
struct mqs_amqp_incoming {
	/*
	 * All but the body, seq and lease is set.  It points into this structure, and is good
	 * until that is used again; not into the properties.
	 */
	struct mqs_message message;
	int64_t		 offset;	/* in the stream; MQS_AMQP_NO_OFFSET: not from a stream */
	int		 foreign;	/* 1: another client's message, without mq-id */
	int		 waited;	/* 1: it came through the delays */

	/* private: */
	char		 id[MQS_ID_SIZE];
	struct mqs_buf	 headers;
	char		 key[MQS_KEY_MAX], message_id[MQS_MSGID_MAX];
};

/* Reads a delivery: 0, or MQS_ESYSTEM (no memory). */
int	mqs_amqp_properties_read(struct mqs_amqp_incoming *, const amqp_basic_properties_t *,
	    amqp_bytes_t routing_key, struct mqs_error *err);
void	mqs_amqp_incoming_free(struct mqs_amqp_incoming *);

#endif
