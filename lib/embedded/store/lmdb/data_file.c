/*
 * data_file.c - an LMDB data file before LMDB sees it (rule 8.17)
 *
 * LMDB maps its file and follows page numbers: a file that is shorter than its meta
 * page says kills the reader with SIGBUS, and an empty one silently becomes a new
 * database.  So the two meta pages are read with pread before LMDB sees the file.
 *
 * A file is opened for writing where that is allowed, even to look at it, so that an
 * overlay has copied it up before anybody compares inodes (rule 8.16).
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <unistd.h>

#include "base/error.h"
#include "embedded/store/lock_file.h"
#include "embedded/store/lmdb/data_file.h"
#include "embedded/store/lmdb/page_format.h"

#define META_TRIES	100	/* to read both meta pages while others commit */

static ssize_t
read_at(int fd, void *buf, size_t n, off_t at)
{
	size_t done = 0;
	ssize_t got;

	while (done < n) {
		got = pread(fd, (char *)buf + done, n - done, at + (off_t)done);
		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			return -1;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

static int
truncated(const char *name, uint64_t size, uint64_t needed, struct mqs_error *err)
{
	return mqs_fail(err, MQS_EDAMAGED,
	    "%s: truncated (%" PRIu64 " of %" PRIu64 " bytes)", name, size, needed);
}

/* Reads and verifies the meta page at an offset. */
static int
read_meta(int fd, const char *name, uint64_t at, struct mqs_page_meta *m,
    struct mqs_error *err)
{
	uint32_t size;
	ssize_t n;

	if ((n = read_at(fd, m, sizeof(*m), (off_t)at)) == -1)
		return mqs_fail_errno(err, "%s", name);
	if (n == 0 && at == 0)
		return mqs_fail(err, MQS_EDAMAGED, "%s: empty", name);
	if ((size_t)n < sizeof(*m))
		return truncated(name, at + (uint64_t)n, at + sizeof(*m), err);
	if (!(m->header.flags & MQS_PAGE_META) || m->magic != MQS_PAGE_MAGIC)
		return mqs_fail(err, MQS_EDAMAGED, "%s: damaged: not a database", name);
	if (m->version != MQS_PAGE_VERSION)
		return mqs_fail(err, MQS_EVERSION,
		    "%s: database format %" PRIu32 ", this version of mq knows %" PRIu32,
		    name, m->version, MQS_PAGE_VERSION);
	size = m->trees[0].page_size;
	if (size < 256 || size > 65536 || (size & (size - 1)) != 0 ||
	    m->last_page > (size_t)(INT64_MAX >> 17))
		return mqs_fail(err, MQS_EDAMAGED, "%s: damaged: meta page %d", name, at > 0);
	return MQS_OK;
}

static int
fail_meta(const char *name, int page, struct mqs_error *err)
{
	return mqs_fail(err, MQS_EDAMAGED, "%s: damaged: meta page %d", name, page);
}

/*
 * The first meta page is of another version.  If the second, where it lies in a file of
 * this version and machine, is of this one, then the first is damaged.
 */
static int
fail_version(int fd, const char *name, const struct mqs_page_meta *first,
    struct mqs_error *err)
{
	struct mqs_page_meta second;

	if (read_meta(fd, name, first->trees[0].page_size, &second, NULL) == MQS_OK)
		return fail_meta(name, 0, err);
	return MQS_EVERSION;
}

static int
read_metas(int fd, const char *name, struct mqs_page_meta metas[2], struct mqs_error *err)
{
	uint32_t size;
	int rc;

	if ((rc = read_meta(fd, name, 0, &metas[0], err)) != MQS_OK)
		return rc == MQS_EVERSION ? fail_version(fd, name, &metas[0], err) : rc;
	size = metas[0].trees[0].page_size;
	if ((rc = read_meta(fd, name, size, &metas[1], err)) != MQS_OK)
		return rc == MQS_EVERSION ? fail_meta(name, 1, err) : rc;
	return metas[1].trees[0].page_size != size ? fail_meta(name, 1, err) : MQS_OK;
}

/*
 * Reads both meta pages.  They are of two commits, one right after the other: a commit is
 * flushed before the meta page of the next one is written.  A page with another number is
 * damaged; believed, it could undo the last commit.  Others may commit between the reads, so
 * a pair that does not fit must stay the same to be one that is damaged.
 */
static int
read_pair(int fd, const char *name, struct mqs_page_meta metas[2], struct mqs_error *err)
{
	size_t before[2] = { SIZE_MAX, SIZE_MAX }, even, odd;
	int rc, try;

	for (try = 0; try < META_TRIES; try++) {
		if ((rc = read_metas(fd, name, metas, err)) != MQS_OK)
			return rc;
		even = metas[0].tx;
		odd = metas[1].tx;
		if (even % 2 == 0 && ((odd % 2 == 1 && (odd == even + 1 || even == odd + 1)) ||
		    (even == 0 && odd == 0)))
			return MQS_OK;
		if (before[0] == even && before[1] == odd)
			return fail_meta(name, even > odd ? 0 : 1, err);
		before[0] = even;
		before[1] = odd;
	}
	return MQS_OK;
}

int
mqs_dbfile_read(int fd, const char *name, struct mqs_data_file *file,
    struct mqs_error *err)
{
	struct mqs_page_meta metas[2];
	const struct mqs_page_meta *newer;
	struct stat st;
	int rc;

	if ((rc = read_pair(fd, name, metas, err)) != MQS_OK)
		return rc;
	file->page_size = metas[0].trees[0].page_size;
	newer = metas[1].tx > metas[0].tx ? &metas[1] : &metas[0];
	file->tx = newer->tx;
	file->needed = ((uint64_t)newer->last_page + 1) * file->page_size;
	/* Asked last: what a commit adds meanwhile was added before its meta page. */
	if (fstat(fd, &st) == -1)
		return mqs_fail_errno(err, "%s", name);
	file->dev = st.st_dev;
	file->ino = st.st_ino;
	file->size = (uint64_t)st.st_size;
	if (file->size < file->needed)
		return truncated(name, file->size, file->needed, err);
	return MQS_OK;
}

uint64_t
mqs_dbfile_last_commit(int fd, uint32_t page_size)
{
	const off_t at = offsetof(struct mqs_page_meta, tx);
	size_t first, second;

	if (read_at(fd, &first, sizeof(first), at) != (ssize_t)sizeof(first) ||
	    read_at(fd, &second, sizeof(second), (off_t)page_size + at) !=
	    (ssize_t)sizeof(second))
		return 0;
	return first > second ? first : second;
}

int
mqs_dbfile_meta(int fd, const char *name, uint32_t page_size, uint64_t tx,
    struct mqs_page_meta *meta, struct mqs_error *err)
{
	int rc;

	if ((rc = read_meta(fd, name, tx % 2 * page_size, meta, err)) != MQS_OK)
		return rc;
	if (meta->tx != tx || meta->trees[0].page_size != page_size)
		return mqs_fail(err, MQS_EDAMAGED,
		    "%s: damaged: page %d: not the meta page of commit %" PRIu64, name,
		    (int)(tx % 2), tx);
	return MQS_OK;
}

int
mqs_dbfile_check(int dir, const char *file, const char *name, int *readonly,
    struct mqs_data_file *out, struct mqs_error *err)
{
	const int flags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	struct stat st;
	int fd, rc;

	fd = openat(dir, file, O_RDWR | flags);
	if (readonly != NULL)
		*readonly = 0;
	if (fd == -1 && (errno == EACCES || errno == EROFS) && readonly != NULL) {
		*readonly = 1;
		fd = openat(dir, file, O_RDONLY | flags);
	}
	if (fd == -1 && errno == EISDIR)
		return mqs_fail(err, MQS_EDAMAGED, "%s: not a file", name);
	if (fd == -1)
		return mqs_fail_errno(err, "%s", name);
	if (fstat(fd, &st) == -1)
		rc = mqs_fail_errno(err, "%s", name);
	else if (!S_ISREG(st.st_mode))
		rc = mqs_fail(err, MQS_EDAMAGED, "%s: not a file", name);
	else
		rc = mqs_dbfile_read(fd, name, out, err);
	close(fd);
	return rc;
}

int
mqs_dbfile_make(int dir, const char *file, const char *name, mode_t mode,
    struct mqs_data_file *out, struct mqs_error *err)
{
	struct stat st;
	int fd, rc = MQS_OK;

	fd = openat(dir, file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd == -1 && errno == EEXIST)
		return mqs_fail(err, MQS_EEXIST, "%s: exists already", name);
	if (fd == -1)
		return mqs_fail_errno(err, "%s", name);
	if (fstat(fd, &st) == -1)
		rc = mqs_fail_errno(err, "%s", name);
	else
		*out = (struct mqs_data_file){ .dev = st.st_dev, .ino = st.st_ino };
	close(fd);
	return rc;
}

void
mqs_dbfile_unmake(int dir, const char *file)
{
	char lock[NAME_MAX + 1];

	(void)unlinkat(dir, file, 0);
	if (mqs_lock_file_name(file, lock) == 0)
		(void)unlinkat(dir, lock, 0);
}
