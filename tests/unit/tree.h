/*
 * tree.h - a queue's directory for unit tests, made by hand
 *
 *	struct mqs_dir dir;
 *
 *	make_tree(&dir);
 *	...
 *	drop_tree(&dir);
 *
 * Also what tests of several processes need: pipes to wait on, never time.
 */
#ifndef MQ_TESTS_TREE_H
#define MQ_TESTS_TREE_H

#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "embedded/store/queue_dir.h"

/* For what must work before there is anything to test. */
#define must(condition) do {						\
	if (!(condition)) {						\
		printf("Bail out! %s:%d: %s: %s\n", __FILE__, __LINE__,	\
		    #condition, strerror(errno));			\
		fflush(stdout);						\
		_exit(99);						\
	}								\
} while (0)

static inline int
tree_folder(int at, const char *name)
{
	int fd;

	if (at != AT_FDCWD)
		must(mkdirat(at, name, 0700) == 0);
	must((fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) != -1);
	return fd;
}

static inline void
make_tree_in(struct mqs_dir *dir, const char *where)
{
	memset(dir, 0, sizeof(*dir));
	must(asprintf(&dir->path, "%s/mq-unit.XXXXXX", where) != -1);
	must(mkdtemp(dir->path) != NULL);
	snprintf(dir->name, sizeof(dir->name), "queue");
	dir->fd = tree_folder(AT_FDCWD, dir->path);
	dir->blob = tree_folder(dir->fd, "blob");
	dir->owner = tree_folder(dir->fd, "owner");
	dir->turn = -1;
	must((dir->gate = openat(dir->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) != -1);
	must((dir->use = openat(dir->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) != -1);
}

static inline void
make_tree(struct mqs_dir *dir)
{
	const char *where = getenv("TMPDIR");

	make_tree_in(dir, where != NULL && *where != '\0' ? where : "/tmp");
}

static inline int
tree_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void
drop_tree(struct mqs_dir *dir)
{
	(void)nftw(dir->path, tree_remove, 16, FTW_DEPTH | FTW_PHYS);
	close(dir->use);
	close(dir->gate);
	close(dir->blob);
	close(dir->owner);
	close(dir->fd);
	free(dir->path);
}

/* How many entries a folder has. */
static inline int
tree_entries(const struct mqs_dir *dir, const char *folder)
{
	char path[512];
	DIR *list;
	int n = -2;		/* . and .. */

	snprintf(path, sizeof(path), "%s/%s", dir->path, folder);
	must((list = opendir(path)) != NULL);
	while (readdir(list) != NULL)
		n++;
	closedir(list);
	return n;
}

static inline void
make_pipe(int p[2])
{
	must(pipe2(p, O_CLOEXEC) == 0);
}

/* Waits for n bytes of a pipe; 0 if it was closed first. */
static inline int
hear(int fd, void *p, size_t n)
{
	size_t done = 0;
	ssize_t r;

	while (done < n) {
		r = read(fd, (char *)p + done, n - done);
		if (r == -1 && errno == EINTR)
			continue;
		if (r <= 0)
			return 0;
		done += (size_t)r;
	}
	return 1;
}

static inline void
tell(int fd, const void *p, size_t n)
{
	must(write(fd, p, n) == (ssize_t)n);
}

/* Runs fn in a process of its own; returns what it returned, or -1. */
static inline int
in_child(int (*fn)(void *arg), void *arg)
{
	int status;
	pid_t pid;

	fflush(stdout);
	must((pid = fork()) != -1);
	if (pid == 0)
		_exit(fn(arg));
	while (waitpid(pid, &status, 0) == -1)
		must(errno == EINTR);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static inline void
kill_child(pid_t pid)
{
	must(kill(pid, SIGKILL) == 0);
	must(waitpid(pid, NULL, 0) == pid);
}

#define SKIP	77	/* from in_child: this system does not let us */

static inline int
skipped(int rc, const char *why)
{
	if (rc == SKIP)
		printf("# skipped: %s\n", why);
	return rc == SKIP;
}

#endif
