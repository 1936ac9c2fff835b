/* consumer_applied.c - see consumer_applied.h */
#include "amqp/answer.h"
#include "amqp/consumer_applied.h"
#include "amqp/table.h"
#include "base/clock.h"

/* The broker has at most 32 on their way to the queue; fewer than that, and none is kept back. */
#define FEW	24
#define LAST_WAIT	(5 * MQS_SECOND)

/* A consumer that takes nothing: the arguments of one whose credit is 0. */
static int
begin(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	struct mqs_consumer *c = arg;
	struct mqs_amqp_link own = *link;
	amqp_table_entry_t credit[] = { mqs_amqp_entry_number("credit", 0),
	    { .key = mqs_amqp_text("drain"), .value = { .kind = AMQP_FIELD_KIND_BOOLEAN } } };
	amqp_table_entry_t argument = { .key = mqs_amqp_text("x-credit"),
	    .value = { .kind = AMQP_FIELD_KIND_TABLE, .value.table = mqs_amqp_table(credit, 2) } };

	own.number = c->number;
	own.channel = c->channel;
	(void)amqp_basic_qos(own.state, own.number, 0, 1, 0);
	(void)amqp_basic_consume(own.state, own.number, mqs_amqp_text(c->group.name),
	    mqs_amqp_text("applied"), 0, 0, 0, mqs_amqp_table(&argument, 1));
	return mqs_amqp_answer(&own, c->group.name, err);
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
