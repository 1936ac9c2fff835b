/*
 * log_create.h - making a queue: its directory with an empty log in it
 *
 * The queue is built under a temporary name and renamed into place once it is durable
 * (mqs_dir_create).  A crash before that leaves a directory that the next maker removes.
 */
#ifndef MQS_EMBEDDED_QUEUE_LOG_CREATE_H
#define MQS_EMBEDDED_QUEUE_LOG_CREATE_H

#include "embedded/queue/log.h"

/* Makes a queue.  MQS_EEXIST if it is there. */
int	mqs_log_create(const char *spool, const char *queue,
	    const struct mqs_options *, struct mqs_error *err);
/*
 * The same with messages in it: fill is called with the new log, before it is in its place.
 * The log can be written to by mqs_log_begin and what follows.  uuid: the queue's; NULL: a new
 * one.  If fill returns an error, nothing is left.
 */
typedef int	mqs_log_fill_fn(void *arg, struct mqs_log *, struct mqs_error *err);
int	mqs_log_build(const char *spool, const char *queue, const struct mqs_options *,
	    const unsigned char uuid[16], mqs_log_fill_fn *fill, void *arg, struct mqs_error *err);
/* Writes a UUID as text; returns buf. */
char	*mqs_uuid_format(const unsigned char uuid[16], char buf[MQS_UUID_SIZE]);

#endif
