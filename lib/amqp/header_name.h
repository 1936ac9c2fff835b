/*
 * header_name.h - names of headers on RabbitMQ
 *
 * Some names mean something to the broker or to this engine.  A message's own header of such
 * a name travels as mq-h-NAME, and comes back as NAME:
 *
 *	CC, BCC			the broker would route by them, and close the channel if their
 *				values are strings
 *	x-...			a binding of the kind `all' would pass over them
 *	mq-id, mq-attempt, mq-not-before, mq-expires, mq-delay-..., mq-dead-..., mq-headers-dropped
 *				the engine's (properties.h)
 *	mq-h-..., mq-more-...	so that it comes back
 *	the empty name		(which only other clients make) becomes mq-h-
 *
 * So a name without mq-h- in front of it is either the engine's, the broker's, or a header
 * that needed no prefix.  A client that is not mq may send a header x-request-id under that
 * name; it is delivered as x-request-id.  Only the names that the broker itself adds
 * (x-death, x-delivery-count, ...) are not delivered.
 *
 * Of a name that comes more than once, all values but the first are in mq-more-NAME
 * (repeated_header.h).
 */
#ifndef MQS_AMQP_HEADER_NAME_H
#define MQS_AMQP_HEADER_NAME_H

#include <stddef.h>

#define MQS_AMQP_HEADER_PREFIX	"mq-h-"
#define MQS_AMQP_HEADER_NAME	255	/* bytes of a name on the wire, prefix included */

/* 1 if a message's header of that name travels with the prefix. */
int	mqs_amqp_header_prefixed(const char *name, size_t n);
/*
 * 1 if a binding must ask for the name with the prefix.  The same, except that a binding on
 * mq-dead-... means the headers of a dead letter, which have none.
 */
int	mqs_amqp_header_prefixed_in_binding(const char *name, size_t n);

/* Whose a name on the wire is. */
enum mqs_amqp_header_owner {
	MQS_AMQP_HEADER_MESSAGE,	/* the message's; delivered */
	MQS_AMQP_HEADER_MORE,		/* mq-more-NAME: more values of the message's; delivered */
	MQS_AMQP_HEADER_DEAD,		/* mq-dead-..., of a dead letter; delivered */
	MQS_AMQP_HEADER_ENGINE,		/* this engine's; not delivered */
	MQS_AMQP_HEADER_BROKER		/* the broker's; not delivered */
};
/* The same name without the prefixes, which moves *name and *n, if it has any. */
enum mqs_amqp_header_owner mqs_amqp_header_owner(const char **name, size_t *n);

#endif
