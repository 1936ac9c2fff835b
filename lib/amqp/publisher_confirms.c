/* publisher_confirms.c - see publisher_confirms.h */
#include <string.h>

#include "amqp/publisher_confirms.h"

static uint32_t *
of(struct mqs_amqp_confirms *c, uint64_t tag)
{
	return &c->messages[tag % MQS_AMQP_WINDOW];
}

void
mqs_amqp_confirms_reset(struct mqs_amqp_confirms *c)
{
	c->low = c->next = 1;
}

void
mqs_amqp_confirms_forget(struct mqs_amqp_confirms *c)
{
	/* What is confirmed yet lies below `low' and counts for nothing. */
	memset(c->messages, 0, sizeof(c->messages));
	c->low = c->next;
}

int
mqs_amqp_confirms_full(const struct mqs_amqp_confirms *c)
{
	return c->next - c->low >= (c->low < MQS_AMQP_WINDOW ? c->low : MQS_AMQP_WINDOW);
}

void
mqs_amqp_confirms_sent(struct mqs_amqp_confirms *c, uint32_t message)
{
	*of(c, c->next++) = message + 1;
}

static void
take_one(struct mqs_amqp_confirms *c, uint64_t tag, mqs_amqp_confirmed_fn *fn, void *arg)
{
	uint32_t message = *of(c, tag);

	*of(c, tag) = 0;
	if (message != 0)
		fn(arg, message - 1);
}

void
mqs_amqp_confirms_take(struct mqs_amqp_confirms *c, uint64_t tag, int multiple,
    mqs_amqp_confirmed_fn *fn, void *arg)
{
	uint64_t t;

	if (tag < c->low || tag >= c->next)
		return;
	for (t = multiple ? c->low : tag; t <= tag; t++)
		take_one(c, t, fn, arg);
	while (c->low < c->next && *of(c, c->low) == 0)
		c->low++;
}
