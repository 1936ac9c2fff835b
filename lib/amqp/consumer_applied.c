/* consumer_applied.c - see consumer_applied.h */
#include "amqp/consume_nothing.h"
#include "amqp/consumer_applied.h"
#include "base/clock.h"

/* The broker has at most 32 on their way to the queue; fewer than that, and none is kept back. */
#define FEW	24
#define LAST_WAIT	(5 * MQS_SECOND)

static int
begin(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	struct mqs_consumer *c = arg;
	struct mqs_amqp_link own = *link;

	own.number = c->number;
	own.channel = c->channel;
	return mqs_amqp_consume_nothing(&own, c->group.name, "applied", err);
}

void
mqs_amqp_consumer_await_applied(struct mqs_consumer *c)
{
	int many;

	mqs_amqp_lock(c->connection);
	many = c->open && c->unapplied > FEW;
	mqs_amqp_unlock(c->connection);
	if (many)
		(void)mqs_amqp_run(c->connection, begin, c, mqs_later(mqs_boottime(), LAST_WAIT), NULL);
}
