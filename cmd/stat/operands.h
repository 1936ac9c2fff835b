/* stat/operands.h - what mq-stat does for each operand, or once for the whole spool */
#ifndef MQ_CMD_STAT_OPERANDS_H
#define MQ_CMD_STAT_OPERANDS_H

#include "mqspool.h"

/* Looks at one queue or group, or (NULL) at everything: 0, or an MQS_E... and why. */
typedef int	stat_fn(void *arg, const char *queue, const char *group,
	    struct mqs_error *err);
/*
 * Calls fn for each of n operands QUEUE[/GROUP], or once for everything if n is 0.  An
 * operand that fails is reported, and the others are still looked at.  Returns the status
 * of the first failure.
 */
int	stat_each(struct mqs_spool *, char **operands, int n, stat_fn *fn, void *arg);
/*
 * From here on a signal is how the tool is meant to end: an operand whose look it interrupts
 * is no failure.
 */
void	stat_each_until_signal(void);

#endif
