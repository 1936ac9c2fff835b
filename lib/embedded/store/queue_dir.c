/*
 * queue_dir.c - an open queue's directory and its locks
 *
 * Rules of the design's section 8 that are kept here:
 *
 *  1 gate	The file `gate', locked with flock; made with the queue, so that
 *		permission to read it is enough.
 *  7 turn	The file `turn'.  Its byte locks need write permission: who lacks it
 *		gets the queue with turn -1, and may read.
 * 16 network	A queue may be mounted apart from its spool: checked for each.
 * 19 use	Every user of a queue holds `use' shared for as long as the directory
 *		is open; maintenance that replaces files takes it exclusively.
 *
 * Everything is opened relative to one descriptor of the directory, so that all of
 * it belongs to the same queue, whatever is renamed meanwhile.  A directory that
 * lacks a part is damaged, unless its path names another or none by now: then it
 * was being deleted.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/advice.h"
#include "base/error.h"
#include "embedded/store/filesystem.h"
#include "embedded/store/lock.h"
#include "embedded/store/queue_dir.h"
#include "embedded/store/queue_users.h"

static const struct part {
	const char	*name;
	int		 flags;
	size_t		 offset;	/* of the descriptor, in struct mqs_dir */
} parts[] = {
	{ "use", O_RDONLY, offsetof(struct mqs_dir, use) },
	{ "gate", O_RDONLY, offsetof(struct mqs_dir, gate) },
	{ "turn", O_RDWR, offsetof(struct mqs_dir, turn) },
	{ "blob", O_RDONLY | O_DIRECTORY, offsetof(struct mqs_dir, blob) },
	{ "owner", O_RDONLY | O_DIRECTORY, offsetof(struct mqs_dir, owner) }
};

