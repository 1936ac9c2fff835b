/*
 * queue_dir_replace.c - putting a finished file in the place of another (rule 8.19)
 *
 * The steps, and what a crash after each leaves:
 *
 *	owner and permissions of the new file	a temporary file, which is swept
 *	sync of the new file			the same
 *	a lock file that is in use is removed	the old file; who opens it makes a lock file
 *	rename over the old file		the old file or the new one, each whole
 *	sync of the directory			the new file
 *
 * A lock file counts transactions and readers of its data file, so it must never be in use
 * beside another.  Whoever opens a queue holds its file `use' shared; who replaces holds it
 * exclusively, so nobody has the old files open.  The lock file that nobody has locked stays
 * (lock_file.c says why it may), with the room that it takes on the disk: if the disk is full
 * when the queue is opened the next time, there would be none for another.  A program other
 * than mq's may have the old file open; then the lock file goes with it.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "embedded/store/directory.h"
#include "embedded/store/lock_file.h"
#include "embedded/store/queue_dir_replace.h"

/*
 * The new file gets the owner of the old one.  Who is not root can't do that with another's
 * file: then it is enough that the group is the same and may do what the owner may.
 */
static int
give(int fd, const struct stat *old)
{
	struct stat st;

	if (fstat(fd, &st) == -1 || fchmod(fd, old->st_mode & 0777) == -1)
		return -1;
	if ((st.st_uid == old->st_uid && st.st_gid == old->st_gid) ||
	    fchown(fd, old->st_uid, old->st_gid) == 0)
		return 0;
	if (errno != EPERM || (old->st_mode >> 6 & 6) != (old->st_mode >> 3 & 6))
		return -1;
	if (st.st_gid != old->st_gid && fchown(fd, (uid_t)-1, old->st_gid) == -1)
		return -1;
	return 0;
}

int
mqs_dir_make_like(const struct mqs_dir *dir, const char *tmp, const char *name,
    struct mqs_error *err)
{
	struct stat old;
	int fd, rc = MQS_OK;

	if (fstatat(dir->fd, name, &old, AT_SYMLINK_NOFOLLOW) == -1)
		return mqs_fail_errno(err, "%s/%s", dir->path, name);
	if ((fd = openat(dir->fd, tmp, O_RDWR | O_NOFOLLOW | O_CLOEXEC)) == -1)
		return mqs_fail_errno(err, "%s/%s", dir->path, tmp);
	if (give(fd, &old) == -1)
		rc = mqs_fail(err, MQS_EPERM,
		    "%s/%s: belongs to another user, and only root can keep that", dir->path,
		    name);
	while (rc == MQS_OK && fsync(fd) == -1)
		if (errno != EINTR)
			rc = mqs_fail_errno(err, "%s/%s: not synced", dir->path, tmp);
	close(fd);
	return rc;
}

void
mqs_dir_give_like(const struct mqs_dir *dir, const char *name, const char *like)
{
	struct stat st, to;

	if (fstatat(dir->fd, name, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    fstatat(dir->fd, like, &to, AT_SYMLINK_NOFOLLOW) == -1 ||
	    (st.st_uid == to.st_uid && st.st_gid == to.st_gid))
		return;
	if (fchownat(dir->fd, name, to.st_uid, to.st_gid, AT_SYMLINK_NOFOLLOW) == -1 &&
	    fchownat(dir->fd, name, (uid_t)-1, to.st_gid, AT_SYMLINK_NOFOLLOW) == -1)
		return;		/* who then can't open it gets an error that says so */
}

static int
replace(const struct mqs_dir *dir, const char *tmp, const char *name, struct mqs_error *err)
{
	char lock[NAME_MAX + 1];

	if (mqs_lock_file_name(name, lock) == -1)
		return mqs_fail(err, MQS_EINVAL, "%s/%s: name too long", dir->path, name);
	if (mqs_lock_file_in_use(dir->fd, name) && unlinkat(dir->fd, lock, 0) == -1 &&
	    errno != ENOENT)
		return mqs_fail_errno(err, "%s/%s", dir->path, lock);
	if (renameat(dir->fd, tmp, dir->fd, name) == -1)
		return mqs_fail_errno(err, "%s/%s", dir->path, name);
	return MQS_OK;
}

int
mqs_dir_replace(struct mqs_dir *dir, const char *tmp, const char *name, struct mqs_error *err)
{
	int rc;

	if ((rc = mqs_dir_make_like(dir, tmp, name, err)) == MQS_OK &&
	    (rc = mqs_dir_gate(dir, 1, err)) == MQS_OK) {
		rc = replace(dir, tmp, name, err);
		(void)mqs_dir_gate(dir, 0, NULL);
	}
	if (rc == MQS_OK)
		return mqs_dir_sync(dir->fd, dir->path, err);
	(void)unlinkat(dir->fd, tmp, 0);
	return rc;
}
