/*
 * lock_file.c - see lock_file.h
 *
 * LMDB counts the readers and the transactions of a data file in the lock file, and the
 * processes that have the data file open hold locks (fcntl) on it.  The first of them, which
 * finds no such lock, writes it anew: so a lock file that nobody has locked may stand beside
 * any data file.
 *
 * Closing a file drops all fcntl locks that this process has on it, LMDB's too.  Hence
 * only mqs_lock_file_share, which does not open it, may be called while this process has the
 * data file open.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "embedded/store/lock_file.h"

#define LOCK_BYTES	69632	/* 64 for each of 1,024 readers, and LMDB's own page */

int
mqs_lock_file_name(const char *data_file, char name[NAME_MAX + 1])
{
	return snprintf(name, NAME_MAX + 1, "%s-lock", data_file) > NAME_MAX ? -1 : 0;
}

/*
 * The size is left to LMDB, which makes a file that it finds short longer: only the
 * blocks are taken.  A file that has its size has been used, and is used further even
 * if its holes can't be filled: a queue that is full must still be read.
 */
int
mqs_lock_file_fill(int dir, const char *data_file, const char *name, mode_t mode,
    struct mqs_error *err)
{
	char lock[NAME_MAX + 1];
	struct stat st;
	int fd, rc, reason;

	if (mqs_lock_file_name(data_file, lock) == -1)
		return MQS_OK;
	fd = openat(dir, lock, O_RDWR | O_CREAT | O_CLOEXEC, mode);
	if (fd == -1)
		return MQS_OK;		/* LMDB finds out as well, and whether it matters */
	if (fstat(fd, &st) == -1 || (uint64_t)st.st_blocks * 512 >= LOCK_BYTES) {
		close(fd);
		return MQS_OK;
	}
	while ((rc = fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, LOCK_BYTES)) == -1 &&
	    errno == EINTR)
		continue;
	reason = errno;
	close(fd);
	if (rc == 0 || st.st_size > 0 || (reason != ENOSPC && reason != EDQUOT))
		return MQS_OK;
	errno = reason;
	return mqs_fail_errno(err, "%s-lock", name);
}

void
mqs_lock_file_share(int dir, const char *data_file, mode_t data)
{
	mode_t mode = (data & 0444) | (data & 0444) >> 1;
	char lock[NAME_MAX + 1];
	struct stat st;

	if (mqs_lock_file_name(data_file, lock) == -1 ||
	    fstatat(dir, lock, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    (st.st_mode & 0666) == mode)
		return;
	if (fchmodat(dir, lock, mode, 0) == -1)
		return;		/* who then can't open it gets an error that says so */
}

int
mqs_lock_file_in_use(int dir, const char *data_file)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char name[NAME_MAX + 1];
	int fd, used;

	if (mqs_lock_file_name(data_file, name) == -1)
		return 1;
	if ((fd = openat(dir, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC)) == -1)
		return errno != ENOENT;
	used = fcntl(fd, F_OFD_GETLK, &lock) == -1 || lock.l_type != F_UNLCK;
	close(fd);
	return used;
}
