/* sub/command_pool.h - the commands that run, and the one that is ready */
#ifndef MQ_CMD_SUB_COMMAND_POOL_H
#define MQ_CMD_SUB_COMMAND_POOL_H

#include <poll.h>
#include <stddef.h>

#include "mqspool.h"
#include "sub/filter.h"
#include "sub/handler.h"
#include "sub/prefetch.h"
#include "sub/sub.h"

struct pool {
	struct sub		*sub;
	struct handler_command	 command;
	struct handler		*places;	/* sub->workers of them */
	size_t			 running;	/* commands */
	size_t			 working;	/* messages that they were given */
	struct handler		 next;		/* made ready while others run */
	int			 ready;		/* 1: next can be started */
	struct prefetch		 ahead;
	struct filter		 filter;	/* if sub->to is set */
	struct pollfd		*fds;		/* consumer, our stderr, each place's stderr */
	int			 deaf;		/* our stderr takes no more: commands' is not read */
	int			 told;		/* how much of sub_asked the commands know of */
};

#endif
