/*
 * stat/rates.c - how many messages a second, from two looks at the same queues
 *
 * Rates are differences of counters over the time between the looks, by a clock that nobody
 * sets.  A queue or group that was not there before has counted from 0 since then, and so has
 * one whose counter is less than before: it was deleted and made again.  If the look before
 * could not read everything, what is missing there is not known.
 */
#include <math.h>

#include "base/clock.h"
#include "mqspool.h"
#include "stat/rates.h"
#include "stat/settled.h"

/* From a counter now, and before; have: the look before has seen it. */
static double
rate(const struct gathered *before, const struct gathered *now, uint64_t is, int have,
    uint64_t was)
{
	const double seconds = (double)(now->taken - before->taken) / (double)MQS_SECOND;

	if (is == MQS_UNKNOWN || (have && was == MQS_UNKNOWN) || seconds <= 0 ||
	    (!have && before->errors > 0))
		return NAN;
	return (double)(have && is >= was ? is - was : is) / seconds;
}

double
rate_in(const struct gathered *before, const struct gathered *now, const struct mqs_queue_stat *q)
{
	const struct mqs_queue_stat *was = gathered_queue(before, q);

	return rate(before, now, q->in_messages, was != NULL, was != NULL ? was->in_messages : 0);
}

double
rate_out(const struct gathered *before, const struct gathered *now, const struct mqs_group_stat *g)
{
	const struct mqs_group_stat *was = gathered_group(before, g);

	return rate(before, now, group_settled(g), was != NULL, was != NULL ? group_settled(was) : 0);
}
