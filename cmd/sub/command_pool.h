/* sub/command_pool.h - the commands that run: shared by what starts, settles and waits for them */
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
	int			 ready;		/* next is */
	struct ahead		 ahead;
	struct filter		 filter;	/* if sub->to is set */
	struct pollfd		*fds;		/* consumer, our stderr, each place's stderr */
	int			 deaf;		/* our stderr takes no more for now */
	int			 told;		/* of sub_asked: passed on so far */
};

/* sub/command_start.c: starts what was claimed while there is a place, and makes one more ready. */
int	pool_start(struct pool *, struct mqs_error *err);
/* Lets go of what is ready; its message stays claimed. */
void	pool_discard(struct pool *);
/* sub/timeout.c: a command was started: its time runs, if there is to be one. */
void	timeout_start(const struct sub *, struct handler *);
/* Ends those whose time is up. */
void	timeouts_act(struct pool *);
/* How long, in ns, until the next one's time is up: -1 for never. */
int64_t	timeouts_patience(const struct pool *);
/* Before it is waited for: kills what a command that was ended so has left behind. */
void	timeout_end(const struct handler *);
/* sub/command_ended.c: settles the messages of commands that have ended. */
int	pool_settle(struct pool *, struct mqs_error *err);

#endif
