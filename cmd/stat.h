/* stat.h - what mq-stat shows beside its table: deliveries, and when there is work */
#ifndef MQ_CMD_STAT_H
#define MQ_CMD_STAT_H

#include "tool.h"

/*
 * Both look at n operands QUEUE[/GROUP], at everything if there are none; one that
 * fails is reported and does not hide the others.  They return a status, that of the
 * first failure.
 */

/* -l: living consumers, and what is out to them. */
int	stat_list(struct mqs_spool *, char **operands, int n, int json);
/* --next-due: seconds until there is work; STATUS_NOTHING if none is to be expected. */
int	stat_next_due(struct mqs_spool *, char **operands, int n);

#endif
