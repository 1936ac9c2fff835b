/*
 * schema_process.h - the program mq-schema, running, and the socket to it
 *
 * The program stands in LIBEXECDIR/mq, or in the folder that mqs_options.helpers names.  It
 * is started with posix_spawn, in a process group of its own, so that no signal from a
 * terminal ends it before its publisher.  It ends when the socket is closed, so it does not
 * outlive a publisher that was killed.
 */
#ifndef MQS_EMBEDDED_SCHEMA_PROCESS_H
#define MQS_EMBEDDED_SCHEMA_PROCESS_H

#include <sys/types.h>

#include "mqspool.h"

struct mqs_schema_process {
	pid_t		 pid;
	int		 fd;		/* -1: it is not running */
};

/* Starts it.  MQS_ENOTSUP: it is not installed.  `queue' stands before every error. */
int	mqs_schema_process_start(struct mqs_schema_process *, const struct mqs_options *,
	    const char *queue, struct mqs_error *err);
/* Ends it, whatever it is doing. */
void	mqs_schema_process_end(struct mqs_schema_process *);
/* It has closed its socket: ends it, and says how it ended: MQS_ESYSTEM. */
int	mqs_schema_process_died(struct mqs_schema_process *, const char *queue, struct mqs_error *err);

#endif
