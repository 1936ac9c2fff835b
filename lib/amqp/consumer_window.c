/* consumer_window.c - see consumer.h: how many deliveries the broker may send ahead */
#include "amqp/consumer.h"
#include "base/clock.h"

#define AT_FIRST	64u	/* before it is known how large messages are */
#define SINGLE		256u	/* where it can't be changed later */
#define ORDERED		8192u	/* never another one: consumer_keys.h */
#define KNOWN		8u	/* so many tell it */

/* How many messages may be sent ahead, by their size so far. */
static size_t
bounded(const struct mqs_consumer *c)
{
	size_t each, most;

	if (c->seen < KNOWN)
		return AT_FIRST;
	each = (size_t)(c->seen_bytes / c->seen) + 1;
	most = MQS_AMQP_AHEAD_BYTES / each;
	if (each > MQS_INLINE_MAX && most > MQS_AMQP_AHEAD_FILES)
		most = MQS_AMQP_AHEAD_FILES;
	return most == 0 ? 1 : most;
}

/* 1: one consumer at a time is active, so none may end consuming while it holds something. */
static int
is_single(const struct mqs_consumer *c)
{
	return c->group.settings.ordered || c->group.settings.exclusive;
}

int
mqs_amqp_consumer_cancel(struct mqs_consumer *c, struct mqs_error *err)
{
	int rc;

	if (c->holds && !c->holding && c->deliveries.live > 0 && !is_single(c)) {
		if ((rc = mqs_amqp_consumer_order(c, MQS_AMQP_ORDER_HOLD, 0, err)) != MQS_OK)
			return rc;
		c->holding = 1;
	}
	return mqs_amqp_consumer_order(c, MQS_AMQP_ORDER_CANCEL, 0, err);
}

int
mqs_amqp_consumer_begin(struct mqs_consumer *c, size_t window, struct mqs_error *err)
{
	int rc;

	if (c->window > 0 && (rc = mqs_amqp_consumer_cancel(c, err)) != MQS_OK)
		return rc;
	c->consumer++;
	c->arrived = mqs_boottime();
	c->window = window;
	c->fresh = 1;
	c->used = c->passed = 0;
	return mqs_amqp_consumer_order(c, MQS_AMQP_ORDER_CONSUME, window, err);
}

int
mqs_amqp_consumer_want(struct mqs_consumer *c, size_t more, struct mqs_error *err)
{
	size_t wanted = c->deliveries.live + more, most = bounded(c);

	if (!c->open || c->closing || more == 0)
		return MQS_OK;
	if (wanted > c->prefetch)
		wanted = c->prefetch;
	if (is_single(c))
		return c->window > 0 ? MQS_OK : mqs_amqp_consumer_begin(c, c->busy != NULL ?
		    ORDERED : c->prefetch < SINGLE ? c->prefetch : SINGLE, err);
	if (c->used < c->window)
		return MQS_OK;
	/* It is not begun anew for each byte that messages are smaller. */
	if (c->window > 0 && 2 * c->passed <= c->window &&
	    (wanted <= c->window || (wanted > most && most < 2 * c->window)))
		return MQS_OK;
	return mqs_amqp_consumer_begin(c, wanted > most ? most : wanted, err);
}

int
mqs_amqp_consumer_stop(struct mqs_consumer *c, struct mqs_error *err)
{
	if (c->window == 0 || is_single(c))
		return MQS_OK;
	c->window = 0;
	return c->open ? mqs_amqp_consumer_cancel(c, err) : MQS_OK;
}

void
mqs_amqp_consumer_pass_over(struct mqs_consumer *c, struct mqs_amqp_held *h)
{
	const int own = h->consumer == c->consumer;

	c->passes = 1;
	mqs_amqp_consumer_drop(c, h);
	c->used += (size_t)own;
	c->passed += (size_t)own;
}

int
mqs_amqp_consumer_return_unread(struct mqs_consumer *c, struct mqs_error *err)
{
	struct mqs_amqp_held *h;
	int rc;

	c->returning = 0;
	while ((h = TAILQ_FIRST(&c->lists[MQS_AMQP_UNREAD])) != NULL) {
		if ((rc = mqs_amqp_consumer_order(c, MQS_AMQP_ORDER_GIVE_BACK, h->tag,
		    err)) != MQS_OK)
			return rc;
		mqs_amqp_consumer_drop(c, h);
	}
	return MQS_OK;
}
