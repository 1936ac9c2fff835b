/*
 * consumer_orders.c - see consumer.h: what the broker is told, and deliveries: one is found, or gone
 */
#include <stdlib.h>

#include "amqp/consumer_copies.h"
#include "amqp/consumer_keys.h"
#include "amqp/consumer_settle.h"
#include "base/error.h"

int
mqs_amqp_consumer_order(struct mqs_consumer *c, enum mqs_amqp_order_kind kind, uint64_t tag,
    struct mqs_error *err)
{
	struct mqs_amqp_orders *o = &c->orders;
	size_t cap = o->cap == 0 ? 64 : 2 * o->cap;
	struct mqs_amqp_order *more;

	if (o->n == o->cap) {
		if ((more = reallocarray(o->list, cap, sizeof(*more))) == NULL)
			return mqs_fail_errno(err, "%s", c->group.name);
		o->list = more;
		o->cap = cap;
	}
	o->list[o->n++] = (struct mqs_amqp_order){ .kind = kind, .consumer = c->consumer,
	    .tag = tag };
	c->ordered++;
	return MQS_OK;
}

/* Of what is delivered, nothing was to consumers that were cancelled, or all of that is settled. */
static int
has_no_old(const struct mqs_consumer *c)
{
	return !c->passes && c->deliveries.live == (c->window > 0 ? c->used : 0);
}

void
mqs_amqp_consumer_drop(struct mqs_consumer *c, struct mqs_amqp_held *h)
{
	if (c->busy != NULL)
		mqs_amqp_keys_leave(c, h);
	mqs_amqp_consumer_leave_state(c, h);
	mqs_amqp_deliveries_remove(&c->deliveries, h);
	c->used -= h->consumer == c->consumer;
	if (h->state == MQS_AMQP_COPYING) {
		h->gone = 1;	/* its copy has the memory */
		c->copies->pending--;
	} else if (h == c->borrowed)
		c->borrowed_gone = 1;
	else
		mqs_amqp_held_free(h);
	/* If there is no memory, it stays. */
	if (c->holding && has_no_old(c) &&
	    mqs_amqp_consumer_order(c, MQS_AMQP_ORDER_LET_GO, 0, NULL) == MQS_OK)
		c->holding = 0;
}

struct mqs_amqp_held *
mqs_amqp_consumer_find(struct mqs_consumer *c, uint64_t seq, uint64_t lease)
{
	struct mqs_amqp_held *h = mqs_amqp_lease_generation(lease) != c->generation ? NULL :
	    mqs_amqp_deliveries_find(&c->deliveries, seq);

	return h != NULL && h->state == MQS_AMQP_READ && mqs_amqp_held_lease(h) == lease ? h : NULL;
}
