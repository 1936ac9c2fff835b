/*
 * status_page.c - status pages
 *
 * Layout (little-endian):
 *
 *	   0	magic "mqpage\0\1"; its last byte is the format's version
 *	   8	boot number
 *	  16	transaction number
 *	  24	64 values of 8 bytes
 *	 536	zeros
 *	4088	XXH3-64 of the 4,088 bytes before it
 *
 * Writers take turns by a lock on byte 0, so that comparing and replacing is one
 * step; readers take no lock, so that a scrape needs no permission to write and a
 * writer never waits for a reader.  A reader that comes in the middle of a write
 * sees a checksum that doesn't fit, and looks again.
 *
 * The page is a hint with a safe failing: killed before the write, the old page
 * stays (a floor that is too low, a wake that comes with the next second); killed
 * within, a torn one (floor 0) which any later write mends, since only a page that
 * verifies can be newer.  Killed while making the file: a temporary file that
 * mqs_dir_sweep removes.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "embedded/store/file.h"
#include "embedded/store/status_page.h"

#define AT_BOOT		8
#define AT_TX		16
#define AT_VALUES	24
#define AT_CHECKSUM	(MQS_PAGE_SIZE - 8)
#define HEADER_SIZE	AT_VALUES

#define TRIES		10
#define TRIES_BY_YIELD	4
#define PAUSE_NS	50000

static const unsigned char magic[8] = { 'm', 'q', 'p', 'a', 'g', 'e', 0, 1 };

static void
encode(unsigned char *b, uint64_t boot, const struct mqs_page *page)
{
	size_t i;

	memset(b, 0, MQS_PAGE_SIZE);
	memcpy(b, magic, sizeof(magic));
	mqs_put_le64(b + AT_BOOT, boot);
	mqs_put_le64(b + AT_TX, page->tx);
	for (i = 0; i < MQS_PAGE_VALUES; i++)
		mqs_put_le64(b + AT_VALUES + 8 * i, page->v[i]);
	mqs_put_le64(b + AT_CHECKSUM, XXH3_64bits(b, AT_CHECKSUM));
}

/* A page of this format and boot, going by its header alone. */
static int
is_ours(const unsigned char *b, uint64_t boot)
{
	return memcmp(b, magic, sizeof(magic)) == 0 &&
	    mqs_get_le64(b + AT_BOOT) == boot;
}

static int
verifies(const unsigned char *b)
{
	return mqs_get_le64(b + AT_CHECKSUM) == XXH3_64bits(b, AT_CHECKSUM);
}

static void
decode(const unsigned char *b, struct mqs_page *page)
{
	size_t i;

	page->tx = mqs_get_le64(b + AT_TX);
	for (i = 0; i < MQS_PAGE_VALUES; i++)
		page->v[i] = mqs_get_le64(b + AT_VALUES + 8 * i);
}

/* Reports errno, with the file's name. */
static int
fail(struct mqs_error *err, int fd, const char *what)
{
	char path[256];
	int error = errno;

	mqs_file_path(fd, path, sizeof(path));
	errno = error;
	return mqs_fail_errno(err, "%s: %s", path, what);
}

/*
 * Makes the file under a temporary name, so that nobody finds it with the umask's
 * permissions instead of the directory's.  Somebody else being faster is fine.
 */
static int
make_file(const struct mqs_dir *dir, const char *name)
{
	char temp[MQS_FILE_TEMP];
	int fd, rc, error;

	if ((fd = mqs_file_temp(dir->fd, temp)) == -1)
		return -1;
	if ((rc = mqs_file_share(fd, dir->fd)) == 0)
		rc = mqs_file_place(dir->fd, temp, name);
	else
		unlinkat(dir->fd, temp, 0);
	error = errno;
	close(fd);
	errno = error;
	return rc == -1 && error != EEXIST ? -1 : 0;
}

/*
 * With make, it must be writable; else a page that may only be read will do.
 * MQS_NOTHING without make: there is none.
 */
int
mqs_page_open(const struct mqs_dir *dir, const char *name, int make, int *fd,
    struct mqs_error *err)
{
	int try;

	*fd = mqs_file_open(dir->fd, name, O_RDWR);
	/* ENOENT again: the temporary file was swept, or the queue is gone. */
	for (try = 0; *fd == -1 && errno == ENOENT && make && try < TRIES; try++) {
		if (make_file(dir, name) == 0)
			*fd = mqs_file_open(dir->fd, name, O_RDWR);
	}
	if (*fd == -1 && !make &&
	    (errno == EACCES || errno == EPERM || errno == EROFS))
		*fd = mqs_file_open(dir->fd, name, O_RDONLY);
	if (*fd != -1)
		return 0;
	if (errno == ENOENT && !make)
		return MQS_NOTHING;
	return mqs_fail_errno(err, "%s/%s", dir->path, name);
}

