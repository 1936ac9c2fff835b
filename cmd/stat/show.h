/* stat/show.h - queues and groups as a table, as JSON or by their names */
#ifndef MQ_CMD_STAT_SHOW_H
#define MQ_CMD_STAT_SHOW_H

#include "mqspool.h"

enum show_style { SHOW_TABLE, SHOW_JSON, SHOW_NAMES };

/*
 * Prints n operands QUEUE[/GROUP], or everything if n is 0.  Returns the status of the first
 * operand that failed, or STATUS_OK.
 */
int	stat_show(struct mqs_spool *, char **operands, int n, enum show_style);

#endif
