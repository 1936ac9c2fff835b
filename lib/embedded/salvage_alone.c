/*
 * salvage_alone.c - a damaged queue is nobody else's while its messages are saved
 *
 * What is published behind the messages that were read would be lost with the damaged queue.  So
 * the file `use' of its directory is held exclusively, whether it was named by its name, by
 * its directory or by its log.mdb.  What has no such file, or can't be opened as a queue (a copy, a
 * directory on a disk that is mounted read-only or over a network), is in nobody's use.
 */
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "embedded/salvage_alone.h"

static int
is_same_folder(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Holds the queue in a folder of queues; else in nobody's use. */
static int
hold(struct mqs_salvage_alone *a, struct mqs_spool *spool, const char *folder, const char *queue,
    struct mqs_error *err)
{
	struct mqs_error why;
	int rc;

	if (is_same_folder(folder, spool->path))
		mqs_spool_forget(spool, queue);
	if ((rc = mqs_dir_open_sole(&a->dir, folder, queue, &why)) == MQS_EBUSY)
		return mqs_fail(err, rc, "%s: stop what uses it, then salvage it", why.text);
	a->is_held = rc == MQS_OK;
	return MQS_OK;
}

/* Holds the queue of which a path names the directory or a file. */
static int
hold_path(struct mqs_salvage_alone *a, struct mqs_spool *spool, struct mqs_error *err)
{
	char *whole, *slash;
	struct stat st;
	int rc = MQS_OK;

	/* What is not there is told when it is opened. */
	if ((whole = realpath(a->path, NULL)) == NULL || stat(whole, &st) == -1) {
		free(whole);
		return MQS_OK;
	}
	slash = strrchr(whole, '/');
	if (!S_ISDIR(st.st_mode)) {
		*slash = '\0';
		slash = strrchr(whole, '/');
	}
	if (slash != NULL && slash != whole) {
		*slash = '\0';
		rc = hold(a, spool, whole, slash + 1, err);
	}
	free(whole);
	return rc;
}

int
mqs_salvage_alone(struct mqs_salvage_alone *a, struct mqs_spool *spool, const char *from,
    struct mqs_error *err)
{
	/* What may be a queue's name is one, if the spool has it: no folder that lies about. */
	if (mqs_spool_check_name(from, NULL) == MQS_OK) {
		if (asprintf(&a->path, "%s/%s", spool->path, from) == -1) {
			a->path = NULL;
			return mqs_fail_errno(err, "%s", from);
		}
		if (access(a->path, F_OK) == 0)
			return hold(a, spool, spool->path, from, err);
		free(a->path);
	}
	if ((a->path = strdup(from)) == NULL)
		return mqs_fail_errno(err, "%s", from);
	return hold_path(a, spool, err);
}

void
mqs_salvage_alone_end(struct mqs_salvage_alone *a)
{
	if (a->is_held)
		mqs_dir_close(&a->dir);
	free(a->path);
}
