/*
 * repeated_header.h - headers that a message has more than once
 *
 * A table of AMQP has each name once.  An array as its value would be the obvious way, but a
 * stream does not keep it (stream_read.h).  So of a name that comes more than once
 *
 *	NAME		is the first value, a string, as if it came once
 *	mq-more-NAME	are the others, a JSON array of strings
 *
 * in any order (a stream turns it round), where NAME is the name on the wire (header_name.h).  Clients that know nothing of mq see
 * the first value under the name.
 */
#ifndef MQS_AMQP_REPEATED_HEADER_H
#define MQS_AMQP_REPEATED_HEADER_H

#include <stddef.h>

#include "amqp/librabbitmq.h"
#include "base/bytes.h"
#include "message/header_list.h"

#define MQS_AMQP_MORE_PREFIX	"mq-more-"

/* How many bytes the values of h and those that follow it may have as JSON, at most. */
size_t	mqs_amqp_more_room(const struct mqs_header *h);
/* Appends them: 0, or -1 with errno (ENOMEM), which can't be if there is room. */
int	mqs_amqp_more_write(struct mqs_buf *, const struct mqs_header *h);

/*
 * Calls fn with each of the values in a header mq-more-NAME.  What is no JSON array has none;
 * elements that are no strings are passed over.  0, or -1 with errno (ENOMEM), or what fn
 * returned if that was not 0.
 */
typedef int	mqs_amqp_more_fn(void *arg, const char *value, size_t n);
int	mqs_amqp_more_read(const amqp_field_value_t *, mqs_amqp_more_fn *fn, void *arg);

#endif
