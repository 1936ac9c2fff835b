/* stat/show_table.h - the table of queues and groups, a line each */
#ifndef MQ_CMD_STAT_SHOW_TABLE_H
#define MQ_CMD_STAT_SHOW_TABLE_H

#include "mqspool.h"
#include "stat/table.h"

/* Starts the table with its titles. */
void	show_table_init(struct table *);
/* Appends a line.  Ages are judged by the time `now'. */
void	show_queue(struct table *, const struct mqs_queue_stat *, int64_t now);
void	show_group(struct table *, const struct mqs_group_stat *, int64_t now);

#endif
