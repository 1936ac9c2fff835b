/* consumer_applied.c - see consumer_applied.h */
#include "amqp/consumer_applied.h"
#include "base/clock.h"

#define LAST_WAIT	(60 * MQS_SECOND)

int
mqs_amqp_consumer_apply(struct mqs_consumer *c, struct mqs_error *err)
{
	const uint64_t before = c->ordered;
	int rc;

	if (!c->open || c->applying)
		return MQS_OK;
	if ((rc = mqs_amqp_consumer_order(c, MQS_AMQP_ORDER_APPLY, 0, err)) != MQS_OK)
		return rc;
	c->applying = 1;
	c->apply_from = c->apply_to;
	c->apply_to = before;
	return MQS_OK;
}

void
mqs_amqp_consumer_was_applied(struct mqs_consumer *c)
{
	c->applying = 0;
	(void)mqs_amqp_consumer_order(c, MQS_AMQP_ORDER_APPLIED, 0, NULL);
	c->applied = c->apply_to - c->applied <= MQS_AMQP_APPLIED_WITH ? c->apply_to : c->apply_from;
}

void
mqs_amqp_consumer_await_applied(struct mqs_consumer *c)
{
	const int64_t until = mqs_later(mqs_boottime(), LAST_WAIT);
	uint64_t generation, last;
	int waiting, rc = MQS_OK;

	mqs_amqp_lock(c->connection);
	generation = c->generation;
	last = c->ordered;
	waiting = c->open && c->unapplied;
	mqs_amqp_unlock(c->connection);
	while (waiting && rc == MQS_OK) {
		mqs_amqp_lock(c->connection);
		waiting = c->open && c->generation == generation && c->applied < last &&
		    mqs_amqp_consumer_apply(c, NULL) == MQS_OK;
		mqs_amqp_unlock(c->connection);
		mqs_amqp_channel_send(c->channel);
		if (waiting)
			rc = mqs_amqp_wait(c->channel, until, NULL);
	}
}