static void
close_one(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

void
mqs_dir_close(struct mqs_dir *dir)
{
	close_one(&dir->owner);
	close_one(&dir->blob);
	close_one(&dir->turn);
	close_one(&dir->gate);
	close_one(&dir->use);
	close_one(&dir->fd);
	free(dir->path);
	dir->path = NULL;
}

static int
no_queue(const char *spool, const char *queue, struct mqs_error *err)
{
	return mqs_fail(err, MQS_ENOENT, "%s: no such queue in %s", queue, spool);
}

/* The directory could not be opened. */
static int
fail_directory(const struct mqs_dir *dir, const char *spool, struct mqs_error *err)
{
	int reason = errno, rc;
	struct stat st;

	if (reason != ENOENT && reason != ENOTDIR) {
		errno = reason;
		return mqs_fail_errno(err, "%s", dir->path);
	}
	if ((rc = mqs_spool_check(spool, 0, err)) != MQS_OK)
		return rc;
	if (reason == ENOTDIR && stat(dir->path, &st) == 0)
		return mqs_fail(err, MQS_EDAMAGED, "%s: not a queue: not a directory",
		    dir->path);
	return no_queue(spool, dir->name, err);
}

/* 1 while the path names the open directory. */
static int
is_there(const struct mqs_dir *dir)
{
	struct stat here, there;

	return fstat(dir->fd, &here) == 0 && stat(dir->path, &there) == 0 &&
	    here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

/* A part of the queue could not be opened. */
static int
fail_part(const struct mqs_dir *dir, const char *spool, const char *part,
    struct mqs_error *err)
{
	const int folder = strcmp(part, "blob") == 0 || strcmp(part, "owner") == 0;
	char word[160], *path;
	struct stat st;

	if (errno != ENOENT && errno != ENOTDIR && errno != EISDIR && errno != ELOOP)
		return mqs_fail_errno(err, "%s/%s", dir->path, part);
	if (!is_there(dir))
		return no_queue(spool, dir->name, err);
	if (strcmp(part, "log.mdb") == 0 || fstatat(dir->fd, "log.mdb", &st, 0) == -1 ||
	    asprintf(&path, "%s/%s", dir->path, part) == -1)
		return mqs_fail(err, MQS_EDAMAGED, "%s: not a queue: no %s", dir->path, part);
	/*
	 * It is not made here: whoever has the queue open holds locks on the one that was
	 * removed, and would not see those on another.
	 */
	(void)mqs_fail(err, MQS_EDAMAGED, "%s: not a whole queue: no %s (while nobody uses it: "
	    "%s %s)", dir->path, part, folder ? "mkdir" : "touch",
	    mqs_shell_word(word, sizeof(word), path));
	free(path);
	return MQS_EDAMAGED;
}

/* Takes `use': shared, or with the queue to itself. */
static int
take_use(const struct mqs_dir *dir, int sole, struct mqs_error *err)
{
	char users[MQS_USERS_SIZE];

	while (flock(dir->use, (sole ? LOCK_EX : LOCK_SH) | LOCK_NB) == -1) {
		if (errno == EWOULDBLOCK)
			return mqs_fail(err, MQS_EBUSY, "%s: in use by %s", dir->name,
			    sole ? mqs_queue_users(dir->use, users) : "maintenance");
		if (errno != EINTR)
			return mqs_fail_errno(err, "%s/use", dir->path);
	}
	return MQS_OK;
}

static int
open_parts(struct mqs_dir *dir, const char *spool, int sole, struct mqs_error *err)
{
	const struct part *part;
	struct stat st;
	size_t i;
	int fd, rc;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		part = &parts[i];
		fd = openat(dir->fd, part->name,
		    part->flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		*(int *)((char *)dir + part->offset) = fd;
		if (fd == -1 && !(part->flags & O_RDWR &&
		    (errno == EACCES || errno == EROFS)))
			return fail_part(dir, spool, part->name, err);
		if (i == 0 && (rc = take_use(dir, sole, err)) != MQS_OK)
			return rc;
	}
	/* It may have got another name between being found and being locked. */
	if (!is_there(dir))
		return no_queue(spool, dir->name, err);
	if (fstatat(dir->fd, "log.mdb", &st, 0) == -1)
		return fail_part(dir, spool, "log.mdb", err);
	return MQS_OK;
}

/* Opens the directory alone.  After an error what is open is still to be closed. */
static int
open_directory(struct mqs_dir *dir, const char *spool, const char *queue,
    struct mqs_error *err)
{
	size_t len = strlen(queue);

	*dir = (struct mqs_dir){
		.fd = -1, .gate = -1, .turn = -1, .use = -1, .blob = -1, .owner = -1
	};
	if (len == 0 || len > MQS_NAME_MAX || *queue == '.' ||
	    strchr(queue, '/') != NULL)
		return mqs_fail(err, MQS_EINVAL, "%s: not a name for a queue", queue);
	memcpy(dir->name, queue, len + 1);
	if (asprintf(&dir->path, "%s/%s", spool, queue) == -1) {
		dir->path = NULL;
		errno = ENOMEM;
		return mqs_fail_errno(err, "%s", queue);
	}
	dir->fd = open(dir->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir->fd == -1)
		return fail_directory(dir, spool, err);
	return mqs_filesystem_check(dir->fd, dir->path, err);
}

static int
open_whole(struct mqs_dir *dir, const char *spool, const char *queue, int sole,
    struct mqs_error *err)
{
	int rc;

	if ((rc = open_directory(dir, spool, queue, err)) == MQS_OK)
		rc = open_parts(dir, spool, sole, err);
	if (rc != MQS_OK)
		mqs_dir_close(dir);
	return rc;
}

int
mqs_dir_open(struct mqs_dir *dir, const char *spool, const char *queue,
    struct mqs_error *err)
{
	return open_whole(dir, spool, queue, 0, err);
}

int
mqs_dir_open_sole(struct mqs_dir *dir, const char *spool, const char *queue,
    struct mqs_error *err)
{
	return open_whole(dir, spool, queue, 1, err);
}

int
mqs_dir_open_remains(struct mqs_dir *dir, const char *spool, const char *queue,
    struct mqs_error *err)
{
	struct stat st;
	int rc;

	if ((rc = open_directory(dir, spool, queue, err)) == MQS_OK &&
	    fstatat(dir->fd, "log.mdb", &st, 0) == -1 &&
	    fstatat(dir->fd, "gate", &st, 0) == -1)
		rc = mqs_fail(err, MQS_EDAMAGED,
		    "%s: not a queue: neither log.mdb nor gate", dir->path);
	if (rc != MQS_OK)
		mqs_dir_close(dir);
	return rc;
}

int
mqs_dir_gate(struct mqs_dir *dir, int lock, struct mqs_error *err)
{
	if (lock)
		return mqs_gate_take(dir->gate, NULL, dir->name, err);
	mqs_gate_give(dir->gate);
	return MQS_OK;
}
