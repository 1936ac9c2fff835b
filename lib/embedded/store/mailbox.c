/* mailbox.c - see mailbox.h */
#include <bsd/stdlib.h>

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "embedded/store/file.h"
#include "embedded/store/mailbox.h"

#define COPY_AT_ONCE	((size_t)64 * 1024)

static const unsigned char magic[8] = { 'm', 'q', 'c', 'a', 'l', 'l', 0, 1 };

static char *
name_of(uint64_t number, char name[MQS_MAILBOX_NAME])
{
	(void)snprintf(name, MQS_MAILBOX_NAME, MQS_MAILBOX_BEFORE "%016" PRIx64, number);
	return name;
}

/* Drops a descriptor and says what failed, with errno kept. */
static int
give_up(int fd, const struct mqs_dir *dir, const char *what, struct mqs_error *err)
{
	int error = errno;

	if (fd != -1)
		close(fd);
	errno = error;
	return mqs_fail_errno(err, "%s/owner: mailbox: %s", dir->path, what);
}

/* ------------------------------------------------------------- caller -- */

/* Before it can be found: 0 or -1. */
static int
lock_up(int fd, const struct mqs_dir *dir)
{
	return mqs_file_share(fd, dir->owner) == -1 ? -1 :
	    mqs_file_lock(fd, F_WRLCK, 0, 0);
}

/* Made unnamed, then linked: 0, or -1. */
static int
make_unnamed(const struct mqs_dir *dir, const char *name, int *fd)
{
	char link[32];

	*fd = mqs_file_open(dir->owner, ".", O_TMPFILE | O_RDWR);
	if (*fd == -1 || lock_up(*fd, dir) == -1)
		return -1;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", *fd);
	return linkat(AT_FDCWD, link, dir->owner, name, AT_SYMLINK_FOLLOW);
}

/* Where there are no unnamed files, or no /proc: 0 or -1. */
static int
make_named(const struct mqs_dir *dir, const char *name, int *fd)
{
	char temp[MQS_FILE_TEMP];
	int error;

	if ((*fd = mqs_file_temp(dir->owner, temp)) == -1)
		return -1;
	if (lock_up(*fd, dir) == 0)
		return mqs_file_place(dir->owner, temp, name);
	error = errno;
	unlinkat(dir->owner, temp, 0);
	errno = error;
	return -1;
}

int
mqs_mailbox_new(const struct mqs_dir *dir, uint64_t *number, int *fd,
    struct mqs_error *err)
{
	char name[MQS_MAILBOX_NAME];

	arc4random_buf(number, sizeof(*number));
	(void)name_of(*number, name);
	if (make_unnamed(dir, name, fd) == 0)
		return MQS_OK;
	if (*fd != -1)
		close(*fd);
	if (make_named(dir, name, fd) == 0)
		return MQS_OK;
	return give_up(*fd, dir, "create", err);
}

void
mqs_mailbox_end(const struct mqs_dir *dir, uint64_t number, int fd)
{
	char name[MQS_MAILBOX_NAME];

	(void)unlinkat(dir->owner, name_of(number, name), 0);
	close(fd);
}

/* ------------------------------------------------------------ replier -- */

/* Opens one by name, if its caller lives; else removes it: MQS_NOTHING. */
static int
open_living(const struct mqs_dir *dir, const char *name, int *fd, struct mqs_error *err)
{
	int locked;

	if ((*fd = mqs_file_open(dir->owner, name, O_RDWR)) == -1)
		return errno == ENOENT ? MQS_NOTHING : give_up(-1, dir, "open", err);
	if ((locked = mqs_file_locked(*fd, 0, 1)) == -1)
		return give_up(*fd, dir, "look", err);
	if (locked)
		return MQS_OK;
	close(*fd);
	*fd = -1;
	if (unlinkat(dir->owner, name, 0) == -1 && errno != ENOENT)
		return give_up(-1, dir, "remove", err);
	return MQS_NOTHING;
}

