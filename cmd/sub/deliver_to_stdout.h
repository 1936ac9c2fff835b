/* sub/deliver_to_stdout.h - delivering messages to stdout */
#ifndef MQ_CMD_SUB_DELIVER_TO_STDOUT_H
#define MQ_CMD_SUB_DELIVER_TO_STDOUT_H

#include "mqspool.h"
#include "sub/sub.h"

/* Delivers until it is time to stop: 0 or an error. */
int	deliver_to_stdout(struct sub *, struct mqs_error *err);

#endif
