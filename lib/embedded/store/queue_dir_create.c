/*
 * queue_dir_create.c - making and removing queues and groups, all or nothing (rule 8.15)
 *
 * A queue is built in a directory ".new-" and random digits of the spool, then renamed.
 * Its parts, and what a crash after each step leaves:
 *
 *	directory, locks, folders, log.mdb	a directory that is swept
 *	sync of log.mdb: its first commit is a full one, and covers all before it
 *	sync of the directory			the same
 *	rename, not replacing			a whole queue, or, after power
 *						loss, perhaps none
 *	sync of the spool			a queue
 *
 * The empty files need no sync of their own: they are nothing but their names.
 * Removing goes the other way: rename, sync the spool, remove what is in it.
 *
 * Who builds or removes holds flock on that directory itself.  It is taken under flock on
 * the spool's directory, and so are names looked for that have no such lock: those
 * are what the dead left, and are removed whenever a queue is made, backed up or trimmed there.
 * Names of that kind within a queue are under its gate.
 */
#include <bsd/stdlib.h>

#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "embedded/store/directory.h"
#include "embedded/store/lock_file.h"
#include "embedded/store/queue_dir.h"
#include "embedded/store/queue_dir_rename.h"

#define TEMP_PREFIX	".new-"

char *
mqs_temp_name(char buf[32])
{
	uint64_t n;

	arc4random_buf(&n, sizeof(n));
	(void)snprintf(buf, 32, TEMP_PREFIX "%016" PRIx64, n);
	return buf;
}

static int
is_temp(const char *name)
{
	return strncmp(name, TEMP_PREFIX, sizeof(TEMP_PREFIX) - 1) == 0;
}

/* ------------------------------------------------------------ sweeping -- */

