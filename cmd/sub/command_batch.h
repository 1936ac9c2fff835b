/* sub/command_batch.h - mq-sub --batch: several messages to one run of the command */
#ifndef MQ_CMD_SUB_COMMAND_BATCH_H
#define MQ_CMD_SUB_COMMAND_BATCH_H

#include "mqspool.h"
#include "sub/command_pool.h"
#include "sub/handler.h"
#include "sub/sub.h"

/*
 * Makes the next run ready: m, and what was claimed with it, up to sub->batch.  Messages
 * are taken from the consumer meanwhile.
 */
int	command_batch_prepare(struct pool *, const struct mqs_message *m, struct mqs_error *err);
/* Settles all messages of a run alike. */
int	command_batch_settle(struct sub *, const struct handler *, struct mqs_settlement *how,
	    struct mqs_error *err);

#endif
