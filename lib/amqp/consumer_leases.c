/*
 * consumer_leases.c - see consumer.h: leases
 *
 * They run from hand-out (-l), or from when the consumer was closed, as on files.  All of a
 * consumer's are equally long, so what is handed out together ends together, in the order of
 * hand-out.  What is over is retried at once, which counts the attempt: by a copy (consumer_copies.h),
 * or as a dead letter where it was the last.  In an ordered group a retry stays here
 * (consumer_keys.h): if the consumer was closed, it goes back with the connection, uncounted.  A delivery that is lost with the channel is not
 * found any more, and the broker gives it to somebody without counting.
 */
#include <stdlib.h>

#include "amqp/consumer.h"
#include "base/clock.h"
#include "base/error.h"

static int
begin(struct mqs_consumer *c, int64_t lease, struct mqs_error *err)
{
	size_t cap = c->leases_cap == 0 ? 16 : 2 * c->leases_cap;
	struct mqs_amqp_lease *more;

	if (c->nleases == c->leases_cap) {
		if ((more = reallocarray(c->leases, cap, sizeof(*more))) == NULL)
			return mqs_fail_errno(err, "%s", c->group.name);
		c->leases = more;
		c->leases_cap = cap;
	}
	c->leases[c->nleases++] = (struct mqs_amqp_lease){ .through = c->handed_out,
	    .end = mqs_later(mqs_boottime(), lease) };
	mqs_amqp_consumer_look_at(c, c->leases[0].end);
	return MQS_OK;
}

int
mqs_amqp_consumer_handed_out(struct mqs_consumer *c, size_t n, struct mqs_error *err)
{
	c->handed_out += n;
	return c->options.lease == 0 || n == 0 ? MQS_OK : begin(c, c->options.lease, err);
}

int
mqs_amqp_consumer_begin_leases(struct mqs_consumer *c, struct mqs_error *err)
{
	if (c->options.lease != 0 || c->handed_out == 0 || c->nleases > 0)
		return MQS_OK;
	return begin(c, c->group.settings.lease, err);
}

/* The next delivery from a tag that was handed out up to that number and is not settled: 1, or 0. */
static int
next_handed_out(struct mqs_consumer *c, uint64_t tag, uint64_t through,
    struct mqs_settlement *how)
{
	const struct mqs_amqp_held *h;

	mqs_amqp_lock(c->connection);
	while ((h = mqs_amqp_deliveries_from(&c->deliveries, tag)) != NULL) {
		if (h->state == MQS_AMQP_READ && h->number <= through)
			break;
		tag = h->tag + 1;
	}
	if (h != NULL) {
		how->seq = h->tag;
		how->lease = mqs_amqp_held_lease(h);
	}
	mqs_amqp_unlock(c->connection);
	return h != NULL;
}

int
mqs_amqp_consumer_end_leases(struct mqs_consumer *c, struct mqs_error *err)
{
	struct mqs_settlement how = { .verb = MQS_RETRY, .delay = 0, .reason = "lease ran out" };
	const int64_t now = c->nleases == 0 ? 0 : mqs_boottime();
	uint64_t tag = 0;
	size_t i = 0, left = 0;
	int rc = MQS_OK;

	while (i < c->nleases && c->leases[i].end <= now && rc == MQS_OK) {
		if (next_handed_out(c, tag, c->leases[i].through, &how)) {
			rc = mqs_amqp_consumer_settle(c, &how, err);
			tag = how.seq + 1;
		} else {
			i++;
			tag = 0;
		}
	}
	if (i > 0) {
		while (i + left < c->nleases) {
			c->leases[left] = c->leases[i + left];
			left++;
		}
		c->nleases = left;
		mqs_amqp_channel_send(c->channel);
	}
	if (c->nleases > 0)
		mqs_amqp_consumer_look_at(c, c->leases[0].end);
	return rc;
}
