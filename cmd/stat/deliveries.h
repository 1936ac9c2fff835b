/* stat/deliveries.h - mq-stat -l: living consumers, and what is out to them */
#ifndef MQ_CMD_STAT_DELIVERIES_H
#define MQ_CMD_STAT_DELIVERIES_H

#include "mqspool.h"

/* Prints them for the operands, or for everything; returns a status. */
int	stat_list(struct mqs_spool *, char **operands, int n, int json);

#endif
