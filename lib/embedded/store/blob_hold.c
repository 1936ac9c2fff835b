/*
 * blob_hold.c - keeping the large bodies of a queue while they are copied
 *
 * A backup takes a snapshot of the log, and copies the bodies that its records name long
 * after.  Publishers go on to trim meanwhile.  So the backup holds a shared open file
 * description lock on byte 0 of the file `use', and who has removed a record asks for that
 * lock before it unlinks the body: if somebody has it, the file stays, and mqs_blob_sweep
 * removes it some time later, as it does after a crash.
 *
 * A publisher with more large bodies than it may have open files holds them in the same way,
 * until it has committed.  It has an open file of its own for that, since a lock of `use' that
 * the queue's own descriptor has is not counted.
 *
 * The hold begins before the snapshot.  Whoever finds no hold after its commit has removed a
 * record that no later snapshot has.  (flock on `use' is another kind of lock; the two do not
 * know each other.)
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "embedded/store/blob_hold.h"
#include "embedded/store/file.h"

#define HOLD_BYTE	0
#define CHUNK		((size_t)256 * 1024)
#define KERNEL_CHUNK	((size_t)8 << 20)

int
mqs_blob_hold(const struct mqs_dir *dir, struct mqs_error *err)
{
	if (mqs_file_lock(dir->use, F_RDLCK, HOLD_BYTE, 1) == -1)
		return mqs_fail_errno(err, "%s/use: lock", dir->path);
	return MQS_OK;
}

void
mqs_blob_release(const struct mqs_dir *dir)
{
	(void)mqs_file_lock(dir->use, F_UNLCK, HOLD_BYTE, 0);
}

int
mqs_blob_hold_more(const struct mqs_dir *dir, int *hold, struct mqs_error *err)
{
	int rc;

	if ((*hold = openat(dir->fd, "use", O_RDONLY | O_NOFOLLOW | O_CLOEXEC)) == -1)
		return mqs_fail_errno(err, "%s/use", dir->path);
	if (mqs_file_lock(*hold, F_RDLCK, HOLD_BYTE, 1) == 0)
		return MQS_OK;
	rc = mqs_fail_errno(err, "%s/use: lock", dir->path);
	close(*hold);
	*hold = -1;
	return rc;
}

int
mqs_blob_is_held(const struct mqs_dir *dir)
{
	/* If it can't be told, the file stays, and a sweep removes it. */
	return mqs_file_locked(dir->use, HOLD_BYTE, 1) != 0;
}

static int
copy_by_hand(int from, int to, uint64_t at)
{
	char *b = malloc(CHUNK);
	ssize_t n;
	int rc = -1;

	if (b == NULL)
		return -1;
	while ((n = mqs_file_read(from, b, CHUNK, at)) > 0) {
		if (mqs_file_write(to, b, (size_t)n, at) == -1)
			break;
		at += (uint64_t)n;
	}
	if (n == 0)
		rc = 0;
	free(b);
	return rc;
}

/* Copies by the kernel as far as it can: the rest by hand. */
static int
copy_body(int from, int to)
{
	off_t in = 0, out = 0;
	ssize_t n;

	do
		n = copy_file_range(from, &in, to, &out, KERNEL_CHUNK, 0);
	while (n > 0 || (n == -1 && errno == EINTR));
	if (n == -1 && errno != EXDEV && errno != EINVAL && errno != ENOSYS &&
	    errno != EOPNOTSUPP)
		return -1;
	return copy_by_hand(from, to, (uint64_t)out);
}

/*
 * Gives the copy the permissions of the original, and its owner, if that may be done: what
 * root has backed up is read by who reads the queue.  Who is not given the group of the
 * original must not have its rights.
 */
static int
give(int from, int to)
{
	struct stat old, new;
	mode_t mode;

	if (fstat(from, &old) == -1 || fstat(to, &new) == -1)
		return -1;
	mode = old.st_mode & 0777;
	if ((old.st_uid != new.st_uid || old.st_gid != new.st_gid) &&
	    fchown(to, old.st_uid, old.st_gid) == -1 && old.st_gid != new.st_gid &&
	    fchown(to, (uid_t)-1, old.st_gid) == -1)
		mode &= ~(mode_t)070;
	return fchmod(to, mode);
}

static int
write_body(int from, int to)
{
	int rc;

	if (give(from, to) == -1 || copy_body(from, to) == -1)
		return -1;
	while ((rc = fsync(to)) == -1 && errno == EINTR)
		continue;
	return rc;
}

int
mqs_blob_duplicate(const struct mqs_dir *from, const struct mqs_dir *to, uint64_t name,
    struct mqs_error *err)
{
	char text[MQS_FILE_NAME];
	int in, out, rc = MQS_OK;

	in = mqs_file_open(from->blob, mqs_file_name(name, text), O_RDONLY | O_NONBLOCK);
	if (in == -1)
		return errno == ENOENT ? MQS_NOTHING :
		    mqs_file_fail(err, from, "blob", name, "open");
	out = mqs_file_open(to->blob, text, O_RDWR | O_CREAT | O_EXCL);
	if (out == -1)
		rc = mqs_file_fail(err, to, "blob", name, "make");
	else if (write_body(in, out) == -1)
		rc = mqs_file_fail(err, to, "blob", name, "copy");
	if (out != -1)
		close(out);
	close(in);
	return rc;
}
