/* queue_dir_replace.h - putting a finished file in the place of another */
#ifndef MQS_EMBEDDED_STORE_QUEUE_DIR_REPLACE_H
#define MQS_EMBEDDED_STORE_QUEUE_DIR_REPLACE_H

#include "embedded/store/queue_dir.h"

/*
 * Gives the file tmp the owner, group and permissions of another one, whose place it is to
 * take, and syncs it.  MQS_EPERM: it belongs to another user, and only root can keep that.
 */
int	mqs_dir_make_like(const struct mqs_dir *, const char *tmp, const char *name,
	    struct mqs_error *err);
/* Gives a file the owner and group of another one, or at least its group, if that may be done. */
void	mqs_dir_give_like(const struct mqs_dir *, const char *name, const char *like);
/*
 * Puts the synced file tmp in the place of the LMDB file name, with its owner, group and
 * permissions.  The lock file stays, unless another program has the old file open.  The caller
 * has the queue to itself (mqs_dir_open_sole) and has closed the old file.  After an error nothing has changed,
 * unless the directory could not be synced; tmp is removed.
 */
int	mqs_dir_replace(struct mqs_dir *, const char *tmp, const char *name, struct mqs_error *err);

#endif
