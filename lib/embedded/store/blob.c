/*
 * blob.c - large bodies as files of their own
 *
 * Life of a blob: made with O_EXCL - locked - written, hashed on the way - synced,
 * with its directory - (the record that names it is committed) - unlocked - opened
 * by readers - unlinked after the record was removed.  It never changes once its
 * record is there.
 *
 * Killed before the record's commit: an orphan, no longer locked, which
 * mqs_blob_sweep removes.  Killed between removing a record and unlinking: the same.
 * The sweep may come between making a blob and locking it; so the maker looks,
 * holding the lock, whether its file still has a name, and else makes another.  The
 * sweep locks first and takes its snapshot second: a blob that it could lock has no
 * writer, so if a record names it, the snapshot has that record.
 *
 * Linking: a dead letter's body, or a redriven one's, can be the same file under a
 * second name, since neither ever changes.  The file is locked, shared, before it gets the
 * name, so that a sweep of either queue takes it for one that is being written; as
 * nobody waits for that lock, two that link the same can't block each other.  Each name
 * goes on its own; the file goes with the last.
 *
 * A batch may have more blobs than the process may have open files.  They are suspended:
 * synced, closed, and no longer locked.  Instead, the publisher holds all bodies of the queue
 * (blob_hold.h), from before the first is closed until the commit.  The sweep looks for that
 * hold before it takes its snapshot: without one, what it could lock has no writer.
 *
 * A blob that could not be written is removed at once, since a full disk needs the
 * room, and stays failed: no later call on it succeeds.
 *
 * Copying: by the kernel, then reading back what is to be hashed.  Measured with
 * 256 MiB, that takes about as long as writing from a mapping, and 0.6 of reading and
 * writing; a mapping would be SIGBUS if the source shrank.  Starting the disk every
 * 8 MiB hides most of the final sync.
 */
#include <bsd/stdlib.h>

#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "embedded/store/blob.h"
#include "embedded/store/directory.h"
#include "embedded/store/file.h"

#define CHUNK		((size_t)256 * 1024)
#define DISK_EVERY	((uint64_t)8 * 1024 * 1024)

struct mqs_blob {
	const struct mqs_dir *dir;	/* outlives the blob */
	int		 fd;		/* locked; -1: failed, and removed */
	uint64_t	 name;
	uint64_t	 size;
	uint64_t	 on_way;	/* bytes that the disk was told to write */
	int		 finished;
	int		 suspended;	/* finished, and its file is closed or not locked */
	struct mqs_blob_ref ref;	/* once it is finished */
	struct mqs_error failure;
	XXH3_state_t	*hash;
};

/* Removes the file; if that fails, it is an orphan. */
static void
remove_file(struct mqs_blob *blob)
{
	if (blob->fd == -1 && !blob->suspended)
		return;
	(void)mqs_blob_unlink(blob->dir, blob->name, NULL);
	if (blob->fd != -1)
		close(blob->fd);
	blob->fd = -1;
	blob->suspended = 0;
}

/* Removes the blob because of blob->failure. */
static int
spoil(struct mqs_blob *blob, struct mqs_error *err)
{
	remove_file(blob);
	if (err != NULL)
		*err = blob->failure;
	return blob->failure.code;
}

static int
spoil_errno(struct mqs_blob *blob, struct mqs_error *err, const char *what)
{
	mqs_file_fail(&blob->failure, blob->dir, "blob", blob->name, what);
	return spoil(blob, err);
}

static int
lock_file(int fd, int how)
{
	int rc;

	do {
		rc = flock(fd, how);
	} while (rc == -1 && errno == EINTR);
	return rc;
}

/* Makes a file, locks it and sees that it is there still: 1, 0 if not, or -1. */
static int
make_file(struct mqs_blob *blob)
{
	char name[MQS_FILE_NAME];
	struct stat st;

	arc4random_buf(&blob->name, sizeof(blob->name));
	blob->fd = mqs_file_open(blob->dir->blob,
	    mqs_file_name(blob->name, name), O_RDWR | O_CREAT | O_EXCL);
	if (blob->fd == -1)
		return errno == EEXIST ? 0 : -1;
	if (lock_file(blob->fd, LOCK_EX) == -1 || fstat(blob->fd, &st) == -1)
		return -1;
	if (st.st_nlink == 0 || blob->name == 0) {	/* 0 is no blob */
		remove_file(blob);
		return 0;
	}
	return mqs_file_share(blob->fd, blob->dir->blob) == -1 ? -1 : 1;
}

int
mqs_blob_new(struct mqs_blob **out, const struct mqs_dir *dir,
    struct mqs_error *err)
{
	struct mqs_blob *blob;
	int rc;

