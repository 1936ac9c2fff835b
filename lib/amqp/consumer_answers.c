/*
 * consumer_answers.c - see consumer.h: when the descriptor becomes readable by itself, and when
 * requests by receipt are answered
 */
#include <sys/timerfd.h>

#include <stdlib.h>
#include <time.h>

#include "amqp/consumer.h"
#include "amqp/consumer_applied.h"
#include "amqp/consumer_keys.h"
#include "base/clock.h"

void
mqs_amqp_consumer_look_at(struct mqs_consumer *c, int64_t when)
{
	struct itimerspec at = { .it_value = { .tv_sec = (time_t)(when / MQS_SECOND),
	    .tv_nsec = (long)(when % MQS_SECOND) } };

	if (c->timer_at != 0 && c->timer_at <= when)
		return;
	c->timer_at = when;
	(void)timerfd_settime(c->timer, TFD_TIMER_ABSTIME, &at, NULL);
}

void
mqs_amqp_consumer_look_due(struct mqs_consumer *c)
{
	int64_t due;

	if (c->busy == NULL)
		return;
	mqs_amqp_lock(c->connection);
	due = mqs_amqp_keys_due(c);
	mqs_amqp_unlock(c->connection);
	if (due != 0)
		mqs_amqp_consumer_look_at(c, due);
}

/* Without memory for it, the answer is that it is not known. */
void
mqs_amqp_consumer_answer_due(struct mqs_consumer *c, uint64_t ticket, uint64_t generation,
    uint64_t order)
{
	size_t cap = c->due_cap == 0 ? 64 : 2 * c->due_cap;
	struct mqs_amqp_answer_due *more;

	if (c->ndue == c->due_cap) {
		if ((more = reallocarray(c->due, cap, sizeof(*more))) == NULL) {
			mqs_settle_server_answer(c->server, ticket, MQS_ESYSTEM, NULL);
			return;
		}
		c->due = more;
		c->due_cap = cap;
	}
	c->due[c->ndue++] = (struct mqs_amqp_answer_due){ .ticket = ticket,
	    .generation = generation, .order = order };
}

size_t
mqs_amqp_consumer_answer(struct mqs_consumer *c)
{
	size_t i, left = 0, n = c->ndue;

	if (n == 0)
		return 0;
	mqs_amqp_lock(c->connection);
	for (i = 0; i < n; i++) {
		const struct mqs_amqp_answer_due *d = &c->due[i];

		if (d->generation != c->generation || !c->open)
			mqs_settle_server_answer(c->server, d->ticket, MQS_ESTALE, NULL);
		else if (d->order <= c->applied)
			mqs_settle_server_answer(c->server, d->ticket, MQS_OK, NULL);
		else
			c->due[left++] = *d;
	}
	c->ndue = left;
	if (left > 0)	/* without memory it is tried again with the next event */
		(void)mqs_amqp_consumer_apply(c, NULL);
	mqs_amqp_unlock(c->connection);
	mqs_amqp_channel_send(c->channel);
	return n - left;
}