/* 1 if somebody is building or removing this directory; gives its descriptor if not. */
static int
is_busy(int spool, const char *name, int *fd)
{
	*fd = openat(spool, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*fd == -1 || mqs_dir_lock(*fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	close(*fd);
	*fd = -1;
	return 1;
}

struct sweep {
	int		 locked;	/* only what nobody holds */
	int		 keep;		/* only tell the names */
	void		(*tell)(void *arg, const char *name);
	void		*arg;
};

/*
 * Removes every temporary name of a directory, or tells it only.  One that can't be removed is let be, and
 * reported at the end.
 */
static int
sweep(int dir, const char *path, const struct sweep *s, struct mqs_error *err)
{
	struct dirent *entry;
	int fd, rc = MQS_OK;
	DIR *list;

	fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1 || (list = fdopendir(fd)) == NULL) {
		rc = mqs_fail_errno(err, "%s", path);
		if (fd != -1)
			close(fd);
		return rc;
	}
	while (errno = 0, (entry = readdir(list)) != NULL) {
		fd = -1;
		if (!is_temp(entry->d_name) ||
		    (s->locked && is_busy(dir, entry->d_name, &fd)))
			continue;
		if (!s->keep && mqs_remove_tree(dir, entry->d_name) == -1)
			rc = mqs_fail_errno(err, "%s/%s", path, entry->d_name);
		else if (s->tell != NULL)
			s->tell(s->arg, entry->d_name);
		if (fd != -1)
			close(fd);
	}
	if (errno != 0)
		rc = mqs_fail_errno(err, "%s: can't be listed", path);
	closedir(list);
	return rc;
}

int
mqs_dir_sweep(const struct mqs_dir *dir, void (*removed)(void *arg, const char *name),
    void *arg, struct mqs_error *err)
{
	const struct sweep s = { .tell = removed, .arg = arg };

	return sweep(dir->fd, dir->path, &s, err);
}

int
mqs_dir_left_over(const struct mqs_dir *dir, void (*found)(void *arg, const char *name),
    void *arg, struct mqs_error *err)
{
	const struct sweep s = { .keep = 1, .tell = found, .arg = arg };

	return sweep(dir->fd, dir->path, &s, err);
}

/* What can't be swept (another user's) is no reason not to go on. */
static void
sweep_spool(int fd, const struct sweep *s)
{
	if (fd == -1)
		return;
	if (mqs_dir_lock(fd, LOCK_EX) == 0)
		(void)sweep(fd, "", s, NULL);
	close(fd);
}

void
mqs_spool_sweep(const char *spool)
{
	const struct sweep s = { .locked = 1 };

	sweep_spool(open(spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC), &s);
}

void
mqs_spool_sweep_around(const struct mqs_dir *dir, void (*removed)(void *arg, const char *name),
    void *arg)
{
	const struct sweep s = { .locked = 1, .tell = removed, .arg = arg };

	sweep_spool(openat(dir->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC), &s);
}

void
mqs_spool_left_over_around(const struct mqs_dir *dir,
    void (*found)(void *arg, const char *name), void *arg)
{
	const struct sweep s = { .locked = 1, .keep = 1, .tell = found, .arg = arg };

	sweep_spool(openat(dir->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC), &s);
}

/* ------------------------------------------------------------- a queue -- */

/* A queue on its way in. */
struct building {
	struct mqs_dir	 dir;
	char		 temp[32];
	int		 spool;		/* descriptor of the spool's directory */
};

/* Makes the temporary directory, and locks it before anybody can sweep it. */
static int
begin(struct building *b, const char *spool, struct mqs_error *err)
{
	static const struct sweep of_others = { .locked = 1 };
	int rc = MQS_OK;

	if (mqs_dir_lock(b->spool, LOCK_EX) == -1)
		return mqs_fail_errno(err, "%s: lock", spool);
	/* What can't be swept (another user's) is no reason not to go on. */
	(void)sweep(b->spool, spool, &of_others, NULL);
	if (mkdirat(b->spool, mqs_temp_name(b->temp), 0777) == -1) {
		rc = mqs_fail_errno(err, "%s: can't be made in %s", b->dir.name, spool);
		b->temp[0] = '\0';
	} else {
		b->dir.fd = openat(b->spool, b->temp,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (b->dir.fd == -1 || mqs_dir_lock(b->dir.fd, LOCK_SH) == -1 ||
		    asprintf(&b->dir.path, "%s/%s", spool, b->temp) == -1) {
			rc = mqs_fail_errno(err, "%s/%s", spool, b->temp);
			b->dir.path = NULL;
		}
	}
	(void)mqs_dir_lock(b->spool, LOCK_UN);
	return rc;
}

static int
make_file(const struct mqs_dir *dir, const char *name, int *fd,
    struct mqs_error *err)
{
	*fd = openat(dir->fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	return *fd == -1 ? mqs_fail_errno(err, "%s/%s", dir->path, name) : MQS_OK;
}

static int
make_folder(const struct mqs_dir *dir, const char *name, int *fd,
    struct mqs_error *err)
{
	if (mkdirat(dir->fd, name, 0777) == -1 ||
	    (*fd = openat(dir->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return mqs_fail_errno(err, "%s/%s", dir->path, name);
	return MQS_OK;
}

static int
make_parts(struct mqs_dir *dir, struct mqs_error *err)
{
	int rc;

	if ((rc = make_file(dir, "gate", &dir->gate, err)) != MQS_OK ||
	    (rc = make_file(dir, "turn", &dir->turn, err)) != MQS_OK ||
	    (rc = make_file(dir, "use", &dir->use, err)) != MQS_OK ||
	    (rc = make_folder(dir, "blob", &dir->blob, err)) != MQS_OK)
		return rc;
	return make_folder(dir, "owner", &dir->owner, err);
}

static int
build(struct building *b, const char *spool, const char *queue,
    int (*fill)(void *arg, const struct mqs_dir *, struct mqs_error *err),
    void *arg, struct mqs_error *err)
{
	int rc;

	if ((rc = begin(b, spool, err)) != MQS_OK ||
	    (rc = make_parts(&b->dir, err)) != MQS_OK ||
	    (rc = fill(arg, &b->dir, err)) != MQS_OK ||
	    (rc = mqs_dir_sync(b->dir.fd, b->dir.path, err)) != MQS_OK)
		return rc;
	return mqs_dir_move(b->spool, spool, b->temp, queue, err);
}

int
mqs_dir_create(const char *spool, const char *queue,
    int (*fill)(void *arg, const struct mqs_dir *building, struct mqs_error *err),
    void *arg, struct mqs_error *err)
{
	struct building b = { .dir = {
		.fd = -1, .gate = -1, .turn = -1, .use = -1, .blob = -1, .owner = -1
	} };
	size_t len = strlen(queue);
	struct stat st;
	int rc;

	if (len == 0 || len > MQS_NAME_MAX || *queue == '.' ||
	    strchr(queue, '/') != NULL)
		return mqs_fail(err, MQS_EINVAL, "%s: not a name for a queue", queue);
	memcpy(b.dir.name, queue, len + 1);
	if ((rc = mqs_spool_check(spool, 1, err)) != MQS_OK)
		return rc;
	b.spool = open(spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (b.spool == -1)
		return mqs_fail_errno(err, "%s", spool);
	if (fstatat(b.spool, queue, &st, AT_SYMLINK_NOFOLLOW) == 0)
		rc = mqs_fail(err, MQS_EEXIST, "%s: exists already", queue);
	else if ((rc = build(&b, spool, queue, fill, arg, err)) != MQS_OK &&
	    b.temp[0] != '\0')
		(void)mqs_remove_tree(b.spool, b.temp);
	mqs_dir_close(&b.dir);
	close(b.spool);
	return rc;
}

int
mqs_dir_delete(struct mqs_dir *dir, const char *spool, struct mqs_error *err)
{
	char temp[32];
	int fd, rc;

	if ((fd = open(spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return mqs_fail_errno(err, "%s", spool);
	if ((rc = mqs_dir_is_in(dir, fd, err)) == MQS_OK &&
	    mqs_dir_lock(dir->fd, LOCK_SH) == -1)
		rc = mqs_fail_errno(err, "%s: lock", dir->path);
	else if (rc == MQS_OK &&
	    (rc = mqs_dir_move(fd, spool, dir->name, mqs_temp_name(temp), err)) == MQS_OK &&
	    mqs_remove_tree(fd, temp) == -1)
		rc = mqs_fail_errno(err, "%s/%s: left over from %s", spool, temp,
		    dir->name);
	close(fd);
	return rc;
}

/* ------------------------------------------------------------- a group -- */

static int
sync_file(const struct mqs_dir *dir, const char *name, struct mqs_error *err)
{
	int fd, rc = MQS_OK;

	if ((fd = openat(dir->fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)) == -1)
		return mqs_fail_errno(err, "%s/%s", dir->path, name);
	while (fsync(fd) == -1) {
		if (errno == EINTR)
			continue;
		rc = mqs_fail_errno(err, "%s/%s: not synced", dir->path, name);
		break;
	}
	close(fd);
	return rc;
}

/* Renames a file into its place. */
static int
place(const struct mqs_dir *dir, const char *tmp, const char *name,
    const char *lock, struct mqs_error *err)
{
	struct stat st;

	if (fstatat(dir->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return mqs_fail(err, MQS_EEXIST, "%s/%s: exists already", dir->path, name);
	/* Of a group that was deleted; perhaps still in use by who has that open. */
	if (unlinkat(dir->fd, lock, 0) == -1 && errno != ENOENT)
		return mqs_fail_errno(err, "%s/%s", dir->path, lock);
	if (mqs_rename_new(dir->fd, tmp, dir->fd, name) == -1) {
		if (errno == EEXIST)
			return mqs_fail(err, MQS_EEXIST, "%s/%s: exists already",
			    dir->path, name);
		return mqs_fail_errno(err, "%s/%s", dir->path, name);
	}
	return MQS_OK;
}

int
mqs_dir_install(const struct mqs_dir *dir, const char *tmp, const char *name,
    struct mqs_error *err)
{
	char tmp_lock[NAME_MAX + 1], lock[NAME_MAX + 1];
	int rc;

	if (mqs_lock_file_name(tmp, tmp_lock) == -1 || mqs_lock_file_name(name, lock) == -1)
		return mqs_fail(err, MQS_EINVAL, "%s/%s: name too long", dir->path, name);
	if ((rc = sync_file(dir, tmp, err)) == MQS_OK)
		rc = place(dir, tmp, name, lock, err);
	(void)unlinkat(dir->fd, tmp_lock, 0);
	if (rc == MQS_OK)
		return mqs_dir_sync(dir->fd, dir->path, err);
	(void)unlinkat(dir->fd, tmp, 0);
	return rc;
}
