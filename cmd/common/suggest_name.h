/* common/suggest_name.h - the nearest queue or group, for one that does not exist */
#ifndef MQ_CMD_COMMON_SUGGEST_NAME_H
#define MQ_CMD_COMMON_SUGGEST_NAME_H

#include "mqspool.h"

/*
 * Adds "; did you mean NAME?" to an error MQS_ENOENT, if the queue or the group (NULL: none was
 * named) is not there and another one has a similar name.  Other errors stay as they are, and
 * so does this one where the engine can't list its queues.
 */
void	suggest_name(struct mqs_spool *, const char *queue, const char *group, struct mqs_error *);

#endif
