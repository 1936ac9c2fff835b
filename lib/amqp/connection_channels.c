/* connection_channels.c - see connection.h: channels, as their owner sees them */
#include <sys/eventfd.h>

#include <stdlib.h>
#include <unistd.h>

#include "amqp/connection_state.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/interrupted.h"

/* How long a channel may take to stop sending before the connection is broken. */
#define SEND_NS		MQS_SECOND
/*
 * How long it may take to close where no signal came.  A busy broker needs seconds, and breaking the
 * connection would have it forget what a consumer beside has settled.
 */
#define CLOSE_NS	(20 * MQS_SECOND)
#define CHANNEL_MAX	2047

/* The lowest number that is free; 0 if there is none.  With the lock held. */
static amqp_channel_t
free_number(const struct mqs_amqp_connection *c)
{
	const struct mqs_amqp_channel *ch;
	unsigned n;

	for (n = MQS_AMQP_JOB_CHANNEL + 1; n <= CHANNEL_MAX; n++) {
		for (ch = c->channels; ch != NULL; ch = ch->next)
			if (ch->number == n)
				break;
		if (ch == NULL)
			return (amqp_channel_t)n;
	}
	return 0;
}

/* Waits until the thread has opened the channel, or could not. */
static int
await_open(struct mqs_amqp_channel *ch, int64_t deadline, struct mqs_error *err)
{
	struct mqs_amqp_connection *c = ch->connection;
	int asked, code, rc;

	mqs_amqp_wake(c->wake_fd);
	for (;;) {
		mqs_amqp_lock(c);
		asked = ch->asked;
		code = ch->phase == MQS_AMQP_OPEN ? MQS_OK : ch->error.code;
		if (!asked && code != MQS_OK && err != NULL)
			*err = ch->error;
		mqs_amqp_unlock(c);
		if (!asked)
			return code;
		if ((rc = mqs_amqp_wait_fd(c, c->told_fd, deadline, err)) != MQS_OK)
			break;
	}
	/* Nobody waits any more, so a failure is an event. */
	mqs_amqp_lock(c);
	ch->asked = 0;
	mqs_amqp_unlock(c);
	return rc;
}

int
mqs_amqp_channel_open(struct mqs_amqp_channel **out, struct mqs_amqp_connection *c,
    const struct mqs_amqp_events *events, void *arg, int64_t deadline, struct mqs_error *err)
{
	struct mqs_amqp_channel *ch = calloc(1, sizeof(*ch));
	int rc;

	if (ch == NULL)
		return mqs_fail_errno(err, "channel");
	ch->connection = c;
	ch->events = events;
	ch->arg = arg;
	ch->in.delivery.body_fd = -1;
	init_amqp_pool(&ch->in.pool, 4096);
	ch->asked = 1;
	if ((ch->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) == -1) {
		rc = mqs_fail_errno(err, "channel");
		free(ch);
		return rc;
	}
	mqs_amqp_lock(c);
	if ((ch->number = free_number(c)) != 0) {
		ch->next = c->channels;
		c->channels = ch;
	}
	mqs_amqp_unlock(c);
	if (ch->number == 0) {
		(void)close(ch->fd);
		free(ch);
		return mqs_fail(err, MQS_ESYSTEM, "%s: too many channels (%d)", mqs_amqp_host(c),
		    CHANNEL_MAX);
	}
	if ((rc = await_open(ch, deadline, err)) != MQS_OK) {
		mqs_amqp_channel_close(ch);
		return rc;
	}
	*out = ch;
	return MQS_OK;
}

int
mqs_amqp_channel_reopen(struct mqs_amqp_channel *ch, int64_t deadline, struct mqs_error *err)
{
	struct mqs_amqp_connection *c = ch->connection;

	mqs_amqp_lock(c);
	if (ch->phase == MQS_AMQP_CLOSED) {
		ch->phase = MQS_AMQP_OPENING;
		ch->asked = 1;
	}
	mqs_amqp_unlock(c);
	return await_open(ch, deadline, err);
}

void
mqs_amqp_channel_close(struct mqs_amqp_channel *ch)
{
	struct mqs_amqp_connection *c;
	const int64_t began = mqs_boottime();
	int64_t patience;
	int gone;

	if (ch == NULL)
		return;
	mqs_amqp_channel_stop(ch);
	c = ch->connection;
	for (;;) {
		mqs_amqp_lock(c);
		/* A thread that is not connected, or was told that, touches the channel no more. */
		if (ch->phase == MQS_AMQP_CLOSED || (ch->phase != MQS_AMQP_GONE && c->fd == -1)) {
			mqs_amqp_channel_remove(ch);
		}
		if (!(gone = ch->phase == MQS_AMQP_GONE))
			ch->phase = MQS_AMQP_CLOSING;
		mqs_amqp_unlock(c);
		if (gone)
			break;
		mqs_amqp_wake(c->wake_fd);
		patience = mqs_interrupted(c->options) ? MQS_AMQP_PATIENCE_NS : CLOSE_NS;
		if (mqs_boottime() - began > patience)
			mqs_amqp_end(c);
		mqs_amqp_pause(c);
	}
	mqs_amqp_assembly_reset(&ch->in);
	mqs_buf_free(&ch->in.body);
	empty_amqp_pool(&ch->in.pool);
	(void)close(ch->fd);
	free(ch);
}

void
mqs_amqp_channel_send_more(struct mqs_amqp_channel *ch)
{
	ch->send = 1;
	ch->again = 1;
}

void
mqs_amqp_channel_send(struct mqs_amqp_channel *ch)
{
	mqs_amqp_lock(ch->connection);
	mqs_amqp_channel_send_more(ch);
	mqs_amqp_unlock(ch->connection);
	mqs_amqp_wake(ch->connection->wake_fd);
}

void
mqs_amqp_channel_stop(struct mqs_amqp_channel *ch)
{
	struct mqs_amqp_connection *c = ch->connection;
	int64_t patience = mqs_boottime() + SEND_NS;
	int busy, half;

	for (;;) {
		mqs_amqp_lock(c);
		ch->send = 0;
		busy = ch->in_send;
		half = !busy && ch->rest_n > 0;
		ch->stopping = busy || half;
		mqs_amqp_unlock(c);
		if (!busy && !half)
			return;
		if (half || mqs_boottime() > patience)
			mqs_amqp_end(c);
		mqs_amqp_pause(c);
	}
}

int
mqs_amqp_channel_fd(struct mqs_amqp_channel *ch)
{
	return ch->fd;
}

void
mqs_amqp_channel_clear(struct mqs_amqp_channel *ch)
{
	mqs_amqp_unwake(ch->fd);
}

void
mqs_amqp_channel_wake(struct mqs_amqp_channel *ch)
{
	mqs_amqp_wake(ch->fd);
}

int
mqs_amqp_wait(struct mqs_amqp_channel *ch, int64_t deadline, struct mqs_error *err)
{
	return mqs_amqp_wait_fd(ch->connection, ch->fd, deadline, err);
}
