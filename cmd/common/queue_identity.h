/* common/queue_identity.h - the UUID of a queue, where the engine has one */
#ifndef MQ_CMD_COMMON_QUEUE_IDENTITY_H
#define MQ_CMD_COMMON_QUEUE_IDENTITY_H

#include "mqspool.h"

/*
 * Writes the UUID of a queue to buf, and sets *uuid to buf.  An engine whose queues have none
 * is no failure: *uuid is NULL then.
 */
int	queue_identity(struct mqs_spool *, const char *queue, char buf[MQS_UUID_SIZE],
	    const char **uuid, struct mqs_error *err);

#endif
