/*
 * queue_dir_rename.c - giving a queue's directory another name in its spool
 *
 * One rename, which replaces nothing, then a sync of the spool's directory.  A crash
 * before the rename leaves the old name, a crash after it the new one; until the sync, the
 * loss of power may undo it.  What is in the directory does not change.
 *
 * All renames are done under an exclusive flock of the spool's directory, and whoever
 * lists the spool holds a shared one: a list made meanwhile has a queue under one of its
 * names.  Where the filesystem can't promise not to replace, the lock makes the two steps
 * of mqs_rename_new one.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "embedded/store/directory.h"
#include "embedded/store/queue_dir_rename.h"

int
mqs_dir_lock(int fd, int how)
{
	while (flock(fd, how) == -1) {
		if (errno != EINTR)
			return -1;
	}
	return 0;
}

int
mqs_dir_move(int spool, const char *path, const char *from, const char *to,
    struct mqs_error *err)
{
	int rc = MQS_OK;

	if (mqs_dir_lock(spool, LOCK_EX) == -1)
		return mqs_fail_errno(err, "%s: lock", path);
	if (mqs_rename_new(spool, from, spool, to) == -1)
		rc = errno == EEXIST ?
		    mqs_fail(err, MQS_EEXIST, "%s: exists already", to) :
		    mqs_fail_errno(err, "%s/%s", path, from);
	(void)mqs_dir_lock(spool, LOCK_UN);
	return rc == MQS_OK ? mqs_dir_sync(spool, path, err) : rc;
}

int
mqs_dir_is_in(const struct mqs_dir *dir, int spool, struct mqs_error *err)
{
	struct stat here, there;

	if (fstat(dir->fd, &here) == -1)
		return mqs_fail_errno(err, "%s", dir->path);
	if (fstatat(spool, dir->name, &there, 0) == -1 ||
	    here.st_dev != there.st_dev || here.st_ino != there.st_ino)
		return mqs_fail(err, MQS_ENOENT, "%s: queue was deleted", dir->name);
	return MQS_OK;
}

int
mqs_dir_rename(const struct mqs_dir *dir, const char *spool, const char *name,
    struct mqs_error *err)
{
	struct stat st;
	int fd, rc;

	if ((fd = open(spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return mqs_fail_errno(err, "%s", spool);
	/* A symbolic link would be renamed in place of the queue that it leads to. */
	if (fstatat(fd, dir->name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
		rc = mqs_fail(err, MQS_ECONFIG, "%s/%s: is a symbolic link: rename it with mv",
		    spool, dir->name);
	else if ((rc = mqs_dir_is_in(dir, fd, err)) == MQS_OK)
		rc = mqs_dir_move(fd, spool, dir->name, name, err);
	close(fd);
	return rc;
}
