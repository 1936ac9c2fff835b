/* sub/deliver_to_command.h - delivering messages to commands */
#ifndef MQ_CMD_SUB_DELIVER_TO_COMMAND_H
#define MQ_CMD_SUB_DELIVER_TO_COMMAND_H

#include "mqspool.h"
#include "sub/sub.h"

/* Delivers until it is time to stop: 0 or an error. */
int	deliver_to_command(struct sub *, struct mqs_error *err);

#endif
