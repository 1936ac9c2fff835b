/* stat/check.h - mq-stat --check: a plugin for Nagios, Icinga and others like them */
#ifndef MQ_CMD_STAT_CHECK_H
#define MQ_CMD_STAT_CHECK_H

#include "mqspool.h"
#include "stat/conditions.h"

/* 1 if one of a tool's arguments asks for a check, also where others of them are malformed. */
int	check_asked(int argc, char **argv);
/*
 * Checks the operands QUEUE[/GROUP], or everything, prints the line, and returns the plugin's
 * status.  interval: between the two looks of which a rate is made, in ns.
 */
int	stat_check(struct mqs_spool *, char **operands, int n, const struct conditions *,
	    int64_t interval);

#endif
