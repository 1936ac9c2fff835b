/*
 * settle_socket_directory.c - see settle_socket_directory.h
 *
 * The directory is opened without following a link, and checked by its descriptor.  Its
 * parent is the user's own, or /tmp, where nobody else can rename it.  So its path stays good.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "engine/settle_socket_directory.h"

/* Where sockets are looked for, and (the first and the last) made. */
enum { RUNTIME_DIR, RUN_USER, TMP };

/* The path of a place: 0, or -1 if there is no such place. */
static int
place_path(unsigned place, char path[PATH_MAX])
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	int n;

	if (place == RUNTIME_DIR) {
		if (runtime == NULL || runtime[0] != '/')
			return -1;
		n = snprintf(path, PATH_MAX, "%s/mq", runtime);
	} else if (place == RUN_USER) {
		n = snprintf(path, PATH_MAX, "/run/user/%lu/mq", (unsigned long)geteuid());
	} else {
		n = snprintf(path, PATH_MAX, "/tmp/mq-%lu", (unsigned long)geteuid());
	}
	return n < 0 || n >= PATH_MAX ? -1 : 0;
}

/*
 * Opens the directory at d->path, and checks that it is one user's alone: this one's, or
 * anybody's for root if `any' is set.  MQS_NOTHING: it is not there.
 */
static int
open_checked(struct mqs_settle_directory *d, int any, struct mqs_error *err)
{
	struct stat st;
	int rc;

	d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (d->fd == -1 && lstat(d->path, &st) != 0)
		return MQS_NOTHING;
	if (d->fd == -1 && errno != ELOOP && errno != ENOTDIR)
		return mqs_fail_errno(err, "%s", d->path);
	if (d->fd != -1 && fstat(d->fd, &st) != 0) {
		rc = mqs_fail_errno(err, "%s", d->path);
		mqs_settle_directory_close(d);
		return rc;
	}
	if (d->fd != -1 && (st.st_mode & 077) == 0 &&
	    (st.st_uid == geteuid() || (any && geteuid() == 0))) {
		d->owner = st.st_uid;
		return MQS_OK;
	}
	mqs_settle_directory_close(d);
	return mqs_fail(err, MQS_EPERM, "%s: receipts can't be settled through it: it is not a "
	    "directory of this user with mode 0700; remove it, or set XDG_RUNTIME_DIR", d->path);
}

/* MQS_NOTHING: it can't be made in this place. */
static int
make_in(struct mqs_settle_directory *d, struct mqs_error *err)
{
	if (mkdir(d->path, 0700) != 0 && errno != EEXIST) {
		if (errno == ENOENT || errno == ENOTDIR || errno == EACCES || errno == EROFS)
			return MQS_NOTHING;
		return mqs_fail_errno(err, "%s", d->path);
	}
	return open_checked(d, 0, err);
}

int
mqs_settle_directory_make(struct mqs_settle_directory *d, struct mqs_error *err)
{
	int rc = MQS_NOTHING;

	d->fd = -1;
	if (place_path(RUNTIME_DIR, d->path) == 0)
		rc = make_in(d, err);
	if (rc == MQS_NOTHING && place_path(TMP, d->path) == 0)
		rc = make_in(d, err);
	if (rc == MQS_NOTHING)
		return mqs_fail(err, MQS_EPERM, "%s: can't be made, but sockets for settling "
		    "receipts go there; set XDG_RUNTIME_DIR", d->path);
	return rc;
}

void
mqs_settle_directory_close(struct mqs_settle_directory *d)
{
	if (d->fd != -1)
		(void)close(d->fd);
	d->fd = -1;
}

int
mqs_settle_directory_find(struct mqs_settle_directory *d, unsigned place, struct mqs_error *err)
{
	if (place_path(place, d->path) != 0)
		return MQS_NOTHING;
	return open_checked(d, 1, err);
}
