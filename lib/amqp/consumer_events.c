/* consumer_events.c - see consumer.h: the thread takes deliveries, and hears of losses */
#include <sys/epoll.h>

#include <stdlib.h>

#include "amqp/consumer.h"
#include "amqp/consumer_keys.h"
#include "amqp/consumer_send.h"
#include "base/clock.h"
#include "base/error.h"

#define NO_CREDITS	4	/* the version of RabbitMQ */

void
mqs_amqp_consumer_forget(struct mqs_consumer *c)
{
	struct mqs_amqp_held *h;

	while ((h = mqs_amqp_deliveries_from(&c->deliveries, 0)) != NULL)
		mqs_amqp_consumer_drop(c, h);
	c->claimed = 0;
	c->returning = 0;
	c->open = 0;
}

/* The channel is gone, and with it all that was delivered and ordered on it. */
static void
drop_all(struct mqs_consumer *c)
{
	mqs_amqp_consumer_forget(c);
	c->orders.n = c->sending.n = c->next_order = 0;
	c->sent = c->ordered;
	c->counted = c->counts;
	c->ready = c->consumers = 0;
	c->holding = c->passes = 0;
	c->unapplied = 0;
	c->applying = 0;
	c->applied = c->apply_to = c->apply_from = c->ordered;
}

/* 0: there is no memory. */
static int
take_in(struct mqs_consumer *c, struct mqs_amqp_delivery *d)
{
	struct mqs_amqp_held *h = mqs_amqp_held_new(d);

	if (h == NULL)
		return 0;
	h->generation = c->generation;
	h->consumer = mqs_amqp_consumer_of_tag(d->consumer_tag);
	if (mqs_amqp_deliveries_add(&c->deliveries, h) == -1) {
		mqs_amqp_held_free(h);
		return 0;
	}
	c->used += h->consumer == c->consumer;
	mqs_amqp_consumer_enter_state(c, h, MQS_AMQP_UNREAD);
	c->seen++;
	c->seen_bytes += mqs_amqp_held_size(h) + (h->body_fd == -1 ? 0 : (size_t)h->body_len);
	return 1;
}

/*
 * Of an ordered group: none is given back, and nothing is left out.  What comes when no more is
 * handed out goes back with the channel.
 */
static void
take_in_order(struct mqs_consumer *c, struct mqs_amqp_delivery *d)
{
	struct mqs_amqp_held *h;
	int rc;

	if (c->closed != 0 || c->closing)
		return;
	if ((h = mqs_amqp_held_new(d)) == NULL) {
		rc = mqs_fail_errno(&c->why, "a message");
	} else {
		h->generation = c->generation;
		h->consumer = mqs_amqp_consumer_of_tag(d->consumer_tag);
		c->used += h->consumer == c->consumer;
		c->seen++;
		rc = mqs_amqp_keys_admit(c, h, &c->why);
	}
	c->closed = rc == MQS_OK ? 0 : -1;
}

static void
delivered(void *arg, struct mqs_amqp_delivery *d)
{
	struct mqs_consumer *c = arg;

	c->arrived = mqs_boottime();
	if (c->busy != NULL) {
		take_in_order(c, d);
		return;
	}
	if (c->window == 0 || !take_in(c, d)) {	/* not wanted any more, or no memory */
		/* What is in no table would be acked with what is behind it. */
		if (mqs_amqp_consumer_order(c, MQS_AMQP_ORDER_GIVE_BACK, d->tag, &c->why) != MQS_OK)
			c->closed = -1;
		mqs_amqp_channel_send_more(c->channel);
		return;
	}
	if ((c->unread_bytes > 2 * MQS_AMQP_AHEAD_BYTES ||
	    c->unread_files > 2 * MQS_AMQP_AHEAD_FILES) &&
	    mqs_amqp_consumer_stop(c, NULL) == MQS_OK)
		mqs_amqp_channel_send_more(c->channel);
}

/* ---------------------------------------------------------- the rest -- */

static int
set_up(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	struct mqs_consumer *c = arg;
	char version[32];
	int rc = MQS_OK;

	mqs_amqp_server_version(c->connection, version, sizeof(version));
	mqs_amqp_lock(c->connection);
	c->holds = strtoul(version, NULL, 10) < NO_CREDITS;
	c->channel = link->channel;
	c->number = link->number;
	c->generation++;
	c->open = 1;
	c->arrived = mqs_boottime();
	if (c->window > 0) {
		c->consumer++;
		c->used = c->passed = 0;
		rc = mqs_amqp_consumer_order(c, MQS_AMQP_ORDER_CONSUME, c->window, err);
	}
	mqs_amqp_unlock(c->connection);
	if (rc == MQS_OK) {
		mqs_amqp_channel_send(link->channel);
		mqs_amqp_channel_wake(link->channel);
	}
	return rc;
}

static void
lost(void *arg)
{
	drop_all(arg);
}

static void
closed(void *arg, int number, const struct mqs_error *why)
{
	struct mqs_consumer *c = arg;

	drop_all(c);
	c->closed = number == 0 ? -1 : number;
	c->why = *why;
}

static void
cancelled(void *arg, amqp_bytes_t tag)
{
	struct mqs_consumer *c = arg;

	(void)tag;
	c->cancelled = 1;
}

const struct mqs_amqp_events mqs_amqp_consumer_events = {
	.set_up = set_up,
	.send = mqs_amqp_consumer_send,
	.delivered = delivered,
	.cancelled = cancelled,
	.consuming = mqs_amqp_consumer_consuming,
	.counted = mqs_amqp_consumer_counted,
	.closed = closed,
	.lost = lost
};

int
mqs_amqp_consumer_open_channel(struct mqs_consumer *c, struct mqs_error *err)
{
	struct epoll_event event = { .events = EPOLLIN };
	int rc = mqs_amqp_channel_open(&c->channel, c->connection, &mqs_amqp_consumer_events, c,
	    -1, err);

	if (rc != MQS_OK) {
		c->channel = NULL;	/* set_up may have been called nevertheless */
		return rc;
	}
	if (epoll_ctl(c->epoll, EPOLL_CTL_ADD, mqs_amqp_channel_fd(c->channel), &event) != 0)
		return mqs_fail_errno(err, "%s: waiting", c->group.name);
	return MQS_OK;
}
