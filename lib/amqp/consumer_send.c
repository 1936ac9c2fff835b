/* consumer_send.c - see consumer_send.h */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amqp/consume_nothing.h"
#include "amqp/consumer_applied.h"
#include "amqp/consumer_send.h"
#include "amqp/reply_error.h"
#include "amqp/table.h"
#include "base/clock.h"

#define ORDER_BYTES	32	/* about what an order has on the wire */
#define TAG_SIZE	16	/* room for a consumer's tag */
/* The tags of what consumes nothing: consumer_applied.h, and CANCELLED in consumer.h. */
#define APPLIED		"applied"
#define HOLD		"hold"

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
	    mqs_amqp_ask(link, AMQP_BASIC_CONSUME_METHOD, &consume);
}

static int
send_order(struct mqs_consumer *c, const struct mqs_amqp_link *link,
    const struct mqs_amqp_order *o)
{
	amqp_basic_ack_t ack = { .delivery_tag = o->tag,
	    .multiple = o->kind == MQS_AMQP_ORDER_ACK_THROUGH };
	amqp_basic_nack_t nack = { .delivery_tag = o->tag, .requeue = 1 };
	amqp_queue_declare_t count = { .queue = mqs_amqp_text(c->group.name), .passive = 1 };
	amqp_basic_cancel_t cancel, let_go = { .consumer_tag = mqs_amqp_text(HOLD), .nowait = 1 };
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
		return mqs_amqp_ask(link, AMQP_QUEUE_DECLARE_METHOD, &count);
	case MQS_AMQP_ORDER_APPLY:
		return mqs_amqp_send_consume_nothing(link, c->group.name, APPLIED);
	case MQS_AMQP_ORDER_HOLD:
		c->held = 0;
		return mqs_amqp_send_consume_nothing(link, c->group.name, HOLD);
	case MQS_AMQP_ORDER_LET_GO:
		return amqp_send_method(link->state, link->number, AMQP_BASIC_CANCEL_METHOD, &let_go);
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

int
mqs_amqp_consumer_send(void *arg, const struct mqs_amqp_link *link, size_t *sent, struct mqs_error *err)
{
	struct mqs_consumer *c = arg;
	enum mqs_amqp_order_kind kind;
	int status;

	if (c->next_order == c->sending.n && !take_orders(c))
		return MQS_NOTHING;
	kind = c->sending.list[c->next_order].kind;
	if ((kind == MQS_AMQP_ORDER_CANCEL && c->sending.list[c->next_order].consumer != c->begun) ||
	    (kind == MQS_AMQP_ORDER_LET_GO && !c->held))
		return MQS_NOTHING;	/* until it is; see consuming */
	status = send_order(c, link, &c->sending.list[c->next_order]);
	if (status != AMQP_STATUS_OK)
		return mqs_amqp_fail_status(err, "consuming", status);
	c->next_order++;
	*sent += ORDER_BYTES;
	mqs_amqp_lock(c->connection);
	c->unapplied |= kind == MQS_AMQP_ORDER_ACK || kind == MQS_AMQP_ORDER_ACK_THROUGH ||
	    kind == MQS_AMQP_ORDER_GIVE_BACK;
	if (++c->sent == c->ordered) {
		c->arrived = mqs_boottime();	/* what was acked makes room for more */
		if (c->told_when_sent)
			mqs_amqp_channel_wake(c->channel);
		c->told_when_sent = 0;
	}
	mqs_amqp_unlock(c->connection);
	return MQS_OK;
}

/* ---------------------------------------------------------- answers -- */

unsigned
mqs_amqp_consumer_of_tag(amqp_bytes_t tag)
{
	char text[TAG_SIZE];

	(void)snprintf(text, sizeof(text), "%.*s", (int)tag.len, (const char *)tag.bytes);
	return (unsigned)strtoul(text + strcspn(text, "0123456789"), NULL, 10);
}

/*
 * A cancel waits for this: RabbitMQ's channel dies of one that it looks at before it has seen to the
 * consumer (3.10.8: badkey in rabbit_channel:consumer_monitor).
 */
void
mqs_amqp_consumer_consuming(void *arg, amqp_bytes_t tag)
{
	struct mqs_consumer *c = arg;

	if (mqs_amqp_bytes_are(tag, APPLIED)) {
		if (c->applying)
			mqs_amqp_consumer_was_applied(c);
	} else if (mqs_amqp_bytes_are(tag, HOLD)) {
		c->held = 1;
	} else {
		c->begun = mqs_amqp_consumer_of_tag(tag);
	}
	mqs_amqp_channel_send_more(c->channel);
}

void
mqs_amqp_consumer_counted(void *arg, const amqp_queue_declare_ok_t *answer)
{
	struct mqs_consumer *c = arg;

	c->ready = answer->message_count;
	c->consumers = answer->consumer_count;
	c->counted++;
}