	*out = NULL;
	if ((blob = calloc(1, sizeof(*blob))) == NULL)
		return mqs_fail_errno(err, "%s/blob", dir->path);
	blob->dir = dir;
	blob->fd = -1;
	if ((blob->hash = XXH3_createState()) == NULL) {
		errno = ENOMEM;
		goto failed;
	}
	XXH3_64bits_reset(blob->hash);
	do {
		rc = make_file(blob);
	} while (rc == 0);
	if (rc == -1)
		goto failed;
	*out = blob;
	return 0;
failed:
	rc = mqs_fail_errno(err, "%s/blob", dir->path);
	mqs_blob_free(blob, 0);
	return rc;
}

/* 0, or why nothing can be added. */
static int
check_open(const struct mqs_blob *blob, struct mqs_error *err)
{
	if (blob->fd == -1 && !blob->suspended) {
		if (err != NULL)
			*err = blob->failure;
		return blob->failure.code;
	}
	if (blob->finished)
		return mqs_fail(err, MQS_EBUG, "%s/blob: is finished",
		    blob->dir->path);
	return 0;
}

/* Takes note of n bytes that were added. */
static void
added(struct mqs_blob *blob, const void *p, size_t n)
{
	XXH3_64bits_update(blob->hash, p, n);
	blob->size += n;
	if (blob->size - blob->on_way < DISK_EVERY)
		return;
	/* Only to have less to wait for at the end: no matter if it fails. */
	(void)sync_file_range(blob->fd, (off_t)blob->on_way,
	    (off_t)(blob->size - blob->on_way), SYNC_FILE_RANGE_WRITE);
	blob->on_way = blob->size;
}

int
mqs_blob_write(struct mqs_blob *blob, const void *p, size_t n,
    struct mqs_error *err)
{
	int rc;

	if ((rc = check_open(blob, err)) != 0)
		return rc;
	if (mqs_file_write(blob->fd, p, n, blob->size) == -1)
		return spoil_errno(blob, err, "write");
	added(blob, p, n);
	return 0;
}

/* The kernel can't copy between these two files; a plain copy may do. */
static int
cannot_copy(int error)
{
	return error == EXDEV || error == EINVAL || error == ENOSYS ||
	    error == EOPNOTSUPP || error == EPERM || error == EBADF ||
	    error == EISDIR || error == ETXTBSY;
}

/*
 * Copies up to n bytes at `from' of fd by the kernel, and reads them back into b: how
 * many, 0 if it can't (or the file ended: the plain copy finds out), or -1.
 */
static ssize_t
copy_by_kernel(const struct mqs_blob *blob, int fd, uint64_t from, char *b, size_t n)
{
	off_t in = (off_t)from, out = (off_t)blob->size;
	ssize_t copied;

	do {
		copied = copy_file_range(fd, &in, blob->fd, &out, n, 0);
	} while (copied == -1 && errno == EINTR);
	if (copied == -1)
		return cannot_copy(errno) ? 0 : -1;
	return mqs_file_read(blob->fd, b, (size_t)copied, blob->size);
}

/* The plain way: how many, 0 at the end of the file, or -1. */
static ssize_t
copy_by_hand(const struct mqs_blob *blob, int fd, uint64_t from, char *b, size_t n)
{
	ssize_t got = mqs_file_read(fd, b, n, from);

	if (got > 0 && mqs_file_write(blob->fd, b, (size_t)got, blob->size) == -1)
		return -1;
	return got;
}

static int
copy(struct mqs_blob *blob, int fd, uint64_t size, char *b, struct mqs_error *err)
{
	uint64_t from = 0;
	int by_kernel = 1;
	ssize_t n;
	size_t want;

	while (from < size) {
		want = size - from < CHUNK ? (size_t)(size - from) : CHUNK;
		n = by_kernel ? copy_by_kernel(blob, fd, from, b, want) : 0;
		if (n == 0) {
			by_kernel = 0;
			n = copy_by_hand(blob, fd, from, b, want);
		}
		if (n == -1)
			return spoil_errno(blob, err, "copy");
		if (n == 0) {
			mqs_fail(&blob->failure, MQS_EDATA,
			    "body: ended after %llu of %llu bytes",
			    (unsigned long long)from, (unsigned long long)size);
			return spoil(blob, err);
		}
		added(blob, b, (size_t)n);
		from += (uint64_t)n;
	}
	return 0;
}

int
mqs_blob_copy(struct mqs_blob *blob, int fd, uint64_t size, struct mqs_error *err)
{
	char *b;
	int rc;

	if ((rc = check_open(blob, err)) != 0)
		return rc;
	if ((b = malloc(CHUNK)) == NULL)
		return spoil_errno(blob, err, "copy");
	rc = copy(blob, fd, size, b, err);
	free(b);
	return rc;
}

