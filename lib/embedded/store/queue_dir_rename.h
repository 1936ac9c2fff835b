/* queue_dir_rename.h - giving a queue's directory another name in its spool */
#ifndef MQS_EMBEDDED_STORE_QUEUE_DIR_RENAME_H
#define MQS_EMBEDDED_STORE_QUEUE_DIR_RENAME_H

#include "embedded/store/queue_dir.h"

/* flock of a directory, whatever signals come: 0, or -1 and errno. */
int	mqs_dir_lock(int fd, int how);
/*
 * Renames a directory within the spool (a descriptor, and its path for messages), under
 * the spool's lock, and syncs the spool.  MQS_EEXIST: something has that name already.
 */
int	mqs_dir_move(int spool, const char *path, const char *from, const char *to,
	    struct mqs_error *err);
/* MQS_OK while the queue's name in the spool is that of the open directory. */
int	mqs_dir_is_in(const struct mqs_dir *, int spool, struct mqs_error *err);
/* Gives the queue another name.  The caller has the queue to itself. */
int	mqs_dir_rename(const struct mqs_dir *, const char *spool, const char *name,
	    struct mqs_error *err);

#endif
