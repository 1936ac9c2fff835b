/*
 * common/input.c - reading everything that an input has ready, and waiting for more
 *
 * A tool commits what it has read when reading on would block: a slow writer's record is
 * committed at once, and a fast writer's commits hold thousands.  One read of a pipe
 * gives at most 64 KiB, often 4.  Therefore reading goes on while more is ready, up to a
 * full batch.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/input.h"
#include "common/progress.h"
#include "common/signals.h"

int
input_ready(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int n = poll(&p, 1, 0);

	return n > 0 || (n < 0 && errno != EINTR && errno != EAGAIN);
}

int
input_wait(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	int n;

	while ((n = wait_poll(&p, 1, progress_tick_ms())) <= 0) {
		if (stopping != 0)
			return -1;
		if (n == 0)
			progress_tick();
		else if (errno != EINTR && errno != EAGAIN)
			fail(STATUS_SYSTEM, "poll: %s", strerror(errno));
	}
	return 0;
}

int
input_gather(struct mqs_split *split, int fd, size_t enough)
{
	do {
		if (mqs_split_fill(split, fd) < 0)
			return errno == EINTR || errno == EAGAIN ? 0 : -1;
	} while (!split->eof && split->buf.n - split->pos < enough && input_ready(fd));
	return 0;
}

const char *
input_reason(int error)
{
	return error == EISDIR ? "is a directory" : strerror(error);
}
