/*
 * settle_socket_file.c - see settle_socket_file.h
 *
 * bind(2) and connect(2) take paths only, and short ones: a path that is too long goes by way
 * of the directory's descriptor, /proc/self/fd/N.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "engine/settle_socket_file.h"

#define NEW		".new"
#define NAME_SIZE	(MQS_SETTLE_TOKEN_SIZE + sizeof(NEW))
#define LISTEN_TRIES	3

/* The address of a socket in the directory. */
static void
address(const struct mqs_settle_directory *d, const char *name, struct sockaddr_un *sun)
{
	int n;

	*sun = (struct sockaddr_un){ .sun_family = AF_UNIX };
	n = snprintf(sun->sun_path, sizeof(sun->sun_path), "%s/%s", d->path, name);
	if (n < 0 || (size_t)n >= sizeof(sun->sun_path))
		(void)snprintf(sun->sun_path, sizeof(sun->sun_path), "/proc/self/fd/%d/%s", d->fd,
		    name);
}

/* connect(2) to a socket of the directory: a descriptor, or -1 with errno. */
static int
connect_to(const struct mqs_settle_directory *d, const char *name)
{
	struct sockaddr_un sun;
	int fd, kept;

	address(d, name, &sun);
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) == -1)
		return -1;
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0)
		return fd;
	kept = errno;
	(void)close(fd);
	errno = kept;
	return -1;
}

/* ------------------------------------------------------- the consumer's -- */

/* 0, or -1 with errno. */
static int
listen_as(const struct mqs_settle_directory *d, const char *name, int fd)
{
	struct sockaddr_un sun;
	char fresh[NAME_SIZE];
	int kept;

	(void)snprintf(fresh, sizeof(fresh), "%s" NEW, name);
	address(d, fresh, &sun);
	if (bind(fd, (struct sockaddr *)&sun, sizeof(sun)) != 0)
		return -1;
	if (fchmodat(d->fd, fresh, 0600, 0) == 0 && listen(fd, SOMAXCONN) == 0 &&
	    renameat(d->fd, fresh, d->fd, name) == 0)
		return 0;
	kept = errno;
	(void)unlinkat(d->fd, fresh, 0);
	errno = kept;
	return -1;
}

/*
 * Elsewhere (in a container whose processes have other numbers) the fresh socket may look
 * like a dead one, and be swept: then once more.
 */
int
mqs_settle_socket_listen(const struct mqs_settle_directory *d, struct mqs_settle_token token,
    int *fd, struct mqs_error *err)
{
	char name[MQS_SETTLE_TOKEN_SIZE];
	int try, rc = MQS_OK;

	(void)mqs_settle_token_format(token, name);
	for (try = 0; try < LISTEN_TRIES; try++) {
		*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (*fd == -1)
			return mqs_fail_errno(err, "a socket for settling receipts");
		if (listen_as(d, name, *fd) == 0)
			return MQS_OK;
		rc = mqs_fail_errno(err, "%s/%s: the socket for settling receipts", d->path, name);
		(void)close(*fd);
		*fd = -1;
		if (rc != MQS_ENOENT)
			break;
	}
	return rc;
}

void
mqs_settle_socket_remove(const struct mqs_settle_directory *d, struct mqs_settle_token token)
{
	char name[MQS_SETTLE_TOKEN_SIZE];

	(void)unlinkat(d->fd, mqs_settle_token_format(token, name), 0);
}

/* Whether nobody can listen there any more, by its name. */
static int
looks_dead(const char *name)
{
	struct mqs_settle_token token;
	size_t n = strlen(name), digits = MQS_SETTLE_TOKEN_SIZE - 1;
	int fresh = n > digits && strcmp(name + digits, NEW) == 0;
	int64_t pid;

	if ((n != digits && !fresh) || mqs_settle_token_parse(name, digits, &token) == -1)
		return 0;
	pid = mqs_settle_token_pid(token);
	if (pid == getpid())		/* an earlier process of this number, or another thread */
		return !fresh;
	return pid > 0 && kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}

void
mqs_settle_socket_sweep(const struct mqs_settle_directory *d)
{
	struct dirent *e;
	struct stat st;
	DIR *dir;
	int fd;

	if ((fd = openat(d->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return;
	if ((dir = fdopendir(fd)) == NULL) {
		(void)close(fd);
		return;
	}
	while ((e = readdir(dir)) != NULL) {
		if (!looks_dead(e->d_name) ||
		    fstatat(d->fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
		    !S_ISSOCK(st.st_mode))
			continue;
		if ((fd = connect_to(d, e->d_name)) != -1)
			(void)close(fd);
		else if (errno == ECONNREFUSED)
			(void)unlinkat(d->fd, e->d_name, 0);
	}
	(void)closedir(dir);
}

/* ------------------------------------------------- the one's who settles -- */

/* Connects in one directory.  MQS_NOTHING: nobody listens there. */
static int
connect_in(const struct mqs_settle_directory *d, const char *name, int *fd,
    struct mqs_error *err)
{
	struct ucred peer;
	socklen_t n = sizeof(peer);

	if ((*fd = connect_to(d, name)) == -1) {
		if (errno == ENOENT || errno == ECONNREFUSED)
			return MQS_NOTHING;
		if (errno == EAGAIN)
			return mqs_fail(err, MQS_EBUSY, "%s/%s: its consumer is busy with others",
			    d->path, name);
		return mqs_fail_errno(err, "%s/%s", d->path, name);
	}
	if (getsockopt(*fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0 &&
	    (peer.uid == d->owner || peer.uid == 0))
		return MQS_OK;
	(void)close(*fd);
	*fd = -1;
	return mqs_fail(err, MQS_EPERM, "%s/%s: another user listens there", d->path, name);
}

int
mqs_settle_socket_connect(struct mqs_settle_token token, int *fd, struct mqs_error *err)
{
	char name[MQS_SETTLE_TOKEN_SIZE];
	struct mqs_settle_directory d;
	unsigned place;
	int rc;

	(void)mqs_settle_token_format(token, name);
	*fd = -1;
	for (place = 0; place < MQS_SETTLE_DIRECTORIES; place++) {
		if ((rc = mqs_settle_directory_find(&d, place, err)) == MQS_OK) {
			rc = connect_in(&d, name, fd, err);
			mqs_settle_directory_close(&d);
		}
		if (rc != MQS_NOTHING)
			return rc;
	}
	return mqs_fail(err, MQS_ESTALE, "its consumer (process %lld) is gone",
	    (long long)mqs_settle_token_pid(token));
}
