/*
 * common/temporary_file.c - unnamed files, for what is too long for memory
 *
 * They are on a disk, not in memory, so that memory does not grow with them; /tmp often is
 * memory, /var/tmp is not.  They have no name, so that nothing is left when every process
 * that has them open was killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "common/temporary_file.h"

/* Where the filesystem has no unnamed files: named for a moment. */
static int
open_named(const char *dir)
{
	char *path;
	int fd;

	if (asprintf(&path, "%s/mq.XXXXXX", dir) == -1)
		return -1;
	if ((fd = mkostemp(path, O_CLOEXEC)) != -1)
		(void)unlink(path);
	free(path);
	return fd;
}

int
temporary_file_open(int *fd, struct mqs_error *err)
{
	const char *dir = getenv("TMPDIR");

	if (dir == NULL || *dir == '\0')
		dir = "/var/tmp";
	*fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (*fd == -1 && (errno == EOPNOTSUPP || errno == EISDIR))
		*fd = open_named(dir);
	if (*fd != -1)
		return MQS_OK;
	if (errno == ENOENT)	/* no queue is meant */
		return mqs_fail(err, MQS_ESYSTEM, "%s: temporary file: %s", dir,
		    strerror(errno));
	return mqs_fail_errno(err, "%s: temporary file", dir);
}

int
temporary_file_reopen(int *fd, int captured, struct mqs_error *err)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", captured);
	if ((*fd = open(path, O_RDONLY | O_CLOEXEC)) != -1)
		return MQS_OK;
	/* Without /proc: the offset is shared with whoever still writes to it. */
	if ((*fd = fcntl(captured, F_DUPFD_CLOEXEC, 3)) != -1 &&
	    lseek(*fd, 0, SEEK_SET) == 0)
		return MQS_OK;
	if (*fd != -1)
		(void)close(*fd);
	return mqs_fail_errno(err, "temporary file");
}
