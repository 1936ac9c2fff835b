/* stream_read.c - see stream_read.h: what the caller does */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amqp/stream_state.h"
#include "base/clock.h"
#include "base/error.h"

/* For a replica that a node does not have, or not yet. */
#define RETRIES		50
#define RETRY_NS	(100 * MQS_MSEC)

/* ---------------------------------------------------------------- open -- */

/* A node without a replica refuses; another one may have it. */
static int
is_elsewhere(const struct mqs_error *why)
{
	return strstr(why->text, "replica") != NULL;
}

static int
open_channel(struct mqs_amqp_stream *s, struct mqs_error *err)
{
	struct mqs_amqp_channel *channel;
	struct mqs_error why = { 0 };
	int rc, tries;

	for (tries = 0;; tries++) {
		rc = mqs_amqp_channel_open(&channel, s->connection, &mqs_amqp_stream_events, s, -1,
		    &why);
		if (rc == MQS_OK || tries == RETRIES || !is_elsewhere(&why))
			break;
		mqs_amqp_break(s->connection);
	}
	if (rc != MQS_OK) {
		if (err != NULL)
			*err = why;
		return rc;
	}
	mqs_amqp_lock(s->connection);
	s->channel = channel;
	mqs_amqp_unlock(s->connection);
	mqs_amqp_channel_send(channel);
	return MQS_OK;
}

int
mqs_amqp_stream_open(struct mqs_amqp_stream **out, struct mqs_amqp_connection *connection,
    const char *stream, const struct mqs_amqp_stream_start *start, int to_end,
    struct mqs_error *err)
{
	struct mqs_amqp_stream *s = calloc(1, sizeof(*s));
	int rc;

	if (s == NULL)
		return mqs_fail_errno(err, "%s", stream);
	s->connection = connection;
	(void)snprintf(s->name, sizeof(s->name), "%s", stream);
	s->to_end = to_end;
	s->start = *start;
	s->end = &s->first;
	s->last = -1;
	mqs_amqp_stream_window_init(s);
	if ((rc = open_channel(s, err)) != MQS_OK) {
		mqs_amqp_stream_close(s);
		return rc;
	}
	*out = s;
	return MQS_OK;
}

/* ---------------------------------------------------------------- next -- */

/* After a loss, the next node may have no replica: another one is looked for. */
static int
look_elsewhere(struct mqs_amqp_stream *s, struct mqs_error *err)
{
	int rc = MQS_ECONFIG;

	while (s->elsewhere++ < RETRIES) {
		mqs_amqp_break(s->connection);
		rc = mqs_amqp_channel_reopen(s->channel, -1, err);
		if (rc == MQS_OK)
			mqs_amqp_channel_send(s->channel);
		if (rc == MQS_OK || err == NULL || !is_elsewhere(err))
			break;
	}
	return rc == MQS_OK ? MQS_ETIMEOUT : rc;
}

/* The broker closed the channel since nothing was taken for too long: reading goes on. */
static int
go_on(struct mqs_amqp_stream *s, struct mqs_error *err)
{
	int rc = mqs_amqp_channel_reopen(s->channel, -1, err);

	if (rc == MQS_OK)
		mqs_amqp_channel_send(s->channel);
	return rc == MQS_OK ? MQS_ETIMEOUT : rc;
}

/* The channel was closed. */
static int
recover(struct mqs_amqp_stream *s, int too_slow, struct mqs_error *why)
{
	int rc = too_slow ? go_on(s, why) : why->code;

	return rc < 0 && rc != MQS_ETIMEOUT && is_elsewhere(why) ? look_elsewhere(s, why) : rc;
}

/* One look: MQS_OK, MQS_NOTHING (the end), MQS_ETIMEOUT (not yet), or why there will be none. */
static int
take(struct mqs_amqp_stream *s, struct mqs_amqp_kept **out, struct mqs_error *why)
{
	int rc = MQS_ETIMEOUT, send = 0, closed = 0, too_slow = 0;

	mqs_amqp_lock(s->connection);
	if (s->first != NULL) {
		*out = s->first;
		if ((s->first = s->first->next) == NULL)
			s->end = &s->first;
		(*out)->next = NULL;
		mqs_amqp_stream_window_taken(s, *out);
		s->elsewhere = 0;
		rc = MQS_OK;
	} else if ((closed = s->closed)) {
		*why = s->why;
		too_slow = s->too_slow;
	} else if ((send = mqs_amqp_stream_window_drained(s)) == 0 &&
	    (s->probing == MQS_AMQP_PROBE_BACK || (s->to_end && s->came == 0 &&
	    mqs_boottime() - s->opened > MQS_AMQP_STREAM_EMPTY))) {
		rc = MQS_NOTHING;
	} else {
		/* What stays without an ack for too long makes the broker close the channel. */
		send |= s->given_back > s->acked;
	}
	mqs_amqp_unlock(s->connection);
	if (send)
		mqs_amqp_channel_send(s->channel);
	return closed ? recover(s, too_slow, why) : rc;
}

int
mqs_amqp_stream_next(struct mqs_amqp_stream *s, struct mqs_amqp_kept **out, int64_t deadline,
    struct mqs_error *err)
{
	struct mqs_error why = { 0 };
	int rc;

	for (;;) {
		/* One that came twice goes back unseen. */
		while ((rc = take(s, out, &why)) == MQS_OK && (*out)->offset == -1)
			mqs_amqp_stream_release(s, *out);
		if (rc == MQS_OK || rc == MQS_NOTHING)
			return rc;
		if (rc == MQS_ETIMEOUT && (deadline == 0 ||
		    (deadline > 0 && mqs_boottime() >= deadline)))
			return mqs_fail(err, MQS_ETIMEOUT, "%s: nothing came in time", s->name);
		/* An empty stream is known by the clock, so the wait is short. */
		if (rc == MQS_ETIMEOUT)
			rc = mqs_amqp_wait(s->channel, mqs_boottime() + RETRY_NS, &why);
		if (rc != MQS_OK && rc != MQS_ETIMEOUT) {
			if (err != NULL)
				*err = why;
			return rc;
		}
	}
}

void
mqs_amqp_stream_ack(struct mqs_amqp_stream *s, const struct mqs_amqp_kept *k)
{
	int send = 0;

	mqs_amqp_lock(s->connection);
	if (k->epoch == s->epoch && k->tag > s->given_back) {
		s->given_back = k->tag;
		send = s->given_back - s->acked >= s->prefetch / 4 + 1;
	}
	mqs_amqp_unlock(s->connection);
	if (send)
		mqs_amqp_channel_send(s->channel);
}

void
mqs_amqp_stream_release(struct mqs_amqp_stream *s, struct mqs_amqp_kept *k)
{
	mqs_amqp_stream_ack(s, k);
	mqs_amqp_kept_free(k);
}

int
mqs_amqp_stream_fd(struct mqs_amqp_stream *s)
{
	return mqs_amqp_channel_fd(s->channel);
}

int
mqs_amqp_stream_service(struct mqs_amqp_stream *s, struct mqs_error *err)
{
	/* Tells notices, and makes the channel's descriptor unreadable. */
	int rc = mqs_amqp_wait(s->channel, 0, err);

	return rc == MQS_ETIMEOUT ? MQS_OK : rc;
}

void
mqs_amqp_stream_close(struct mqs_amqp_stream *s)
{
	struct mqs_amqp_kept *k;

	if (s == NULL)
		return;
	mqs_amqp_channel_close(s->channel);
	while ((k = s->first) != NULL) {
		s->first = k->next;
		mqs_amqp_kept_free(k);
	}
	free(s);
}