int
mqs_page_peek_any(const struct mqs_dir *dir, const char *name, struct mqs_page *page,
    int *this_boot)
{
	unsigned char b[MQS_PAGE_SIZE];
	ssize_t n;
	int fd;

	if ((fd = mqs_file_open(dir->fd, name, O_RDONLY)) == -1)
		return MQS_NOTHING;
	n = mqs_file_read(fd, b, sizeof(b), 0);
	close(fd);
	if (n < MQS_PAGE_SIZE || memcmp(b, magic, sizeof(magic)) != 0 || !verifies(b))
		return MQS_NOTHING;
	decode(b, page);
	if (this_boot != NULL)
		*this_boot = is_ours(b, mqs_boot());
	return MQS_OK;
}

enum state {
	GOOD,
	NONE,		/* missing, of another boot or format */
	TORN,		/* doesn't verify; perhaps it is just being written */
	FAILED		/* see errno */
};

static enum state
read_once(int fd, uint64_t boot, unsigned char *b)
{
	ssize_t n = mqs_file_read(fd, b, MQS_PAGE_SIZE, 0);

	if (n == -1)
		return FAILED;
	if (n < MQS_PAGE_SIZE || !is_ours(b, boot))
		return NONE;
	return verifies(b) ? GOOD : TORN;
}

static void
pause_a_little(int try)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };

	if (try < TRIES_BY_YIELD)
		sched_yield();
	else
		nanosleep(&pause, NULL);
}

int
mqs_page_read(int fd, struct mqs_page *page, struct mqs_error *err)
{
	unsigned char b[MQS_PAGE_SIZE];
	const uint64_t boot = mqs_boot();
	enum state state = TORN;
	int try;

	memset(page, 0, sizeof(*page));
	for (try = 0; try < TRIES && state == TORN; try++) {
		if (try > 0)
			pause_a_little(try);
		state = read_once(fd, boot, b);
	}
	if (state == FAILED)
		return fail(err, fd, "read");
	if (state != GOOD)
		return MQS_NOTHING;
	decode(b, page);
	return 0;
}

int
mqs_page_peek(const struct mqs_dir *dir, const char *name,
    struct mqs_page *page, struct mqs_error *err)
{
	int fd, rc;

	memset(page, 0, sizeof(*page));
	if ((fd = mqs_file_open(dir->fd, name, O_RDONLY)) == -1) {
		if (errno == ENOENT)
			return MQS_NOTHING;
		return mqs_fail_errno(err, "%s/%s", dir->path, name);
	}
	rc = mqs_page_read(fd, page, err);
	close(fd);
	return rc;
}

/*
 * 1 if the page there is of this transaction or a later one, 0 if not, -1 with errno.
 * The whole page is read only if its header says so, since then it matters that
 * it verifies: nothing else could ever replace a damaged one.
 */
static int
is_current(int fd, uint64_t boot, uint64_t tx)
{
	unsigned char b[MQS_PAGE_SIZE];
	ssize_t n = mqs_file_read(fd, b, HEADER_SIZE, 0);
	enum state state;

	if (n == -1)
		return -1;
	if (n < HEADER_SIZE || mqs_get_le64(b + AT_TX) < tx || !is_ours(b, boot))
		return 0;
	state = read_once(fd, boot, b);
	return state == FAILED ? -1 : state == GOOD;
}

static int
put(int fd, const struct mqs_page *page, int always, int sync,
    struct mqs_error *err)
{
	unsigned char b[MQS_PAGE_SIZE];
	const uint64_t boot = mqs_boot();
	int rc, error;

	encode(b, boot, page);
	if (mqs_file_lock(fd, F_WRLCK, 0, 1) == -1)
		return fail(err, fd, "lock");
	rc = always ? 0 : is_current(fd, boot, page->tx);
	if (rc == 0)
		rc = mqs_file_write(fd, b, sizeof(b), 0);
	error = errno;
	if (mqs_file_lock(fd, F_UNLCK, 0, 0) == -1)
		return fail(err, fd, "unlock");
	errno = error;
	if (rc == -1)
		return fail(err, fd, "write");
	/* A newer page holds what ours says, but may not be synced yet. */
	while (sync && fdatasync(fd) == -1) {
		if (errno != EINTR)
			return fail(err, fd, "sync");
	}
	return 0;
}

int
mqs_page_write(int fd, const struct mqs_page *page, int sync,
    struct mqs_error *err)
{
	return put(fd, page, 0, sync, err);
}

int
mqs_page_lower(int fd, const struct mqs_page *page, struct mqs_error *err)
{
	return put(fd, page, 1, 1, err);
}

int
mqs_page_reset(int fd, struct mqs_error *err)
{
	int rc, error;

	if (mqs_file_lock(fd, F_WRLCK, 0, 1) == -1)
		return fail(err, fd, "lock");
	do
		rc = ftruncate(fd, 0);
	while (rc == -1 && errno == EINTR);
	error = errno;
	if (mqs_file_lock(fd, F_UNLCK, 0, 0) == -1)
		return fail(err, fd, "unlock");
	errno = error;
	return rc == -1 ? fail(err, fd, "empty") : MQS_OK;
}
