/*
 * consumer_delivery.h - one message that the broker has delivered, in memory
 *
 * It is what is needed to hand the message out, and to make a copy of it (a retry, a dead
 * letter): routing key, properties as they came, and body.  A body of more than MQS_INLINE_MAX
 * bytes is an unlinked temporary file.  Those of ordered groups may be in a file altogether
 * (consumer_spill.h); then they have to be loaded before their parts are used.
 */
#ifndef MQS_AMQP_CONSUMER_DELIVERY_H
#define MQS_AMQP_CONSUMER_DELIVERY_H

#include <sys/queue.h>

#include "amqp/connection.h"

enum mqs_amqp_delivery_state {
	MQS_AMQP_UNREAD,	/* consumer_next has not given it */
	MQS_AMQP_READ,		/* consumer_next has given it */
	MQS_AMQP_COPYING,	/* it is settled as soon as a copy of it is confirmed */
	MQS_AMQP_PARKED,	/* of an ordered group: its key is busy */
	MQS_AMQP_RETRYING,	/* of an ordered group: it is tried again when it is due */
	MQS_AMQP_STATES
};

TAILQ_HEAD(mqs_amqp_held_list, mqs_amqp_held);

struct mqs_amqp_held {
	uint64_t	 tag;		/* the broker's, which counts up on its channel */
	uint64_t	 generation;	/* of the channel */
	unsigned	 consumer;	/* which basic.consume it came by */
	uint64_t	 number;	/* in the order in which they were read, from 1; 0: unread */
	unsigned	 attempt;	/* known once it was read */
	int		 gone;		/* while it is copied: it was lost */
	enum mqs_amqp_delivery_state state;
	TAILQ_ENTRY(mqs_amqp_held) entry;	/* among those of its state; PARKED: of its key */
	/* Of an ordered group (consumer_keys.h): */
	uint64_t	 key;		/* its hash; 0: it has none */
	struct mqs_amqp_held *next_busy;	/* in the table of busy keys */
	struct mqs_amqp_held_list parked;	/* while its key is busy with it: those behind it */
	unsigned	 retries;	/* here, which its properties do not count */
	unsigned	 handed_out;	/* how often it was before */
	int64_t		 due;		/* RETRYING: when, by mqs_boottime */
	struct mqs_amqp_spill *spill;	/* the file where it is, too; NULL: it is in memory alone */
	uint64_t	 offset;	/* there */

	int		 body_fd;	/* -1: the body is in bytes */
	uint64_t	 body_len;
	size_t		 key_len, properties_len;
	char		*bytes;		/* key, properties, body; behind this, unless it was in spill */
};

/* Takes a delivery, and its file; NULL: no memory. */
struct mqs_amqp_held *mqs_amqp_held_new(struct mqs_amqp_delivery *);
void	mqs_amqp_held_free(struct mqs_amqp_held *);

/* The number that, with its tag, names a delivery each time that it is handed out. */
uint64_t mqs_amqp_held_lease(const struct mqs_amqp_held *);
/* The generation of a lease. */
uint64_t mqs_amqp_lease_generation(uint64_t lease);

/* Its parts; all of them borrowed from it. */
amqp_bytes_t mqs_amqp_held_key(const struct mqs_amqp_held *);
amqp_bytes_t mqs_amqp_held_properties(const struct mqs_amqp_held *);
const void *mqs_amqp_held_body(const struct mqs_amqp_held *);
/* What it takes in memory while it waits. */
size_t	mqs_amqp_held_size(const struct mqs_amqp_held *);

#endif
