/*
 * stat/replace_file.c - a file that is replaced as a whole, or stays as it was
 *
 * For a program that reads the file at any moment, as node exporter does.  What is new is
 * written to a temporary file in the same directory, synced, and renamed to the file's name.
 * For a file mq.prom the temporary is .mq.prom.new: node exporter reads names that end in
 * .prom only.
 *
 * The temporary has a fixed name and is locked while it is written.  If the tool is killed,
 * the temporary stays, without its lock.  The next run takes the lock, which says that it is
 * left over, and removes it.  A run that finds it locked leaves with 75.
 *
 * A file that the tool has made may be removed by such a next run, before the tool has locked
 * it.  So after locking, the tool looks whether the name still leads to its file, and else
 * makes another.
 *
 * Whenever the tool ends without having renamed it, the temporary is removed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/signals.h"
#include "stat/replace_file.h"

static struct {
	const char	*path;
	const char	*name;		/* the last part of path */
	char		*temporary;
	int		 dir, fd;
	int		 made;		/* 1: there is a temporary, and it is ours */
} file;

static void __attribute__((noreturn))
failed(void)
{
	fail(STATUS_IO, "%s: %s", file.path, strerror(errno));
}

static void
remove_temporary(void)
{
	if (file.made)
		(void)unlinkat(file.dir, file.temporary, 0);
}

static void
open_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct stat st;
	char *dir;

	file.path = path;
	file.name = slash != NULL ? slash + 1 : path;
	dir = slash != NULL ? strndup(path, (size_t)(file.name - path)) : strdup(".");
	if (dir == NULL || asprintf(&file.temporary, ".%s.new", file.name) == -1)
		fail(STATUS_SYSTEM, "out of memory");
	file.dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(dir);
	if (file.dir == -1)
		failed();
	/* The name of a directory or of /dev/stdout must not become that of a file. */
	if (*file.name == '\0' || (fstatat(file.dir, file.name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    !S_ISREG(st.st_mode)))
		fail(STATUS_USAGE, "%s: not a file that can be replaced", path);
}

/* Whether the temporary's name leads to this open file. */
static int
is_named(int fd)
{
	struct stat st, named;

	return fstat(fd, &st) == 0 &&
	    fstatat(file.dir, file.temporary, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_dev == named.st_dev && st.st_ino == named.st_ino;
}

/* Removes a temporary that nobody has locked. */
static void
remove_left_over(void)
{
	int fd = openat(file.dir, file.temporary,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd == -1 && errno == ENOENT)
		return;
	if (fd == -1)
		fail(STATUS_IO, "%s: its temporary file %s: %s (remove it)", file.path,
		    file.temporary, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) == -1)
		fail(STATUS_AGAIN, "%s: is being replaced by another process", file.path);
	if (is_named(fd) && unlinkat(file.dir, file.temporary, 0) == -1)
		failed();
	(void)close(fd);
}

void
replace_file_begin(const char *path)
{
	open_directory(path);
	at_end(remove_temporary);
	for (;;) {
		file.fd = openat(file.dir, file.temporary,
		    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (file.fd == -1 && errno != EEXIST)
			failed();
		if (file.fd == -1) {
			remove_left_over();
			continue;
		}
		file.made = 1;
		if (flock(file.fd, LOCK_EX) == -1)
			failed();
		if (is_named(file.fd))
			return;
		file.made = 0;
		(void)close(file.fd);
	}
}

void
replace_file_write(const void *p, size_t n)
{
	const char *bytes = p;
	ssize_t done;

	while (n > 0) {
		if ((done = write(file.fd, bytes, n)) == -1 && errno != EINTR)
			failed();
		if (done > 0) {
			bytes += done;
			n -= (size_t)done;
		}
	}
}

void
replace_file_finish(void)
{
	if (fsync(file.fd) == -1 ||
	    renameat(file.dir, file.temporary, file.dir, file.name) == -1)
		failed();
	file.made = 0;
	if (fsync(file.dir) == -1)
		failed();
	(void)close(file.fd);
	(void)close(file.dir);
	free(file.temporary);
}
