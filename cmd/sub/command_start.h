/* sub/command_start.h - making commands ready, and starting them */
#ifndef MQ_CMD_SUB_COMMAND_START_H
#define MQ_CMD_SUB_COMMAND_START_H

#include "mqspool.h"
#include "sub/command_pool.h"

/* Starts what is ready while there is a place for it, and makes the next one ready. */
int	command_start(struct pool *, struct mqs_error *err);
/* Lets go of what is ready; its message stays claimed. */
void	command_discard(struct pool *);

#endif
