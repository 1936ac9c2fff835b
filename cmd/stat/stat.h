/* stat/stat.h - what mq-stat shows beside its table: deliveries, and when there is work */
#ifndef MQ_CMD_STAT_STAT_H
#define MQ_CMD_STAT_STAT_H

#include "mqspool.h"

/* Looks at one queue or group, or (NULL) at everything: 0, or an MQS_E... and why. */
typedef int	stat_fn(void *arg, const char *queue, const char *group,
	    struct mqs_error *err);
/*
 * Calls fn for n operands QUEUE[/GROUP], once for everything if there are none; one that
 * fails is reported and does not hide the others.  Returns a status, that of the first
 * failure, and so do the others below.
 */
int	stat_each(char **operands, int n, stat_fn *fn, void *arg);

/* -l: living consumers, and what is out to them. */
int	stat_list(struct mqs_spool *, char **operands, int n, int json);
/* --next-due: seconds until there is work; STATUS_NOTHING if none is to be expected. */
int	stat_next_due(struct mqs_spool *, char **operands, int n);

#endif
