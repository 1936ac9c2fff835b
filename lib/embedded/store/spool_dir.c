/*
 * spool_dir.c - the directory that queues are in
 *
 * Nothing is kept in a spool but queues, each a directory, and what is being made or
 * removed, under names that begin with ".new-".  flock on the spool's directory
 * itself is held while such a name appears (queue_dir_create.c).
 */
#include <bsd/string.h>

#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/name.h"
#include "embedded/store/directory.h"
#include "embedded/store/filesystem.h"
#include "embedded/store/queue_dir.h"
#include "embedded/store/queue_dir_rename.h"

#define GROUP_ENDING	".group.mdb"
#define PAGE_ENDING	".group.stat"

/* Says what is wrong with a path that can't be opened as a directory. */
static int
fail_path(const char *path, int error, struct mqs_error *err)
{
	struct stat st;

	if (error == ENOENT)
		return mqs_fail(err, MQS_ENOENT, "%s: no such spool", path);
	if (error == ENOTDIR && stat(path, &st) == 0)
		return mqs_fail(err, MQS_EINVAL, "%s: not a directory", path);
	if (error == ENOTDIR)
		return mqs_fail(err, MQS_EINVAL,
		    "%s: something in this path is not a directory", path);
	errno = error;
	return mqs_fail_errno(err, "%s", path);
}

int
mqs_spool_check(const char *spool, int make, struct mqs_error *err)
{
	int fd, rc;

	if (*spool == '\0')
		return mqs_fail(err, MQS_EINVAL, "spool: empty path");
	if (make && (rc = mqs_make_path(spool, err)) != MQS_OK)
		return rc;
	/* O_PATH: a spool that can be searched but not listed is a spool. */
	if ((fd = open(spool, O_PATH | O_DIRECTORY | O_CLOEXEC)) == -1)
		return fail_path(spool, errno, err);
	rc = mqs_filesystem_check(fd, spool, err);
	close(fd);
	return rc;
}

/* ------------------------------------------------------------- listing -- */

struct names {
	char	(*p)[MQS_NAME_MAX + 1];
	size_t	  n, cap;
};

static int
add_name(struct names *names, const char *name, size_t len)
{
	size_t cap = names->cap == 0 ? 16 : names->cap * 2;
	void *p;

	if (names->n == names->cap) {
		if ((p = reallocarray(names->p, cap, sizeof(*names->p))) == NULL)
			return -1;
		names->p = p;
		names->cap = cap;
	}
	memcpy(names->p[names->n], name, len);
	names->p[names->n++][len] = '\0';
	return 0;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Whether a directory is a queue, even a damaged one, or one that may not be entered. */
static int
is_queue(int spool, const char *name)
{
	static const char *const parts[] = { "log.mdb", "gate", "use" };
	char path[MQS_NAME_MAX + 16];
	struct stat st;
	unsigned i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		(void)strlcpy(path, name, sizeof(path));
		(void)strlcat(path, "/", sizeof(path));
		(void)strlcat(path, parts[i], sizeof(path));
		if (fstatat(spool, path, &st, 0) == 0 ? S_ISREG(st.st_mode) : errno == EACCES)
			return 1;
	}
	return 0;
}

/* Length of a file's name without its ending; 0: it has another one. */
static size_t
without(const char *file, const char *ending)
{
	size_t len = strlen(file), end = strlen(ending);

	return len <= end || len - end > MQS_NAME_MAX || strcmp(file + len - end, ending) != 0 ? 0 :
	    len - end;
}

/*
 * Collects the names in a directory that end so, or as `other' says (unless it is NULL), and are,
 * without that, names of queues or groups.
 */
