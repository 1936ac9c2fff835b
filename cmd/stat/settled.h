/*
 * stat/settled.h - how many messages a group has settled
 */
#ifndef MQ_CMD_STAT_SETTLED_H
#define MQ_CMD_STAT_SETTLED_H

#include "mqspool.h"

/*
 * Acknowledged or given up, ever; MQS_UNKNOWN if that is not known.  An engine that does not count
 * dead letters has acknowledged them where they were.
 */
uint64_t group_settled(const struct mqs_group_stat *);

#endif
