/* consumer_states.c - see consumer.h: deliveries by their states */
#include "amqp/consumer.h"

void
mqs_amqp_consumer_init_states(struct mqs_consumer *c)
{
	size_t i;

	for (i = 0; i < MQS_AMQP_STATES; i++)
		TAILQ_INIT(&c->lists[i]);
}

void
mqs_amqp_consumer_enter_state(struct mqs_consumer *c, struct mqs_amqp_held *h,
    enum mqs_amqp_delivery_state state)
{
	h->state = state;
	if (state != MQS_AMQP_COPYING)
		TAILQ_INSERT_TAIL(&c->lists[state], h, entry);
	if (state != MQS_AMQP_UNREAD)
		return;
	c->unread++;
	c->unread_bytes += mqs_amqp_held_size(h);
	c->unread_files += h->body_fd != -1;
}

void
mqs_amqp_consumer_leave_state(struct mqs_consumer *c, struct mqs_amqp_held *h)
{
	if (h->state != MQS_AMQP_COPYING && h->state != MQS_AMQP_PARKED)
		TAILQ_REMOVE(&c->lists[h->state], h, entry);
	c->waiting -= h->state == MQS_AMQP_RETRYING;
	if (h->state != MQS_AMQP_UNREAD)
		return;
	c->unread--;
	c->unread_bytes -= mqs_amqp_held_size(h);
	c->unread_files -= h->body_fd != -1;
	if (c->claimed > c->unread)
		c->claimed = c->unread;
}

size_t
mqs_amqp_consumer_outstanding(const struct mqs_consumer *c)
{
	return c->deliveries.live - (c->unread - c->claimed) - c->parked - c->waiting;
}
