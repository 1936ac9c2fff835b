/*
 * directory.c - changing what is in a directory: names that appear and go at once
 *
 * A name is durable when its directory is synced.  Making a path can be repeated: a crash
 * leaves some of its directories.  So can removing a tree: a crash leaves the rest, under
 * a name that the next sweep removes.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "embedded/store/directory.h"

#define DEEPEST		8	/* directories in a queue's, at most */

int
mqs_dir_sync(int fd, const char *what, struct mqs_error *err)
{
	while (fsync(fd) == -1) {
		/* Some filesystems have nothing to sync about a directory. */
		if (errno == EINVAL)
			break;
		if (errno != EINTR)
			return mqs_fail_errno(err, "%s: not synced", what);
	}
	return MQS_OK;
}

int
mqs_rename_new(int from_dir, const char *from, int to_dir, const char *to)
{
	struct stat st;

	if (renameat2(from_dir, from, to_dir, to, RENAME_NOREPLACE) == 0)
		return 0;
	/* A directory that is not empty is told so, whatever was asked. */
	if (errno == ENOTEMPTY)
		errno = EEXIST;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	/*
	 * Some filesystems can't do that.  A file can be linked, which never replaces;
	 * for a directory, the caller's lock must keep others away meanwhile.
	 */
	if (fstatat(from_dir, from, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return -1;
	if (!S_ISDIR(st.st_mode)) {
		if (linkat(from_dir, from, to_dir, to, 0) == -1)
			return -1;
		return unlinkat(from_dir, from, 0);
	}
	if (fstatat(to_dir, to, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return -1;
	}
	return errno == ENOENT ? renameat(from_dir, from, to_dir, to) : -1;
}

static int
remove_contents(int dir, int depth)
{
	struct dirent *entry;
	int fd, inner, failed = 0;
	DIR *list;

	if ((list = fdopendir(dir)) == NULL) {
		failed = errno;
		close(dir);
		errno = failed;
		return -1;
	}
	while (errno = 0, (entry = readdir(list)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    unlinkat(dirfd(list), entry->d_name, 0) == 0 || errno == ENOENT)
			continue;
		inner = -1;
		fd = openat(dirfd(list), entry->d_name,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd != -1 && depth == 0) {
			close(fd);
			errno = ENOTEMPTY;
		} else if (fd != -1)
			inner = remove_contents(fd, depth - 1);
		if (inner == -1 || unlinkat(dirfd(list), entry->d_name, AT_REMOVEDIR) == -1)
			failed = errno != 0 ? errno : ENOTEMPTY;
	}
	if (errno != 0 && failed == 0)
		failed = errno;
	closedir(list);
	errno = failed;
	return failed != 0 ? -1 : 0;
}

int
mqs_remove_tree(int dir, const char *name)
{
	int fd, saved;

	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return 0;
	saved = errno;		/* EISDIR, or why it can't be removed */
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1) {
		errno = errno == ENOTDIR ? saved : errno;
		return -1;
	}
	if (remove_contents(fd, DEEPEST) == -1)
		return -1;
	return unlinkat(dir, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -1;
}

/* Syncs the directory that the first n bytes of path name; 0: the current one. */
static int
sync_prefix(char *path, size_t n, struct mqs_error *err)
{
	const char *name = n == 0 ? "." : path;
	char saved = path[n];
	int fd, rc;

	path[n] = '\0';
	fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd != -1) {
		rc = mqs_dir_sync(fd, name, err);
		close(fd);
	} else			/* it may be one that we can write but not read */
		rc = errno == EACCES ? MQS_OK : mqs_fail_errno(err, "%s", name);
	path[n] = saved;
	return rc;
}

/* Where the parent of what the first n bytes name ends; 0: the current directory. */
static size_t
parent_end(const char *path, size_t n)
{
	while (n > 0 && path[n - 1] != '/')
		n--;
	while (n > 1 && path[n - 1] == '/')
		n--;
	return n;
}

/* Makes the directory that the first n bytes of path name, if it is not there. */
static int
make_one(char *path, size_t n, struct mqs_error *err)
{
	char saved = path[n];
	struct stat st;
	int rc, reason;

	path[n] = '\0';
	if (mkdir(path, 0777) == 0)
		rc = sync_prefix(path, parent_end(path, n), err);
	else {
		reason = errno;
		if (stat(path, &st) == -1) {
			errno = reason;
			rc = mqs_fail_errno(err, "%s: can't be made", path);
		} else if (S_ISDIR(st.st_mode))
			rc = MQS_OK;
		else
			rc = mqs_fail(err, MQS_EINVAL, "%s: not a directory", path);
	}
	path[n] = saved;
	return rc;
}

int
mqs_make_path(const char *path, struct mqs_error *err)
{
	struct stat st;
	char *copy;
	size_t n = 0;
	int rc = MQS_OK;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return MQS_OK;
	if ((copy = strdup(path)) == NULL)
		return mqs_fail_errno(err, "%s", path);
	while (rc == MQS_OK && copy[n] != '\0') {
		n += strspn(copy + n, "/");
		n += strcspn(copy + n, "/");
		if (n > 0 && copy[n - 1] != '/')
			rc = make_one(copy, n, err);
	}
	free(copy);
	return rc;
}
