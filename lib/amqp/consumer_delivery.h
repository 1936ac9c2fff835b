/*
 * consumer_delivery.h - one message that the broker has delivered, in memory
 *
 * It is what is needed to hand the message out, and to make a copy of it (a retry, a dead
 * letter): routing key, properties as they came, and body.  A body of more than MQS_INLINE_MAX
 * bytes is an unlinked temporary file.
 */
#ifndef MQS_AMQP_CONSUMER_DELIVERY_H
#define MQS_AMQP_CONSUMER_DELIVERY_H

#include "amqp/connection.h"

enum mqs_amqp_delivery_state {
	MQS_AMQP_UNREAD,	/* consumer_next has not given it */
	MQS_AMQP_READ,		/* consumer_next has given it */
	MQS_AMQP_COPYING	/* it is settled as soon as a copy of it is confirmed */
};

struct mqs_amqp_held {
	uint64_t	 tag;		/* the broker's, which counts up on its channel */
	uint64_t	 generation;	/* of the channel */
	unsigned	 consumer;	/* which basic.consume it came by */
	uint64_t	 number;	/* in the order in which they were read, from 1; 0: unread */
	int64_t		 until;		/* when its lease ends, by mqs_boottime; 0: with the consumer */
	unsigned	 attempt;	/* known once it was read */
	int		 gone;		/* while it is copied: it was lost */
	enum mqs_amqp_delivery_state state;
	int		 body_fd;	/* -1: the body is in bytes */
	uint64_t	 body_len;
	size_t		 key_len, properties_len;
	char		 bytes[];	/* key, properties, body */
};

/* Takes a delivery, and its file; NULL: no memory. */
struct mqs_amqp_held *mqs_amqp_held_new(struct mqs_amqp_delivery *);
void	mqs_amqp_held_free(struct mqs_amqp_held *);

/* Its parts; all of them borrowed from it. */
amqp_bytes_t mqs_amqp_held_key(const struct mqs_amqp_held *);
amqp_bytes_t mqs_amqp_held_properties(const struct mqs_amqp_held *);
const void *mqs_amqp_held_body(const struct mqs_amqp_held *);
/* What it takes in memory. */
size_t	mqs_amqp_held_size(const struct mqs_amqp_held *);

#endif
