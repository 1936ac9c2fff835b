/* property_headers.c - see property_headers.h */
#include "amqp/property_headers.h"

const struct mqs_amqp_property mqs_amqp_property_headers[MQS_AMQP_PROPERTY_HEADERS] = {
	{ "mq-content-type", AMQP_BASIC_CONTENT_TYPE_FLAG, 0 },
	{ "mq-content-encoding", AMQP_BASIC_CONTENT_ENCODING_FLAG, 0 },
	{ "mq-correlation-id", AMQP_BASIC_CORRELATION_ID_FLAG, 0 },
	{ "mq-type", AMQP_BASIC_TYPE_FLAG, 0 },
	{ "mq-app-id", AMQP_BASIC_APP_ID_FLAG, 0 },
	{ "mq-user-id", AMQP_BASIC_USER_ID_FLAG, 1 }
};

amqp_bytes_t *
mqs_amqp_property_value(amqp_basic_properties_t *p, const struct mqs_amqp_property *which)
{
	switch (which->flag) {
	case AMQP_BASIC_CONTENT_TYPE_FLAG:
		return &p->content_type;
	case AMQP_BASIC_CONTENT_ENCODING_FLAG:
		return &p->content_encoding;
	case AMQP_BASIC_CORRELATION_ID_FLAG:
		return &p->correlation_id;
	case AMQP_BASIC_TYPE_FLAG:
		return &p->type;
	case AMQP_BASIC_APP_ID_FLAG:
		return &p->app_id;
	default:
		return &p->user_id;
	}
}
