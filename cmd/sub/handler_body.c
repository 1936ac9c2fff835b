/*
 * sub/handler_body.c - a message's body as a command's stdin
 *
 * The whole body is there before the command starts, so that the death of mq-sub never
 * looks like a short body.  It is in a pipe that holds all of it; in an unnamed file in
 * memory where a pipe is too small; or, if it is large, in the file where the queue
 * stores it.  That file is opened again, read-only, so that the descriptor has an offset
 * of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "mqspool.h"
#include "sub/handler_body.h"

#define PIPE_SURE	4096	/* what any pipe holds, however many a user has */

static int
write_all(int fd, const char *p, size_t n)
{
	ssize_t done;

	while (n > 0) {
		if ((done = write(fd, p, n)) < 0) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

/* -1 with errno; 0 with *fd -1: it does not fit. */
static int
body_pipe(int *fd, const char *p, size_t n)
{
	int ends[2], size, rc = 0;

	*fd = -1;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	if (n > PIPE_SURE && ((size = fcntl(ends[1], F_GETPIPE_SZ)) < 0 ||
	    n > (size_t)size)) {
		(void)close(ends[0]);
	} else if ((rc = write_all(ends[1], p, n)) != 0) {
		(void)close(ends[0]);
	} else {
		*fd = ends[0];
	}
	(void)close(ends[1]);
	return rc;
}

static int
body_file(int *fd, const char *p, size_t n)
{
	if ((*fd = memfd_create("body", MFD_CLOEXEC)) == -1)
		return -1;
	if (write_all(*fd, p, n) == 0 && lseek(*fd, 0, SEEK_SET) == 0)
		return 0;
	(void)close(*fd);
	*fd = -1;
	return -1;
}

/* The stored file, from its beginning. */
static int
body_stored(int *fd, int stored)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", stored);
	if ((*fd = open(path, O_RDONLY | O_CLOEXEC)) != -1)
		return 0;
	/* Without /proc: the offset is shared, but nobody else reads by it now. */
	if ((*fd = fcntl(stored, F_DUPFD_CLOEXEC, 3)) == -1)
		return -1;
	return lseek(*fd, 0, SEEK_SET) == -1 ? -1 : 0;
}

int
handler_body(int *fd, const struct mqs_message *m, struct mqs_error *err)
{
	size_t n = m->body_fd == -1 ? (size_t)m->body_len : 0;
	int rc;

	if (m->body == NULL && m->body_fd != -1)
		rc = body_stored(fd, m->body_fd);
	else if ((rc = body_pipe(fd, m->body, n)) == 0 && *fd == -1)
		rc = body_file(fd, m->body, n);
	return rc == 0 ? MQS_OK : mqs_fail_errno(err, "a message's body");
}
