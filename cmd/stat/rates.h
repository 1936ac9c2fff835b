/* stat/rates.h - how many messages a second, from two looks at the same queues */
#ifndef MQ_CMD_STAT_RATES_H
#define MQ_CMD_STAT_RATES_H

#include "stat/gather.h"

/*
 * Messages a second between two looks: published to a queue; settled by a group, that is
 * acknowledged or given up.  NAN if that is not known.
 */
double	rate_in(const struct gathered *before, const struct gathered *now,
	    const struct mqs_queue_stat *);
double	rate_out(const struct gathered *before, const struct gathered *now,
	    const struct mqs_group_stat *);

#endif
