/* stream_sign.c - see stream_sign.h */
#include <bsd/stdlib.h>

#include <stdio.h>
#include <string.h>

#include "amqp/publish_confirmed.h"
#include "amqp/stream_sign.h"
#include "amqp/table.h"

#define TYPE	"mq-sign"
#define END	"/end"

void
mqs_amqp_sign_make(char sign[MQS_AMQP_SIGN_SIZE])
{
	(void)snprintf(sign, MQS_AMQP_SIGN_SIZE, "%08x%08x", arc4random(), arc4random());
}

int
mqs_amqp_sign_publish(struct mqs_amqp_connection *c, const char *stream, const char *sign,
    struct mqs_error *err)
{
	return mqs_amqp_publish_typed(c, stream, TYPE, sign, strlen(sign), err);
}

int
mqs_amqp_is_sign(const struct mqs_amqp_kept *k)
{
	const size_t end = sizeof(END) - 1;
	const char *p = k->exchange.bytes;
	size_t n = k->exchange.len;

	if (n == 0)
		return (k->properties._flags & AMQP_BASIC_TYPE_FLAG) != 0 &&
		    mqs_amqp_bytes_are(k->properties.type, TYPE);
	/* No queue's name has a slash. */
	return n > end && memcmp(p + n - end, END, end) == 0 && memchr(p, '/', n - end) != NULL;
}

int
mqs_amqp_is_sign_of(const struct mqs_amqp_kept *k, const char *sign)
{
	return k->body != NULL &&
	    mqs_amqp_bytes_are(mqs_amqp_bytes(k->body, (size_t)k->body_len), sign);
}
