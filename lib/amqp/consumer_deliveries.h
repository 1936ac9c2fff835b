/*
 * consumer_deliveries.h - the deliveries that a consumer has, by their tags
 *
 * The broker counts the deliveries of a channel, so they are added in the order of their tags
 * and found by bisection.  A place that became empty goes when half of all are empty.
 */
#ifndef MQS_AMQP_CONSUMER_DELIVERIES_H
#define MQS_AMQP_CONSUMER_DELIVERIES_H

#include <stddef.h>

#include "amqp/consumer_delivery.h"

struct mqs_amqp_place {
	uint64_t		 tag;
	struct mqs_amqp_held	*held;		/* NULL: it is gone */
};

struct mqs_amqp_deliveries {
	struct mqs_amqp_place	*places;
	size_t			 first, n, cap;	/* places from first to n - 1 */
	size_t			 live;		/* of these: not gone */
};

/* Adds a delivery, whose tag is higher than all before: 0, or -1 (no memory). */
int	mqs_amqp_deliveries_add(struct mqs_amqp_deliveries *, struct mqs_amqp_held *);
/* The delivery with that tag; NULL: there is none. */
struct mqs_amqp_held *mqs_amqp_deliveries_find(const struct mqs_amqp_deliveries *, uint64_t tag);
/* The first delivery with that tag or a higher one; NULL: there is none. */
struct mqs_amqp_held *mqs_amqp_deliveries_from(const struct mqs_amqp_deliveries *, uint64_t tag);
/* Takes out a delivery that is in it. */
void	mqs_amqp_deliveries_remove(struct mqs_amqp_deliveries *, const struct mqs_amqp_held *);
/* Frees the memory of an empty one. */
void	mqs_amqp_deliveries_free(struct mqs_amqp_deliveries *);

#endif
