/* temporary_file.c - see temporary_file.h */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "amqp/temporary_file.h"
#include "base/error.h"

static const char *
folder(void)
{
	const char *named = getenv("TMPDIR");

	return named != NULL && named[0] == '/' ? named : "/tmp";
}

/* Where the filesystem has no files without names. */
static int
make_and_unlink(const char *in)
{
	char path[PATH_MAX];
	int fd, saved;

	if (snprintf(path, sizeof(path), "%s/mq-XXXXXX", in) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if ((fd = mkostemp(path, O_CLOEXEC)) == -1)
		return -1;
	if (unlink(path) == 0)
		return fd;
	saved = errno;
	(void)close(fd);
	errno = saved;
	return -1;
}

int
mqs_amqp_temporary_file(int *fd, struct mqs_error *err)
{
	const char *in = folder();

	*fd = open(in, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (*fd == -1 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT))
		*fd = make_and_unlink(in);
	return *fd == -1 ? mqs_fail_errno(err, "%s: temporary file", in) : MQS_OK;
}

int
mqs_amqp_temporary_write(int fd, const void *bytes, size_t n, struct mqs_error *err)
{
	const char *p = bytes;
	ssize_t written;

	for (; n > 0; p += written, n -= (size_t)written) {
		written = write(fd, p, n);
		if (written < 0 && errno == EINTR)
			written = 0;
		else if (written < 0)
			return mqs_fail_errno(err, "%s: temporary file", folder());
	}
	return MQS_OK;
}
