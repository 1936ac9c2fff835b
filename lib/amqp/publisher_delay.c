/* publisher_delay.c - see publisher_delay.h */
#include "amqp/delay.h"
#include "amqp/delay_topology.h"
#include "amqp/publisher_delay.h"
#include "amqp/table.h"
#include "base/clock.h"
#include "base/error.h"

#define LEVEL	"mq.delay."
#define SLACK	(60 * MQS_SECOND)	/* the clock may be set back before a message is sent */

static int
make(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	struct mqs_publisher *p = arg;

	return mqs_amqp_delays_for_queue(link, p->queue, p->stream, p->delays_wanted, err);
}

int
mqs_amqp_publisher_delays(struct mqs_publisher *p, int64_t not_before, struct mqs_error *err)
{
	const int levels = mqs_amqp_delay_levels(mqs_amqp_delay_of_retry(not_before - mqs_now() + SLACK));
	int rc;

	if (p->delays >= levels)
		return MQS_OK;
	p->delays_wanted = levels;
	rc = mqs_amqp_run(p->connection, make, p, mqs_amqp_publisher_deadline(p), err);
	if (rc == MQS_OK)
		p->delays = levels;
	return rc;
}

int
mqs_amqp_publisher_delays_again(struct mqs_publisher *p, const struct mqs_amqp_link *link,
    struct mqs_error *err)
{
	int rc;

	if (p->delays == 0)
		return MQS_OK;
	/* All: a clock that was set far back since makes a delay longer than it was taken for. */
	rc = mqs_amqp_delays_make(link, MQS_AMQP_DELAY_LEVELS, err);
	return rc == MQS_OK ? make(p, link, err) : rc;
}

void
mqs_amqp_publisher_returned(const struct mqs_publisher *p, const struct mqs_amqp_delivery *d,
    struct mqs_error *why)
{
	const int shown = (int)d->exchange.len;
	const char *name = d->exchange.bytes;

	if (d->exchange.len > sizeof(LEVEL) - 1 && memcmp(name, LEVEL, sizeof(LEVEL) - 1) == 0)
		(void)mqs_fail(why, MQS_ECONFIG, "%s: a delayed message can't wait: %.*s takes none "
		    "(delete the exchange %s, and the delays are made anew)", p->queue, shown, name,
		    mqs_amqp_delays_mark(d->exchange));
	else if (d->routing_key.len == 0)
		(void)mqs_fail(why, MQS_ENOENT, "%s: no group would get a message without a key",
		    p->queue);
	else
		(void)mqs_fail(why, MQS_ENOENT, "%s: no group would get a message with key '%.*s'",
		    p->queue, (int)d->routing_key.len, (const char *)d->routing_key.bytes);
}
