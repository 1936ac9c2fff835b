/* consumer_events.c - see consumer.h: what the thread does for a consumer */
#include <sys/epoll.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amqp/consume_nothing.h"
#include "amqp/consumer.h"
#include "amqp/consumer_applied.h"
#include "amqp/consumer_keys.h"
#include "amqp/reply_error.h"
#include "amqp/table.h"
#include "base/clock.h"
#include "base/error.h"

#define ORDER_BYTES	32	/* about what an order has on the wire */
#define TAG_SIZE	16	/* room for a consumer's tag */
#define APPLIED		"applied"	/* the tag of what consumes nothing */

/* ----------------------------------------------------------- orders -- */

/* Takes the orders that were given meanwhile: 1 if there are some. */
static int
take_orders(struct mqs_consumer *c)
{
	struct mqs_amqp_orders empty = c->sending;

	empty.n = 0;
	c->next_order = 0;
	mqs_amqp_lock(c->connection);
	c->sending = c->orders;
	c->orders = empty;
	mqs_amqp_unlock(c->connection);
	return c->sending.n > 0;
}

static int
send_consume(struct mqs_consumer *c, const struct mqs_amqp_link *link, size_t prefetch,
    amqp_bytes_t tag)
{
	amqp_basic_qos_t qos = { .prefetch_count = (uint16_t)prefetch };
	amqp_basic_consume_t consume = { .queue = mqs_amqp_text(c->group.name),
	    .consumer_tag = tag };
	int status = amqp_send_method(link->state, link->number, AMQP_BASIC_QOS_METHOD, &qos);

	return status != AMQP_STATUS_OK ? status :
	    amqp_send_method(link->state, link->number, AMQP_BASIC_CONSUME_METHOD, &consume);
}

static int
send_order(struct mqs_consumer *c, const struct mqs_amqp_link *link,
    const struct mqs_amqp_order *o)
{
	amqp_basic_ack_t ack = { .delivery_tag = o->tag,
	    .multiple = o->kind == MQS_AMQP_ORDER_ACK_THROUGH };
	amqp_basic_nack_t nack = { .delivery_tag = o->tag, .requeue = 1 };
	amqp_queue_declare_t count = { .queue = mqs_amqp_text(c->group.name), .passive = 1 };
	amqp_basic_cancel_t cancel;
	char tag[TAG_SIZE];

	(void)snprintf(tag, sizeof(tag), "mq-%u", o->consumer);
	cancel = (amqp_basic_cancel_t){ .consumer_tag = mqs_amqp_text(tag) };
	switch (o->kind) {
	case MQS_AMQP_ORDER_ACK:
	case MQS_AMQP_ORDER_ACK_THROUGH:
		return amqp_send_method(link->state, link->number, AMQP_BASIC_ACK_METHOD, &ack);
	case MQS_AMQP_ORDER_GIVE_BACK:
		return amqp_send_method(link->state, link->number, AMQP_BASIC_NACK_METHOD, &nack);
	case MQS_AMQP_ORDER_CONSUME:
		return send_consume(c, link, (size_t)o->tag, mqs_amqp_text(tag));
	case MQS_AMQP_ORDER_COUNT:
		return amqp_send_method(link->state, link->number, AMQP_QUEUE_DECLARE_METHOD,
		    &count);
	case MQS_AMQP_ORDER_APPLY:
		return mqs_amqp_send_consume_nothing(link, c->group.name, APPLIED);
	case MQS_AMQP_ORDER_APPLIED:
		cancel = (amqp_basic_cancel_t){ .consumer_tag = mqs_amqp_text(APPLIED),
		    .nowait = 1 };
		/* FALLTHROUGH */
	case MQS_AMQP_ORDER_CANCEL:
	default:
		return amqp_send_method(link->state, link->number, AMQP_BASIC_CANCEL_METHOD,
		    &cancel);
	}
}

