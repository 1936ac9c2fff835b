/*
 * group_delete.h - removing a group's files
 *
 * The database goes first.  A crash after that leaves its lock file or its page, which
 * are no group; a new group of that name removes them.
 */
#ifndef MQS_EMBEDDED_QUEUE_GROUP_DELETE_H
#define MQS_EMBEDDED_QUEUE_GROUP_DELETE_H

#include "embedded/queue/log.h"

/* Deletes a group.  The caller holds the log's write lock. */
int	mqs_group_delete(struct mqs_log *, const char *name, struct mqs_error *err);
/* The same for a caller that also holds the gate. */
int	mqs_group_unlink(struct mqs_log *, const char *name, struct mqs_error *err);

#endif
