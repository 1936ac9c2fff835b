/* sub/command_ended.h - settling the messages of commands that have ended */
#ifndef MQ_CMD_SUB_COMMAND_ENDED_H
#define MQ_CMD_SUB_COMMAND_ENDED_H

#include "mqspool.h"
#include "sub/command_pool.h"

int	command_settle_ended(struct pool *, struct mqs_error *err);

#endif
