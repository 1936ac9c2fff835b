/* sub/handler.h - one command, started for one message */
#ifndef MQ_CMD_SUB_HANDLER_H
#define MQ_CMD_SUB_HANDLER_H

#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "mqspool.h"

#define HANDLER_TAIL	1024	/* bytes that are kept of the end of its stderr */
#define HANDLER_VARS	11

/* What every start of the command has in common. */
struct handler_command {
	char		**argv;
	char		*path;		/* where argv[0] was found; NULL: look for it */
	char		**env;		/* mq-sub's own variables, the message's, NULL */
	size_t		 kept;		/* how many are mq-sub's own */
	struct mqs_buf	 vars[HANDLER_VARS];
	posix_spawnattr_t attr;
	int		 run_fd;	/* where it finds the run's descriptor; -1: as it is */
};

struct delivered {
	uint64_t	 seq, lease;
};

/* A command that runs; or (pid 0) one that is ready to be started, or an empty place. */
struct handler {
	pid_t		 pid;
	int		 body;		/* to be its stdin; -1 once started */
	int		 theirs;	/* to be its stderr; -1 once started */
	int		 output;	/* file for its stdout; -1: it has our stdout */
	int		 run_fd;	/* descriptor of the run's lock, which it inherits */
	int64_t		 deadline;	/* when it gets SIGTERM, or then SIGKILL; 0: never */
	int		 timed_out;	/* its time was up */
	int		 over;		/* it has ended, with this wait status: */
	int		 status;
	int		 errors;	/* read end of its stderr; -1: none */
	int		 chunks;	/* reads of errors still allowed once it has ended */
	struct mqs_run	*run;
	uint64_t	 seq, lease;
	struct delivered *more;		/* with --batch: all of its messages, the first one too */
	size_t		 count;		/* messages that it is given */
	char		 id[MQS_ID_SIZE];
	char		 tail[HANDLER_TAIL + 1];
	size_t		 tail_len;
	struct mqs_buf	 meta;		/* key and headers of the message, for its outputs */
	size_t		 meta_key;	/* length of the key in meta */
};

/* Makes an empty place. */
void	handler_init(struct handler *);
/* Makes the pipe for its stderr: 0 or an errno. */
int	handler_open_errors(struct handler *);
/*
 * Starts the command, with body, theirs and run_fd as they are set: 0, or an errno, why
 * it can't be executed.
 */
int	handler_start(struct handler *, struct handler_command *);
/* Closes what a command that was not started has. */
void	handler_discard(struct handler *);
/* Closes what is left of a command that has ended. */
void	handler_done(struct handler *);

#endif
