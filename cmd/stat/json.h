/* stat/json.h - the numbers of a queue and of a group as JSON, one object a line */
#ifndef MQ_CMD_STAT_JSON_H
#define MQ_CMD_STAT_JSON_H

#include "base/bytes.h"
#include "mqspool.h"

/* Appends an object and its newline.  Ages are judged by the time `now'. */
void	json_queue(struct mqs_buf *, const struct mqs_queue_stat *, int64_t now);
void	json_group(struct mqs_buf *, const struct mqs_group_stat *, int64_t now);

#endif
