/* sub/command_batch.h - mq-sub --batch: several messages to one run of the command */
#ifndef MQ_CMD_SUB_COMMAND_BATCH_H
#define MQ_CMD_SUB_COMMAND_BATCH_H

#include "mqspool.h"
#include "sub/command_pool.h"
#include "sub/handler.h"
#include "sub/sub.h"

/*
 * Makes the next run ready, with m and the claimed messages after it, up to sub->batch in
 * all.  Those are read from the consumer here.
 */
int	command_batch_prepare(struct pool *, const struct mqs_message *m, struct mqs_error *err);
/* Settles all messages of a run in the same way. */
int	command_batch_settle(struct sub *, const struct handler *, struct mqs_settlement *how,
	    struct mqs_error *err);

#endif
