/*
 * content_type.h - what a body is, for other clients of RabbitMQ
 *
 *	application/json		the body is a JSON object or array
 *	text/plain; charset=utf-8	UTF-8 without control characters but \t, \n, \r
 *	application/octet-stream	anything else, an empty body, and a large one, which is
 *					not looked at
 *
 * Our own consumers do not go by it.
 */
#ifndef MQS_AMQP_CONTENT_TYPE_H
#define MQS_AMQP_CONTENT_TYPE_H

#include "mqspool.h"

/* A constant. */
const char *mqs_amqp_content_type(const struct mqs_message *);

#endif
