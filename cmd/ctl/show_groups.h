/* ctl/show_groups.h - who consumes a queue: lines of mq-ctl show that `set' passes over */
#ifndef MQ_CMD_CTL_SHOW_GROUPS_H
#define MQ_CMD_CTL_SHOW_GROUPS_H

#include "base/bytes.h"
#include "mqspool.h"

/* Appends a line for each binding of each group of a queue, and for each of its consumers. */
int	show_groups(struct mqs_buf *, struct mqs_spool *, const char *queue,
	    struct mqs_error *err);
/* Appends a line for each living consumer of a group. */
int	show_consumers(struct mqs_buf *, struct mqs_spool *, const char *queue,
	    const char *group, struct mqs_error *err);

#endif