static int
collect(struct names *names, DIR *list, const char *ending, const char *other)
{
	char name[MQS_NAME_MAX + 1];
	size_t len, end = strlen(ending);
	struct dirent *entry;
	const char *why;

	while (errno = 0, (entry = readdir(list)) != NULL) {
		if ((len = without(entry->d_name, ending)) == 0 &&
		    (other == NULL || (len = without(entry->d_name, other)) == 0))
			continue;
		memcpy(name, entry->d_name, len);
		name[len] = '\0';
		if (mqs_name_check(name, &why) == -1 ||
		    (end == 0 && !is_queue(dirfd(list), name)))
			continue;
		if (add_name(names, name, len) == -1)
			return -1;
	}
	return errno == 0 ? 0 : -1;
}

/* Calls fn with each name of an open directory, which it closes, in order, and once. */
static int
each(int fd, const char *path, const char *ending, const char *other, mqs_name_fn *fn, void *arg,
    struct mqs_error *err)
{
	struct names names = { 0 };
	size_t i;
	DIR *list;
	int rc = MQS_OK;

	if ((list = fdopendir(fd)) == NULL) {
		rc = mqs_fail_errno(err, "%s", path);
		close(fd);
		return rc;
	}
	/* A queue that is renamed meanwhile could be listed under neither name. */
	if (*ending == '\0' && mqs_dir_lock(fd, LOCK_SH) == -1)
		rc = mqs_fail_errno(err, "%s: lock", path);
	else if (collect(&names, list, ending, other) == -1)
		rc = mqs_fail_errno(err, "%s: can't be listed", path);
	closedir(list);
	if (rc == MQS_OK && names.n > 0)
		qsort(names.p, names.n, sizeof(*names.p), compare);
	for (i = 0; rc == MQS_OK && i < names.n; i++)
		if (i == 0 || strcmp(names.p[i], names.p[i - 1]) != 0)
			rc = fn(arg, names.p[i]);
	free(names.p);
	return rc;
}

int
mqs_dir_each_queue(const char *spool, mqs_name_fn *fn, void *arg,
    struct mqs_error *err)
{
	int fd;

	if ((fd = open(spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return fail_path(spool, errno, err);
	return each(fd, spool, "", NULL, fn, arg, err);
}

int
mqs_dir_each_group(const struct mqs_dir *dir, mqs_name_fn *fn, void *arg,
    struct mqs_error *err)
{
	int fd;

	if ((fd = openat(dir->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return mqs_fail_errno(err, "%s", dir->path);
	return each(fd, dir->path, GROUP_ENDING, NULL, fn, arg, err);
}

int
mqs_dir_each_group_of(const char *spool, const char *queue, mqs_name_fn *fn, void *arg,
    struct mqs_error *err)
{
	int fd, dir, rc;

	if ((fd = open(spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return fail_path(spool, errno, err);
	if (!is_queue(fd, queue))
		rc = mqs_fail(err, MQS_ENOENT, "%s: no such queue in %s", queue, spool);
	else if ((dir = openat(fd, queue, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		rc = mqs_fail_errno(err, "%s/%s", spool, queue);
	else
		rc = each(dir, queue, GROUP_ENDING, NULL, fn, arg, err);
	close(fd);
	return rc;
}

int
mqs_dir_each_group_left(const struct mqs_dir *dir, mqs_name_fn *fn, void *arg,
    struct mqs_error *err)
{
	int fd;

	if ((fd = openat(dir->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return mqs_fail_errno(err, "%s", dir->path);
	return each(fd, dir->path, GROUP_ENDING, PAGE_ENDING, fn, arg, err);
}

int
mqs_dir_has_group(const struct mqs_dir *dir, const char *group)
{
	char name[MQS_NAME_MAX + sizeof(GROUP_ENDING)];
	struct stat st;
	size_t len = strlen(group);

	if (len == 0 || len > MQS_NAME_MAX)
		return 0;
	memcpy(name, group, len);
	memcpy(name + len, GROUP_ENDING, sizeof(GROUP_ENDING));
	return fstatat(dir->fd, name, &st, 0) == 0;
}
