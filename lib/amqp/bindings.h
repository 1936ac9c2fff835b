/*
 * bindings.h - the bindings of a group as bindings on the broker
 *
 *	no binding at all	QUEUE, "#"
 *	pattern			QUEUE, that pattern: mq's are those of topic exchanges
 *	key			QUEUE, the key, if none of its words is "*" or "#"
 *	all headers		QUEUE.headers, x-match=all-with-x
 *	any header		QUEUE.headers, x-match=any-with-x
 *
 * `all' would pass over names that begin with x-, and match every message if there are no
 * others.  Names are those on the wire (header_name.h), values are strings.
 *
 * What the broker can't do is MQS_ENOTSUP: a key with a word "*" or "#", and a binding that
 * names a header twice.  Of a header that a message has twice, the first is compared
 * (repeated_header.h): mqs_bindings_match_first does the same.
 *
 * A pattern and a key of the same text are one binding on the broker.  So it is unbound only
 * when neither is left.
 *
 * The functions here call the library: they are parts of jobs.  Each may be repeated.
 */
#ifndef MQS_AMQP_BINDINGS_H
#define MQS_AMQP_BINDINGS_H

#include "amqp/connection.h"
#include "message/bindings.h"

/* MQS_OK if the broker can do all of them; calls nothing. */
int	mqs_amqp_bindings_check(const struct mqs_bindings *, struct mqs_error *err);
/* Binds the group's queue, `name', by all of them. */
int	mqs_amqp_bindings_bind(const struct mqs_amqp_link *, const char *name, const char *queue,
	    const struct mqs_bindings *, struct mqs_error *err);
/* Takes away those of `was' that are not in `now'. */
int	mqs_amqp_bindings_unbind(const struct mqs_amqp_link *, const char *name,
	    const char *queue, const struct mqs_bindings *was, const struct mqs_bindings *now,
	    struct mqs_error *err);

#endif
