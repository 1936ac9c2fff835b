/* consumer_settle.h - settling one delivery; see consumer.h.  With the lock held, unless it says otherwise. */
#ifndef MQS_AMQP_CONSUMER_SETTLE_H
#define MQS_AMQP_CONSUMER_SETTLE_H

#include "amqp/consumer.h"

/* A delivery that can be settled; NULL: there is none. */
struct mqs_amqp_held *mqs_amqp_consumer_find(struct mqs_consumer *, uint64_t seq,
	    uint64_t lease);
/* Gives the order that ends a delivery. */
int	mqs_amqp_consumer_finish(struct mqs_consumer *, struct mqs_amqp_held *,
	    enum mqs_amqp_order_kind, struct mqs_error *err);

/*
 * Carries out a settling; ticket: of a receipt's request, or NULL.  MQS_NOTHING: there is no such
 * delivery.  *copying: a copy was begun, which answers the request when it is there.  Without the
 * lock; may wait.
 */
int	mqs_amqp_consumer_carry_out(struct mqs_consumer *, const struct mqs_settlement *,
	    const uint64_t *ticket, int *copying, struct mqs_error *);

#endif
