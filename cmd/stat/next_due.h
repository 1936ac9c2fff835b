/* stat/next_due.h - mq-stat --next-due: when there is work */
#ifndef MQ_CMD_STAT_NEXT_DUE_H
#define MQ_CMD_STAT_NEXT_DUE_H

#include "mqspool.h"

/* Prints the seconds until there is work.  A status: STATUS_NOTHING if none is expected. */
int	stat_next_due(struct mqs_spool *, char **operands, int n);

#endif
