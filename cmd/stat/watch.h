/* stat/watch.h - mq-stat --watch: looks again and again */
#ifndef MQ_CMD_STAT_WATCH_H
#define MQ_CMD_STAT_WATCH_H

#include "mqspool.h"

#define WATCH_EVERY	"1s"

/*
 * Shows the operands QUEUE[/GROUP], or everything, each interval anew until it is told to stop:
 * on a terminal in place, else as blocks of lines.  Returns a status.  catch_signals has been
 * called before the spool was opened.
 */
int	stat_watch(struct mqs_spool *, char **operands, int n, int64_t interval);

#endif
