/*
 * consumer_empty.c - see consumer.h, "nothing there"
 *
 * Answers and deliveries are events of one channel: what came before an answer was looked at before.
 * The second question is asked when the first is answered; otherwise the broker's channel could have
 * both before it has the delivery.
 *
 * RabbitMQ answers for a quorum queue that has 0 ready and 0 consumers where the queue's leader does
 * not tell it within 250 ms, and gives no sign of that (rabbit_quorum_queue:stat).  As this consumer
 * is one, 0 consumers mean that nothing is known.
 */
#include "amqp/consumer_empty.h"
#include "base/clock.h"

/*
 * Deliveries can come later than an answer that does not count them any more: from another node, and
 * because the queue's leader reads them from its log meanwhile.  30,000 took up to 0.7 s on
 * a busy node.
 */
#define QUIET		(10 * MQS_MSEC)
#define QUIET_EACH	(50 * MQS_MSEC / 1000)
/* How soon to look again for messages that others may take meanwhile. */
#define AGAIN	(250 * MQS_MSEC)

/* Waits for an event, which may be one that an answer by receipt waits for, too: it is told again. */
static int
await_event(struct mqs_consumer *c, struct mqs_error *err)
{
	int rc = mqs_amqp_wait(c->channel, -1, err);

	if (c->ndue > 0)
		mqs_amqp_consumer_look_at(c, mqs_boottime());
	return rc;
}

/* Asks once, and waits for the answer.  MQS_NOTHING: there is none, as the channel was lost. */
static int
ask(struct mqs_consumer *c, struct mqs_error *err)
{
	uint64_t generation, number = 0;
	int rc = MQS_OK, waiting;

	mqs_amqp_lock(c->connection);
	generation = c->generation;
	waiting = c->open;
	if (waiting && (rc = mqs_amqp_consumer_order(c, MQS_AMQP_ORDER_COUNT, 0, err)) == MQS_OK)
		number = ++c->counts;
	mqs_amqp_unlock(c->connection);
	mqs_amqp_channel_send(c->channel);
	while (rc == MQS_OK && waiting) {
		mqs_amqp_lock(c->connection);
		waiting = c->open && c->generation == generation && c->counted < number;
		mqs_amqp_unlock(c->connection);
		if (waiting)
			rc = await_event(c, err);
	}
	if (rc != MQS_OK)
		return rc;
	mqs_amqp_lock(c->connection);
	rc = c->open && c->generation == generation ? MQS_OK : MQS_NOTHING;
	mqs_amqp_unlock(c->connection);
	return rc;
}

/* When the broker can be asked; 0: now, -1: when the descriptor is readable. */
static int64_t
time_to_ask(struct mqs_consumer *c)
{
	int64_t when;

	mqs_amqp_lock(c->connection);
	when = c->arrived + QUIET;
	if (c->used < c->window)	/* so many can be on their way */
		when += (int64_t)(c->window - c->used) * QUIET_EACH;
	if (!c->open || c->sent != c->ordered) {
		c->told_when_sent = 1;
		when = -1;
	}
	mqs_amqp_unlock(c->connection);
	return when < 0 || when > mqs_boottime() ? when : 0;
}

/* As the last answer said, if it said anything. */
static int
nothing_ready(struct mqs_consumer *c)
{
	int nothing;

	mqs_amqp_lock(c->connection);
	nothing = c->open && c->ready == 0 && c->consumers > 0;
	mqs_amqp_unlock(c->connection);
	return nothing;
}

static int
look(struct mqs_consumer *c)
{
	int there = nothing_ready(c) ? MQS_AMQP_NOWHERE : MQS_AMQP_ELSEWHERE;

	mqs_amqp_lock(c->connection);
	if (c->unread > c->claimed)
		there = MQS_AMQP_HERE;
	mqs_amqp_unlock(c->connection);
	return there;
}

int
mqs_amqp_consumer_empty(struct mqs_consumer *c, int *there, struct mqs_error *err)
{
	int64_t when = time_to_ask(c);
	int rc;

	*there = MQS_AMQP_ELSEWHERE;
	if (when != 0) {
		if (when > 0)
			mqs_amqp_consumer_look_at(c, when);
		return MQS_OK;
	}
	rc = ask(c, err);
	if (rc == MQS_OK && nothing_ready(c))
		rc = ask(c, err);
	if (rc < 0 || (rc = mqs_amqp_consumer_check(c, err)) != MQS_OK)
		return rc;
	*there = look(c);
	if (*there == MQS_AMQP_ELSEWHERE)
		mqs_amqp_consumer_look_at(c, mqs_boottime() + AGAIN);
	return MQS_OK;
}

/* Waits until the thread has sent all orders. */
static int
await_sending(struct mqs_consumer *c, struct mqs_error *err)
{
	int left, rc;

	for (;;) {
		mqs_amqp_lock(c->connection);
		left = c->open && c->sent != c->ordered;
		c->told_when_sent |= left;
		mqs_amqp_unlock(c->connection);
		if (!left)
			return MQS_OK;
		if ((rc = await_event(c, err)) != MQS_OK)
			return rc;
	}
}

int
mqs_amqp_consumer_await_first(struct mqs_consumer *c, struct mqs_error *err)
{
	int rc;

	if (c->busy != NULL)	/* what it gets is a whole window, which takes its time */
		return MQS_OK;
	if ((rc = await_sending(c, err)) != MQS_OK || (rc = ask(c, err)) < 0 ||
	    (rc = ask(c, err)) < 0)
		return rc;
	return mqs_amqp_consumer_check(c, err);
}
