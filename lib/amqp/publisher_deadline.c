/* publisher_deadline.c - see publisher.h: how long something is waited for */
#include "amqp/publisher.h"
#include "base/clock.h"

int64_t
mqs_amqp_publisher_deadline(const struct mqs_publisher *p)
{
	const int64_t wait = p->options.wait;

	return wait < 0 ? -1 : mqs_later(mqs_boottime(),
	    wait < MQS_AMQP_LEAST_WAIT ? MQS_AMQP_LEAST_WAIT : wait);
}
