/*
 * stat/http_connection.c - the bytes of one HTTP exchange on stdin and stdout, in limited time
 *
 * stdin and stdout are what inetd, systemd or socat made them: the same socket, two pipes, or
 * files.  They may be shared with another process, so they are not made non-blocking.  Before
 * each read and write poll(2) waits, and then the call can't block: a read takes what is
 * there; sockets are written to with MSG_DONTWAIT; a pipe that is ready has room for PIPE_BUF
 * bytes.
 *
 * A socket that is closed while bytes wait to be read is reset, and the client may lose the
 * answer.  So http_end first shuts down the sending side, which the client reads as the end
 * of the answer, and then reads what is left.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "stat/http_connection.h"
#include "stat/http_request.h"

/* Waits for events: 1, or 0 when the deadline has passed. */
static int
wait_until(int fd, short events, int64_t deadline)
{
	struct pollfd p = { .fd = fd, .events = events };
	int64_t left, ms;
	int ready;

	for (;;) {
		left = deadline - mqs_boottime();
		ms = left <= 0 ? 0 : left / MQS_MSEC + 1;
		ready = poll(&p, 1, ms > INT_MAX ? INT_MAX : (int)ms);
		if (ready > 0)
			return 1;
		if (ready == -1 && errno != EINTR)
			fail(STATUS_SYSTEM, "poll: %s", strerror(errno));
		if (ready == 0 && left <= 0)
			return 0;
	}
}

/* Whether an error means no more than that the client has gone. */
static int
is_gone(int error)
{
	return error == ECONNRESET || error == EPIPE || error == ETIMEDOUT ||
	    error == ENOTCONN;
}

/* Reads what is there: its length, 0 at the end, or -1 when the deadline has passed. */
static ssize_t
read_some(char *buf, size_t room, int64_t deadline)
{
	ssize_t n;

	while (wait_until(STDIN_FILENO, POLLIN, deadline)) {
		if ((n = read(STDIN_FILENO, buf, room)) >= 0)
			return n;
		if (is_gone(errno))
			return 0;
		if (errno != EINTR && errno != EAGAIN)
			fail(STATUS_IO, "standard input: %s", strerror(errno));
	}
	return -1;
}

enum http_came
http_receive(char *buf, size_t room, size_t *n, int64_t limit)
{
	const int64_t deadline = mqs_later(mqs_boottime(), limit);
	size_t have = 0;
	ssize_t more;
	int ended;

	for (;;) {
		if ((ended = http_head_end(buf, have, n)) == 1)
			return HTTP_CAME;
		if (ended == -1)
			return HTTP_CAME_MALFORMED;
		if (have == room)
			return HTTP_CAME_LARGE;
		if ((more = read_some(buf + have, room - have, deadline)) == -1)
			return HTTP_CAME_LATE;
		if (more == 0)
			return have == 0 ? HTTP_CAME_NOTHING : HTTP_CAME_CUT;
		have += (size_t)more;
	}
}

static ssize_t
write_some(const char *p, size_t n)
{
	ssize_t done = send(STDOUT_FILENO, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (done == -1 && errno == ENOTSOCK)
		done = write(STDOUT_FILENO, p, n < PIPE_BUF ? n : PIPE_BUF);
	return done;
}

int
http_send(const void *bytes, size_t n, int64_t deadline)
{
	const char *p = bytes;
	ssize_t done;

	while (n > 0) {
		if (!wait_until(STDOUT_FILENO, POLLOUT, deadline))
			return -1;
		if ((done = write_some(p, n)) >= 0) {
			p += done;
			n -= (size_t)done;
		} else if (is_gone(errno)) {
			return -1;
		} else if (errno != EINTR && errno != EAGAIN) {
			fail(STATUS_IO, "standard output: %s", strerror(errno));
		}
	}
	return 0;
}

void
http_end(int64_t deadline)
{
	char rest[4096];

	if (shutdown(STDOUT_FILENO, SHUT_WR) == -1)
		return;		/* no socket, or the client has gone */
	while (read_some(rest, sizeof(rest), deadline) > 0)
		;
}
