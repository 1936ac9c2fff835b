/* sub/command_timeout.h - mq-sub --timeout: ending commands that take too long */
#ifndef MQ_CMD_SUB_COMMAND_TIMEOUT_H
#define MQ_CMD_SUB_COMMAND_TIMEOUT_H

#include <stdint.h>

#include "sub/command_pool.h"
#include "sub/handler.h"
#include "sub/sub.h"

/* A command was started: its time runs, if there is a limit. */
void	command_timeout_start(const struct sub *, struct handler *);
/* Ends the commands whose time is up. */
void	command_timeouts_act(struct pool *);
/* How long, in ns, until the next one's time is up: -1 for never. */
int64_t	command_timeouts_patience(const struct pool *);
/* Before a command is waited for: kills what it left behind, if its time was up. */
void	command_timeout_end(const struct handler *);

#endif
