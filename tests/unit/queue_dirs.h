/*
 * queue_dirs.h - a spool of queue directories, for unit tests
 */
#ifndef MQ_TESTS_QUEUE_DIRS_H
#define MQ_TESTS_QUEUE_DIRS_H

#include <sys/file.h>
#include <sys/mount.h>

#include <sched.h>
#include <time.h>

#include "check.h"
#include "embedded/store/directory.h"
#include "embedded/store/filesystem.h"
#include "embedded/store/queue_dir.h"
#include "tree.h"

static struct mqs_dir base;	/* a temporary directory; spools are made in it */
static char spool[400];
static struct mqs_error err;

static inline void
setup(void)
{
	make_tree(&base);
	must(fchmod(base.fd, 0755) == 0);
	snprintf(spool, sizeof(spool), "%s/a/b/spool", base.path);
	memset(&err, 0, sizeof(err));
}

static inline void
teardown(void)
{
	drop_tree(&base);
}

static inline int
fill(void *arg, const struct mqs_dir *building, struct mqs_error *e)
{
	int fd, *rc = arg;

	(void)e;
	must((fd = openat(building->fd, "log.mdb", O_CREAT | O_EXCL | O_RDWR, 0666)) != -1);
	close(fd);
	return rc == NULL ? MQS_OK : *rc;
}

static inline int
create(const char *queue)
{
	return mqs_dir_create(spool, queue, fill, NULL, &err);
}

static inline int
says(const char *words)
{
	if (strstr(err.text, words) != NULL)
		return 1;
	printf("# %s\n", err.text);
	return 0;
}

static inline void
path_of(char path[500], const char *rest)
{
	snprintf(path, 500, "%s/%s", spool, rest);
}

#endif
