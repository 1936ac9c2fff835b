/*
 * reader_latest.h - finding the newest message of each key
 *
 * A table of hashes of keys, of 128 bits, which are taken for the keys: the message of a key
 * can't be looked at again to compare.  Two keys among a billion have the same hash with a
 * probability of 1 in 10^20.  A slot takes 32 bytes, and between three eighths and three
 * quarters of the slots are used: that is 43 to 85 bytes a key, and half as much again while
 * the table grows.  In the end it is made into a list of offsets, 8 bytes each.
 */
#ifndef MQS_AMQP_READER_LATEST_H
#define MQS_AMQP_READER_LATEST_H

#include <stddef.h>
#include <stdint.h>

#include "mqspool.h"

struct mqs_amqp_latest_slot {
	uint64_t	low, high;	/* the hash of a key */
	int64_t		offset;		/* of its newest message */
	unsigned char	used, empty;	/* the slot is used; the body of that message is empty */
};

/* { 0 } has no key. */
struct mqs_amqp_latest {
	struct mqs_amqp_latest_slot	*slots;
	size_t				 n, cap;	/* keys, and slots */
	int64_t				*offsets;	/* after mqs_amqp_latest_list */
	size_t				 noffsets;
};

/* Takes a message that is newer than all before it. */
int	mqs_amqp_latest_add(struct mqs_amqp_latest *, const struct mqs_message *, int64_t offset,
	    struct mqs_error *err);
/* Ends the search: makes the list of offsets, ascending, without those whose body is empty. */
int	mqs_amqp_latest_list(struct mqs_amqp_latest *, struct mqs_error *err);
void	mqs_amqp_latest_free(struct mqs_amqp_latest *);

#endif