int
mqs_mailbox_open(const struct mqs_dir *dir, uint64_t number, int *fd,
    struct mqs_error *err)
{
	char name[MQS_MAILBOX_NAME];

	return open_living(dir, name_of(number, name), fd, err);
}

/* Copies a file behind the head: its size, or -1. */
static int64_t
copy_body(int to, int from)
{
	uint64_t at = 0;
	char *chunk;
	ssize_t n;

	if ((chunk = malloc(COPY_AT_ONCE)) == NULL)
		return -1;
	while ((n = mqs_file_read(from, chunk, COPY_AT_ONCE, at)) > 0) {
		if (mqs_file_write(to, chunk, (size_t)n, MQS_MAILBOX_BODY + at) == -1) {
			n = -1;
			break;
		}
		at += (uint64_t)n;
	}
	free(chunk);
	return n == 0 ? (int64_t)at : -1;
}

int
mqs_mailbox_put(int fd, const char *reason, int body, struct mqs_error *err)
{
	unsigned char head[MQS_MAILBOX_BODY] = { 0 };
	struct mqs_mailbox_reply there;
	int64_t size;
	int rc;

	if (mqs_file_lock(fd, F_WRLCK, 1, 1) == -1)
		return mqs_fail_errno(err, "reply");
	if ((rc = mqs_mailbox_get(fd, &there, err)) != MQS_NOTHING)
		return rc;
	/* A killed replier may have written more. */
	if (ftruncate(fd, 0) == -1 || (size = copy_body(fd, body)) == -1)
		return mqs_fail_errno(err, "reply");
	memcpy(head, magic, sizeof(magic));
	mqs_put_le64(head + 8, (uint64_t)size);
	if (reason != NULL)
		memcpy(head + 16, reason, strnlen(reason, MQS_MAILBOX_REASON));
	mqs_put_le64(head + 56, XXH3_64bits(head, 56));
	return mqs_file_write(fd, head, sizeof(head), 0) == -1 ?
	    mqs_fail_errno(err, "reply") : MQS_OK;
}

/* --------------------------------------------------------------- both -- */

int
mqs_mailbox_get(int fd, struct mqs_mailbox_reply *reply, struct mqs_error *err)
{
	unsigned char head[MQS_MAILBOX_BODY];
	ssize_t n;

	if ((n = mqs_file_read(fd, head, sizeof(head), 0)) == -1)
		return mqs_fail_errno(err, "reply");
	if (n < (ssize_t)sizeof(head) || memcmp(head, magic, sizeof(magic)) != 0 ||
	    mqs_get_le64(head + 56) != XXH3_64bits(head, 56))
		return MQS_NOTHING;
	reply->size = mqs_get_le64(head + 8);
	memcpy(reply->reason, head + 16, MQS_MAILBOX_REASON);
	reply->reason[MQS_MAILBOX_REASON] = '\0';
	return MQS_OK;
}

int
mqs_mailbox_sweep(const struct mqs_dir *dir, uint64_t *removed, struct mqs_error *err)
{
	const size_t before = sizeof(MQS_MAILBOX_BEFORE) - 1;
	struct dirent *entry;
	DIR *folder;
	int rc = MQS_OK, fd;

	*removed = 0;
	if ((folder = mqs_file_list(dir->owner)) == NULL)
		return mqs_fail_errno(err, "%s/owner", dir->path);
	while (rc == MQS_OK) {
		errno = 0;
		if ((entry = readdir(folder)) == NULL)
			break;
		if (strncmp(entry->d_name, MQS_MAILBOX_BEFORE, before) != 0)
			continue;
		rc = open_living(dir, entry->d_name, &fd, err);
		if (rc == MQS_OK)
			close(fd);
		else if (rc == MQS_NOTHING) {
			++*removed;
			rc = MQS_OK;
		}
	}
	if (rc == MQS_OK && errno != 0)
		rc = mqs_fail_errno(err, "%s/owner", dir->path);
	closedir(folder);
	return rc;
}
