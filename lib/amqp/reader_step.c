/* reader_step.c - see reader.h: the stream, a message at a time, up to the sign */
#include <stdio.h>

#include "amqp/reader.h"
#include "base/error.h"

int
mqs_amqp_reader_seek(struct mqs_reader *r, const struct mqs_amqp_stream_start *start,
    struct mqs_error *err)
{
	mqs_amqp_kept_free(r->kept);
	r->kept = NULL;
	mqs_amqp_stream_close(r->reading);
	r->reading = NULL;
	r->ended = r->no_sign;
	r->time = 0;
	if (start == NULL)
		return MQS_OK;
	return mqs_amqp_stream_open(&r->reading, r->connection, r->stream, start, 0, err);
}

/* Whoever begins behind the last chunk gets what is published from then on: not the sign. */
int
mqs_amqp_reader_seek_time(struct mqs_reader *r, int64_t time, struct mqs_error *err)
{
	const int64_t now = mqs_now(), from = time < now ? time : now;
	struct mqs_amqp_stream_start start = { .at = MQS_AMQP_STREAM_FIRST };

	if (from > MQS_AMQP_READER_CLOCKS)
		start = (struct mqs_amqp_stream_start){ .at = MQS_AMQP_STREAM_TIME,
		    .value = from - MQS_AMQP_READER_CLOCKS };
	return mqs_amqp_reader_seek(r, &start, err);
}

int
mqs_amqp_reader_begin(struct mqs_reader *r, struct mqs_error *err)
{
	const struct mqs_amqp_stream_start first = { .at = MQS_AMQP_STREAM_OFFSET,
	    .value = r->bounds.first };

	return r->bounds.first > 0 ? mqs_amqp_reader_seek(r, &first, err) :
	    mqs_amqp_reader_seek_time(r, r->bounds.since, err);
}

/*
 * The next message of the stream.  The sign may be before the place where reading began, if the
 * clocks differ by more than MQS_AMQP_READER_CLOCKS: then it is published again.
 */
static int
take(struct mqs_reader *r, struct mqs_amqp_kept **k, int64_t deadline, struct mqs_error *err)
{
	int rc;

	while (deadline == -1 && !r->ended) {
		rc = mqs_amqp_stream_next(r->reading, k, mqs_boottime() + MQS_AMQP_READER_PATIENCE,
		    err);
		if (rc != MQS_ETIMEOUT)
			return rc;
		if ((rc = mqs_amqp_sign_publish(r->connection, r->stream, r->sign, err)) != MQS_OK)
			return rc;
	}
	return mqs_amqp_stream_next(r->reading, k, deadline, err);
}

/* Makes a message of what came; the body is its own, or in a file. */
static int
read_message(struct mqs_reader *r, struct mqs_error *err)
{
	struct mqs_amqp_kept *k = r->kept;
	struct mqs_message *m = &r->incoming.message;
	int rc;

	rc = mqs_amqp_properties_read(&r->incoming, &k->properties, k->routing_key, err);
	if (rc != MQS_OK)
		return rc;
	m->body = k->body;
	m->body_fd = k->body_fd;
	m->body_len = k->body_len;
	m->seq = (uint64_t)k->offset + 1;
	m->attempt = 0;
	if (r->incoming.foreign) {
		(void)snprintf(r->id, sizeof(r->id), "%lld", (long long)k->offset);
		m->id = r->id;
	}
	if (m->time != 0)
		r->time = m->time;
	return MQS_OK;
}

int
mqs_amqp_reader_step(struct mqs_reader *r, int64_t deadline, struct mqs_error *err)
{
	struct mqs_amqp_kept *k;
	int rc;

	if (r->kept != NULL)
		mqs_amqp_stream_release(r->reading, r->kept);
	r->kept = NULL;
	if (r->reading == NULL || (r->ended && !r->follow))
		return MQS_NOTHING;
	while ((rc = take(r, &k, deadline, err)) == MQS_OK) {
		if (!mqs_amqp_is_sign(k)) {
			r->kept = k;
			return read_message(r, err);
		}
		if (!r->ended && mqs_amqp_is_sign_of(k, r->sign)) {
			r->ended = 1;
			r->end = k->offset;
			mqs_amqp_stream_release(r->reading, k);
			return MQS_NOTHING;
		}
		mqs_amqp_stream_release(r->reading, k);
	}
	return rc == MQS_ENOENT ? mqs_fail(err, rc, "%s: was deleted", r->queue) : rc;
}

int
mqs_amqp_reader_wants(const struct mqs_reader *r)
{
	return mqs_amqp_bounds_want(&r->bounds, &r->incoming.message, r->kept->offset, r->time);
}
