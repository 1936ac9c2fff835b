/* stat/trace.h - mq-stat --message: what is still known of one message */
#ifndef MQ_CMD_STAT_TRACE_H
#define MQ_CMD_STAT_TRACE_H

#include "mqspool.h"

/* Prints it as text, or as JSON; returns the exit status. */
int	stat_trace(struct mqs_spool *, const char *queue, const char *id, int json);

#endif
