/* sub/handler.h - one command, started for one message */
#ifndef MQ_CMD_SUB_HANDLER_H
#define MQ_CMD_SUB_HANDLER_H

#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "mqspool.h"

#define HANDLER_TAIL	1024	/* last words that are kept of its stderr */
#define HANDLER_VARS	11

/* What every start of the command has in common. */
struct handler_command {
	char		**argv;
	char		*path;		/* where argv[0] was found; NULL: look for it */
	char		**env;		/* those that stay, ours, NULL */
	size_t		 kept;		/* how many stay */
	struct mqs_buf	 vars[HANDLER_VARS];
	posix_spawnattr_t attr;
	int		 run_fd;	/* where it finds the run's descriptor; -1: as it is */
};

struct delivered {
	uint64_t	 seq, lease;
};

/* A command that runs, or (pid 0) one that is ready to be started or a place for one. */
struct handler {
	pid_t		 pid;
	int		 body;		/* to be its stdin; -1 once started */
	int		 theirs;	/* to be its stderr; -1 once started */
	int		 output;	/* takes its stdout, until the end; -1: ours does */
	int		 run_fd;	/* the run's, which it inherits */
	int64_t		 deadline;	/* when it is ended, or killed; 0: never */
	int		 timed_out;	/* its time was up */
	int		 over;		/* it has ended, with this status: */
	int		 status;
	int		 errors;	/* read end of its stderr; -1: none */
	int		 chunks;	/* that may be read from it once it has ended */
	struct mqs_run	*run;
	uint64_t	 seq, lease;
	struct delivered *more;		/* with --batch: all of its messages, the first one too */
	size_t		 count;		/* messages that it is given */
	char		 id[MQS_ID_SIZE];
	char		 tail[HANDLER_TAIL + 1];
	size_t		 tail_len;
	struct mqs_buf	 meta;		/* of the message, for what comes of it: key, headers */
	size_t		 meta_key;	/* length of the key in it */
};

/* sub/handler_env.c: its environment. */
int	handler_command_init(struct handler_command *, char **argv, const char *spool,
	    struct mqs_error *err);
void	handler_command_free(struct handler_command *);
/* Puts a message into the environment; nothing of it is borrowed afterwards. */
int	handler_describe(struct handler_command *, const struct mqs_consumer *,
	    const char *queue, const char *group, const struct mqs_message *,
	    struct mqs_error *err);
/* The same for a number of messages at once, of which it has nothing but that. */
int	handler_describe_batch(struct handler_command *, const char *queue,
	    const char *group, size_t count, struct mqs_error *err);
/* 1 if the message's part of the environment may be what made it too large. */
int	handler_described_at_length(const struct handler_command *);

/* sub/handler_body.c: a descriptor from which a command reads the whole body; or an error. */
int	handler_body(int *fd, const struct mqs_message *, struct mqs_error *err);

/*
 * sub/handler.c.  handler_init makes an empty place.  handler_open_errors gives it the pipe
 * for its stderr: 0 or an errno.  handler_start starts the command, with body, theirs and
 * run_fd as they are set: 0, or an errno: why it can't be executed.  handler_discard
 * closes what one that was not started has; handler_done what is left when it has ended.
 */
void	handler_init(struct handler *);
int	handler_open_errors(struct handler *);
int	handler_start(struct handler *, struct handler_command *);
void	handler_discard(struct handler *);
void	handler_done(struct handler *);

/*
 * sub/handler_errors.c: passes on what it wrote to stderr and keeps the end of it.
 * handler_listen reads once.  handler_hang_up, when it has ended, takes what is left and
 * closes.  Both return 0 if our stderr takes no more now, and are to be called again when
 * it does; with `drop', handler_hang_up keeps the end and passes nothing on.
 */
int	handler_listen(struct handler *);
int	handler_hang_up(struct handler *, int drop);
/* The end of its stderr as text: valid UTF-8 without NUL, or NULL if there was none. */
const char *handler_last_words(struct handler *);

#endif