static int
send_some(void *arg, const struct mqs_amqp_link *link, size_t *sent, struct mqs_error *err)
{
	struct mqs_consumer *c = arg;
	enum mqs_amqp_order_kind kind;
	int status;

	if (c->next_order == c->sending.n && !take_orders(c))
		return MQS_NOTHING;
	kind = c->sending.list[c->next_order].kind;
	if (kind == MQS_AMQP_ORDER_CANCEL && c->sending.list[c->next_order].consumer != c->begun)
		return MQS_NOTHING;	/* until it is; see consuming */
	status = send_order(c, link, &c->sending.list[c->next_order]);
	if (status != AMQP_STATUS_OK)
		return mqs_amqp_fail_status(err, "consuming", status);
	c->next_order++;
	*sent += ORDER_BYTES;
	mqs_amqp_lock(c->connection);
	if (kind != MQS_AMQP_ORDER_CONSUME && kind != MQS_AMQP_ORDER_CANCEL)
		c->unapplied += kind == MQS_AMQP_ORDER_ACK || kind == MQS_AMQP_ORDER_ACK_THROUGH ||
		    kind == MQS_AMQP_ORDER_GIVE_BACK;
	else if (c->unapplied <= MQS_AMQP_APPLIED_WITH)
		c->unapplied = 0;
	if (++c->sent == c->ordered) {
		c->arrived = mqs_boottime();	/* what was acked makes room for more */
		if (c->told_when_sent)
			mqs_amqp_channel_wake(c->channel);
		c->told_when_sent = 0;
	}
	mqs_amqp_unlock(c->connection);
	return MQS_OK;
}

/* ------------------------------------------------------- deliveries -- */

void
mqs_amqp_consumer_forget(struct mqs_consumer *c)
{
	struct mqs_amqp_held *h;

	while ((h = mqs_amqp_deliveries_from(&c->deliveries, 0)) != NULL)
		mqs_amqp_consumer_drop(c, h);
	c->claimed = 0;
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
	c->unapplied = 0;
	c->applying = 0;
	c->applied = c->apply_to = c->apply_from = c->ordered;
}

/* The number in a consumer's tag. */
static unsigned
consumer_of(amqp_bytes_t tag)
{
	char text[TAG_SIZE];

	(void)snprintf(text, sizeof(text), "%.*s", (int)tag.len, (const char *)tag.bytes);
	return (unsigned)strtoul(text + strcspn(text, "0123456789"), NULL, 10);
}

/* 0: there is no memory. */
static int
take_in(struct mqs_consumer *c, struct mqs_amqp_delivery *d)
{
	struct mqs_amqp_held *h = mqs_amqp_held_new(d);

	if (h == NULL)
		return 0;
	h->generation = c->generation;
	h->consumer = consumer_of(d->consumer_tag);
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
		h->consumer = consumer_of(d->consumer_tag);
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
	int rc = MQS_OK;

	mqs_amqp_lock(c->connection);
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

/*
 * A cancel waits for this: RabbitMQ's channel dies of one that it looks at before it has seen to the
 * consumer (3.10.8: badkey in rabbit_channel:consumer_monitor).
 */
static void
consuming(void *arg, amqp_bytes_t tag)
{
	struct mqs_consumer *c = arg;

	if (tag.len == strlen(APPLIED) && memcmp(tag.bytes, APPLIED, tag.len) == 0) {
		if (c->applying)
			mqs_amqp_consumer_was_applied(c);
	} else {
		c->begun = consumer_of(tag);
	}
	mqs_amqp_channel_send_more(c->channel);
}

static void
counted(void *arg, const amqp_queue_declare_ok_t *answer)
{
	struct mqs_consumer *c = arg;

	c->ready = answer->message_count;
	c->consumers = answer->consumer_count;
	c->counted++;
}

const struct mqs_amqp_events mqs_amqp_consumer_events = {
	.set_up = set_up,
	.send = send_some,
	.delivered = delivered,
	.cancelled = cancelled,
	.consuming = consuming,
	.counted = counted,
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
