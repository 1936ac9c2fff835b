/* stat/operands.h - what mq-stat does for each operand, or once for the whole spool */
#ifndef MQ_CMD_STAT_OPERANDS_H
#define MQ_CMD_STAT_OPERANDS_H

#include "mqspool.h"

/* Looks at one queue or group, or (NULL) at everything: 0, or an MQS_E... and why. */
typedef int	stat_fn(void *arg, const char *queue, const char *group,
	    struct mqs_error *err);
/*
 * Calls fn for n operands QUEUE[/GROUP], once for everything if there are none; one that
 * fails is reported and does not hide the others.  Returns a status, that of the first
 * failure.
 */
int	stat_each(char **operands, int n, stat_fn *fn, void *arg);

#endif
