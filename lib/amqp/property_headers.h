/*
 * property_headers.h - properties of AMQP that a message has as headers
 *
 *	mq-content-type  mq-content-encoding  mq-correlation-id  mq-type  mq-app-id  mq-user-id
 *
 * A message with one of these headers is published with the property, too, if the header comes
 * once and its value has at most 255 bytes.  It keeps the header, so that bindings can ask for
 * it.  A message that has the property only, from another client, is delivered with the header.
 *
 * mq-user-id is for reading: the broker sees to it that nobody publishes with the user-id of
 * somebody else.
 */
#ifndef MQS_AMQP_PROPERTY_HEADERS_H
#define MQS_AMQP_PROPERTY_HEADERS_H

#include "amqp/librabbitmq.h"

#define MQS_AMQP_PROPERTY_HEADERS	6
#define MQS_AMQP_SHORT_TEXT		255	/* bytes of a property's value */

struct mqs_amqp_property {
	const char	*header;
	amqp_flags_t	 flag;
	int		 read_only;
};

extern const struct mqs_amqp_property mqs_amqp_property_headers[MQS_AMQP_PROPERTY_HEADERS];

/* Where the value of the property is. */
amqp_bytes_t *mqs_amqp_property_value(amqp_basic_properties_t *, const struct mqs_amqp_property *);

#endif
