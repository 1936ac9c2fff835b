/* connection_wait.c - see connection.h: the lock, waits of the caller, notices */
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "amqp/connection_state.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/interrupted.h"

/* A signal that comes just before poll(2) is seen so much later. */
#define TICK_MS		200

void
mqs_amqp_lock(struct mqs_amqp_connection *c)
{
	(void)pthread_mutex_lock(&c->lock);
}

void
mqs_amqp_unlock(struct mqs_amqp_connection *c)
{
	(void)pthread_mutex_unlock(&c->lock);
}

void
mqs_amqp_wake(int fd)
{
	const uint64_t one = 1;
	ssize_t n = write(fd, &one, sizeof(one));

	(void)n;	/* it can only fail where it is readable already */
}

void
mqs_amqp_unwake(int fd)
{
	uint64_t count;
	ssize_t n = read(fd, &count, sizeof(count));

	(void)n;	/* nothing there is as good */
}

void
mqs_amqp_note(struct mqs_amqp_connection *c, const char *fmt, ...)
{
	va_list ap;

	if (c->nnotices == MQS_AMQP_NOTICES)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(c->notices[c->nnotices++], MQS_AMQP_NOTICE, fmt, ap);
	va_end(ap);
	mqs_amqp_wake(c->told_fd);
}

void
mqs_amqp_notices(struct mqs_amqp_connection *c)
{
	char told[MQS_AMQP_NOTICES][MQS_AMQP_NOTICE];
	size_t i, n;

	mqs_amqp_lock(c);
	n = c->nnotices;
	memcpy(told, c->notices, n * MQS_AMQP_NOTICE);
	c->nnotices = 0;
	mqs_amqp_unlock(c);
	if (c->options->notice != NULL)
		for (i = 0; i < n; i++)
			c->options->notice(c->options->arg, told[i]);
}

static void
cut(struct mqs_amqp_connection *c, int untold)
{
	mqs_amqp_lock(c);
	if (c->fd != -1) {
		(void)shutdown(c->fd, SHUT_RDWR);
		c->untold |= untold;
	}
	mqs_amqp_unlock(c);
}

void
mqs_amqp_break(struct mqs_amqp_connection *c)
{
	cut(c, 0);
}

void
mqs_amqp_end(struct mqs_amqp_connection *c)
{
	cut(c, 1);
}

void
mqs_amqp_server_version(struct mqs_amqp_connection *c, char *buf, size_t size)
{
	mqs_amqp_lock(c);
	(void)snprintf(buf, size, "%s", c->version);
	mqs_amqp_unlock(c);
}

int
mqs_amqp_blocked(const struct mqs_amqp_connection *c)
{
	return c->blocked;
}

const char *
mqs_amqp_host(struct mqs_amqp_connection *c)
{
	const char *shown;

	mqs_amqp_lock(c);
	shown = c->address->hosts[c->host].shown;
	mqs_amqp_unlock(c);
	return shown;
}

/* The milliseconds that a wait may take at once. */
static int
slice_of(int64_t deadline)
{
	int64_t left;

	if (deadline < 0)
		return TICK_MS;
	left = (deadline - mqs_boottime() + MQS_MSEC - 1) / MQS_MSEC;
	return left < 0 ? 0 : left < TICK_MS ? (int)left : TICK_MS;
}

/* The error for which the connection was given up, if it was. */
static int
look_for_failure(struct mqs_amqp_connection *c, struct mqs_error *err)
{
	int code;

	mqs_amqp_lock(c);
	code = c->failed.code;
	if (code != 0 && err != NULL)
		*err = c->failed;
	mqs_amqp_unlock(c);
	return code;
}

int
mqs_amqp_wait_fd(struct mqs_amqp_connection *c, int fd, int64_t deadline, struct mqs_error *err)
{
	struct pollfd polled[2] = { { .fd = fd, .events = POLLIN },
	    { .fd = c->told_fd, .events = POLLIN } };
	int slice = slice_of(deadline), n, code;

	mqs_amqp_notices(c);
	if (mqs_interrupted(c->options))
		return mqs_fail(err, MQS_EINTR, "%s: interrupted", mqs_amqp_host(c));
	if ((code = look_for_failure(c, err)) != 0)
		return code;
	n = poll(polled, 2, slice);
	if (n < 0 && errno != EINTR)
		return mqs_fail_errno(err, "%s: poll", mqs_amqp_host(c));
	if (n > 0 && polled[0].revents != 0)
		mqs_amqp_unwake(fd);
	if (n > 0 && polled[1].revents != 0)
		mqs_amqp_unwake(c->told_fd);
	/* It wakes the descriptors once only, and that may have been now. */
	if (n > 0)
		return look_for_failure(c, err);
	if (n == 0 && slice == 0)
		return mqs_fail(err, MQS_ETIMEOUT, "%s: no answer in time", mqs_amqp_host(c));
	return MQS_OK;
}

void
mqs_amqp_channel_remove(struct mqs_amqp_channel *ch)
{
	struct mqs_amqp_channel **at = &ch->connection->channels;

	while (*at != NULL && *at != ch)
		at = &(*at)->next;
	if (*at != NULL)
		*at = ch->next;
	ch->phase = MQS_AMQP_GONE;
}

void
mqs_amqp_pause(struct mqs_amqp_connection *c)
{
	struct pollfd told = { .fd = c->told_fd, .events = POLLIN };

	(void)poll(&told, 1, 10);
	mqs_amqp_unwake(c->told_fd);
}
