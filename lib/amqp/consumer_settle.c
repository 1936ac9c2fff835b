/* consumer_settle.c - see consumer.h: settling */
#include "amqp/consumer.h"
#include "amqp/consumer_copies.h"
#include "amqp/consumer_keys.h"
#include "amqp/consumer_settle.h"
#include "base/error.h"

int
mqs_amqp_consumer_finish(struct mqs_consumer *c, struct mqs_amqp_held *h,
    enum mqs_amqp_order_kind kind, struct mqs_error *err)
{
	int rc = mqs_amqp_consumer_order(c, kind, h->tag, err);

	if (rc == MQS_OK)
		mqs_amqp_consumer_drop(c, h);
	return rc;
}

/*
 * What nobody has begun is for others now: all that is like it goes, too, and no more comes
 * until it is wanted.  The rest goes when the caller has released all that it wants to, so that
 * it is in its order again.
 */
static int
release(struct mqs_consumer *c, struct mqs_amqp_held *h, int asked, struct mqs_error *err)
{
	int begun = asked || ((c->options.flags & MQS_MANUAL) != 0 &&
	    h->number <= c->handed_out), rc;

	if (begun || (rc = mqs_amqp_consumer_stop(c, err)) == MQS_OK)
		rc = mqs_amqp_consumer_finish(c, h, MQS_AMQP_ORDER_GIVE_BACK, err);
	if (rc == MQS_OK && !begun)
		c->returning = 1;
	return rc;
}

/* In an ordered group, what is to be handed out again stays here.  1 if that was so. */
static int
kept(struct mqs_consumer *c, const struct mqs_settlement *how)
{
	struct mqs_amqp_held *h;
	int keeps;

	if (c->busy == NULL || (how->verb != MQS_RETRY && how->verb != MQS_RELEASE))
		return 0;
	mqs_amqp_lock(c->connection);
	h = mqs_amqp_consumer_find(c, how->seq, how->lease);
	keeps = h != NULL && (how->verb == MQS_RELEASE || !mqs_amqp_copies_end(c, h, how));
	if (keeps && how->verb == MQS_RELEASE)
		mqs_amqp_keys_release(c, h);
	else if (keeps)
		mqs_amqp_keys_retry(c, h, mqs_amqp_copies_delay(c, h, how));
	c->last_order = c->ordered;
	mqs_amqp_unlock(c->connection);
	return keeps;
}

int
mqs_amqp_consumer_carry_out(struct mqs_consumer *c, const struct mqs_settlement *how,
    const uint64_t *ticket, int *copying, struct mqs_error *err)
{
	struct mqs_amqp_held *h;
	int copied = how->verb == MQS_RETRY || how->verb == MQS_REJECT, rc;

	*copying = 0;
	if (kept(c, how)) {
		mqs_amqp_consumer_look_due(c);
		return MQS_OK;
	}
	if (copied && (rc = mqs_amqp_copies_ready(c, how, err)) != MQS_OK)
		return rc;
	mqs_amqp_lock(c->connection);
	if ((h = mqs_amqp_consumer_find(c, how->seq, how->lease)) == NULL)
		rc = MQS_NOTHING;
	else if (copied && !mqs_amqp_copies_stay(c, h, how)) {
		rc = mqs_amqp_copies_begin(c, h, how, ticket, err);
		*copying = 1;
	} else if (copied || how->verb == MQS_ACK)
		rc = mqs_amqp_consumer_finish(c, h, MQS_AMQP_ORDER_ACK, err);
	else if (how->verb == MQS_RELEASE)
		rc = release(c, h, ticket != NULL, err);
	else
		rc = mqs_fail(err, MQS_ENOTSUP, "%s: the amqp engine can't give more time",
		    c->group.name);
	c->last_order = c->ordered;
	mqs_amqp_unlock(c->connection);
	return rc;
}

/* What was settled, or lost, meanwhile is no failure. */
int
mqs_amqp_consumer_settle(struct mqs_consumer *c, const struct mqs_settlement *how,
    struct mqs_error *err)
{
	int copying, rc = mqs_amqp_consumer_carry_out(c, how, NULL, &copying, err);

	return rc == MQS_NOTHING ? MQS_OK : rc;
}

int
mqs_amqp_consumer_flush(struct mqs_consumer *c, struct mqs_error *err)
{
	int rc = MQS_OK;

	mqs_amqp_lock(c->connection);
	if (c->returning && c->claimed == 0)
		rc = mqs_amqp_consumer_return_unread(c, err);
	mqs_amqp_unlock(c->connection);
	mqs_amqp_channel_send(c->channel);
	return rc;
}

/* The highest tag up to which all deliveries were read, with that number or before; 0: none. */
static uint64_t
all_are_read(struct mqs_consumer *c, uint64_t number)
{
	const struct mqs_amqp_held *h;
	uint64_t tag = 0;

	while ((h = mqs_amqp_deliveries_from(&c->deliveries, tag + 1)) != NULL &&
	    h->state == MQS_AMQP_READ && h->number <= number)
		tag = h->tag;
	return tag;
}

int
mqs_amqp_consumer_ack_through(struct mqs_consumer *c, uint64_t seq, uint64_t lease, size_t n,
    struct mqs_error *err)
{
	struct mqs_amqp_held *h = NULL;
	uint64_t number = 0, through = 0;
	int rc = MQS_OK;

	(void)n;
	mqs_amqp_lock(c->connection);
	if ((h = mqs_amqp_consumer_find(c, seq, lease)) != NULL) {
		number = h->number;
		through = all_are_read(c, number);
	}
	if (through > 0)
		rc = mqs_amqp_consumer_order(c, MQS_AMQP_ORDER_ACK_THROUGH, through, err);
	while (rc == MQS_OK && (h = TAILQ_FIRST(&c->lists[MQS_AMQP_READ])) != NULL &&
	    h->number <= number) {
		if (h->tag <= through)
			mqs_amqp_consumer_drop(c, h);
		else
			rc = mqs_amqp_consumer_finish(c, h, MQS_AMQP_ORDER_ACK, err);
	}
	mqs_amqp_unlock(c->connection);
	return rc;
}
