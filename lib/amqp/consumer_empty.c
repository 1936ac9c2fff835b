/*
 * consumer_empty.c - see consumer.h, "nothing there"
 *
 * The two answers are one job, and a second job, which does nothing, ends after the thread has
 * looked at all that came with the answers.
 *
 * RabbitMQ answers for a quorum queue that has 0 ready and 0 consumers where the queue's leader does
 * not tell it within 250 ms, and gives no sign of that (rabbit_quorum_queue:stat).  As this consumer
 * is one, 0 consumers mean that nothing is known.
 */
#include "amqp/consumer_empty.h"
#include "amqp/reply_error.h"
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

struct question {
	struct mqs_consumer	*c;
	uint32_t		 ready, consumers;
	int			 closed;	/* there was no channel to ask on */
	int			 twice;		/* in any case */
};

static int
ask(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	struct question *q = arg;
	struct mqs_consumer *c = q->c;
	struct mqs_amqp_link own = *link;
	int rc = MQS_OK, i;

	mqs_amqp_lock(c->connection);
	q->closed = !c->open;
	mqs_amqp_unlock(c->connection);
	own.number = c->number;
	own.channel = c->channel;
	q->ready = q->consumers = 0;
	for (i = 0; i < 2 && rc == MQS_OK && (q->twice || q->ready == 0) && !q->closed; i++)
		rc = mqs_amqp_queue_exists(&own, c->group.name, &q->ready, &q->consumers,
		    err);
	if (rc >= 0)
		return rc;
	/* 406: what was not settled was taken back.  The channel was opened anew, bare. */
	if (rc == MQS_ECONFIG) {
		if (err != NULL)
			err->code = MQS_AMQP_LOST;
		return MQS_AMQP_LOST;
	}
	/* The broker has closed the channel, with all that was on it. */
	mqs_amqp_lock(c->connection);
	mqs_amqp_consumer_events.closed(c, rc == MQS_ENOENT ? AMQP_NOT_FOUND : 0, err);
	mqs_amqp_unlock(c->connection);
	return MQS_OK;
}

static int
nothing(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	(void)arg;
	(void)link;
	(void)err;
	return MQS_OK;
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

static int
something_came(struct mqs_consumer *c)
{
	int came;

	mqs_amqp_lock(c->connection);
	came = c->unread > c->claimed;
	mqs_amqp_unlock(c->connection);
	return came;
}

int
mqs_amqp_consumer_empty(struct mqs_consumer *c, int *there, struct mqs_error *err)
{
	struct question q = { .c = c };
	int64_t when = time_to_ask(c);
	int rc;

	*there = MQS_AMQP_ELSEWHERE;
	if (when != 0) {
		if (when > 0)
			mqs_amqp_consumer_look_at(c, when);
		return MQS_OK;
	}
	if ((rc = mqs_amqp_run(c->connection, ask, &q, -1, err)) != MQS_OK ||
	    (rc = mqs_amqp_run(c->connection, nothing, NULL, -1, err)) != MQS_OK ||
	    (rc = mqs_amqp_consumer_check(c, err)) != MQS_OK)
		return rc;
	if (something_came(c))
		*there = MQS_AMQP_HERE;
	else if (q.ready == 0 && q.consumers > 0 && !q.closed)
		*there = MQS_AMQP_NOWHERE;
	else
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
		if ((rc = mqs_amqp_wait(c->channel, -1, err)) != MQS_OK)
			return rc;
	}
}

int
mqs_amqp_consumer_await_first(struct mqs_consumer *c, struct mqs_error *err)
{
	struct question q = { .c = c, .twice = 1 };
	int rc;

	if ((rc = await_sending(c, err)) != MQS_OK ||
	    (rc = mqs_amqp_run(c->connection, ask, &q, -1, err)) != MQS_OK ||
	    (rc = mqs_amqp_run(c->connection, nothing, NULL, -1, err)) != MQS_OK)
		return rc;
	return mqs_amqp_consumer_check(c, err);
}