uint64_t
mqs_blob_size(const struct mqs_blob *blob)
{
	return blob->size;
}

int
mqs_blob_fd(struct mqs_blob *blob)
{
	char name[MQS_FILE_NAME];

	if (blob->fd == -1 && blob->suspended)
		blob->fd = mqs_file_open(blob->dir->blob, mqs_file_name(blob->name, name),
		    O_RDONLY);
	return blob->fd;
}

/*
 * The file's own size is compared as well: what a write or copy said it did must be
 * there before it is promised.
 */
int
mqs_blob_finish(struct mqs_blob *blob, struct mqs_blob_ref *ref,
    struct mqs_error *err)
{
	struct stat st;
	int rc;

	if (blob->suspended) {
		*ref = blob->ref;
		return 0;
	}
	if ((rc = check_open(blob, err)) != 0)
		return rc;
	if (fstat(blob->fd, &st) == -1)
		return spoil_errno(blob, err, "size");
	if ((uint64_t)st.st_size != blob->size) {
		errno = EIO;
		return spoil_errno(blob, err, "is of another size than was written");
	}
	while (fsync(blob->fd) == -1) {
		if (errno != EINTR)
			return spoil_errno(blob, err, "sync");
	}
	if (mqs_dir_sync(blob->dir->blob, blob->dir->path, &blob->failure) != 0)
		return spoil(blob, err);
	blob->finished = 1;
	ref->name = blob->name;
	ref->size = blob->size;
	ref->hash = XXH3_64bits_digest(blob->hash);
	return 0;
}

int
mqs_blob_suspend(struct mqs_blob *blob, struct mqs_error *err)
{
	int rc;

	if (!blob->suspended && (rc = mqs_blob_finish(blob, &blob->ref, err)) != 0)
		return rc;
	blob->suspended = 1;
	if (blob->fd != -1)
		close(blob->fd);
	blob->fd = -1;
	if (blob->hash != NULL)
		XXH3_freeState(blob->hash);
	blob->hash = NULL;
	return 0;
}

/* Gives an open, locked file a second name that is free: 0 or -1. */
static int
link_file(struct mqs_blob *blob, const struct mqs_dir *from, uint64_t name)
{
	char old[MQS_FILE_NAME], new[MQS_FILE_NAME];
	int rc;

	mqs_file_name(name, old);
	do {
		do {
			arc4random_buf(&blob->name, sizeof(blob->name));
		} while (blob->name == 0);
		rc = linkat(from->blob, old, blob->dir->blob,
		    mqs_file_name(blob->name, new), 0);
	} while (rc == -1 && errno == EEXIST);
	return rc;
}

/* Locks the open file and gives it a name in the blob's queue: 0, or -1 if it can't be. */
static int
share_file(struct mqs_blob *blob, const struct mqs_dir *from, uint64_t name)
{
	struct stat st;

	if (fstat(blob->fd, &st) == -1 || !mqs_file_fits(&st, blob->dir->blob) ||
	    lock_file(blob->fd, LOCK_SH | LOCK_NB) == -1)
		return -1;
	return link_file(blob, from, name);
}

int
mqs_blob_link(struct mqs_blob **out, const struct mqs_dir *dir,
    const struct mqs_dir *from, struct mqs_blob_ref *ref, struct mqs_error *err)
{
	struct mqs_blob *blob;
	int rc;

	*out = NULL;
	if ((blob = calloc(1, sizeof(*blob))) == NULL)
		return mqs_fail_errno(err, "%s/blob", dir->path);
	blob->dir = dir;
	blob->size = ref->size;
	blob->finished = 1;
	rc = mqs_blob_open(from, ref, 0, &blob->fd, err);
	if (rc == MQS_OK && share_file(blob, from, ref->name) == -1) {
		close(blob->fd);	/* it is the other's only */
		blob->fd = -1;
		rc = MQS_NOTHING;
	}
	if (rc == MQS_OK)
		rc = mqs_dir_sync(dir->blob, dir->path, err);
	if (rc != MQS_OK) {
		mqs_blob_free(blob, 0);
		return rc;
	}
	ref->name = blob->name;
	*out = blob;
	return MQS_OK;
}

void
mqs_blob_free(struct mqs_blob *blob, int keep)
{
	if (blob == NULL)
		return;
	if (!keep)
		remove_file(blob);	/* while it is locked */
	if (blob->fd != -1)
		close(blob->fd);
	if (blob->hash != NULL)
		XXH3_freeState(blob->hash);
	free(blob);
}
