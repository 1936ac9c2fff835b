/* group_fill.c - see group_fill.h */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amqp/answer.h"
#include "amqp/group_fill.h"
#include "amqp/properties_copy.h"
#include "amqp/properties_in.h"
#include "amqp/publish_confirmed.h"
#include "amqp/stream_read.h"
#include "amqp/stream_sign.h"
#include "amqp/table.h"
#include "amqp/topology.h"
#include "base/clock.h"
#include "base/error.h"

/* For so long nothing comes from an offset that is behind the end. */
#define BEHIND		(2 * MQS_SECOND)
/* Copies that are on their way at once. */
#define WINDOW		500
/* The mark of a message whose copy was confirmed; before, the tag of that. */
#define CONFIRMED	UINT64_MAX

struct mqs_amqp_fill {
	struct mqs_amqp_connection	*connection;
	struct mqs_amqp_channel		*channel;
	struct mqs_amqp_stream		*stream;
	const char			*queue, *group;
	const struct mqs_bindings	*bindings;
	char				 exchange[MQS_AMQP_FILL_NAME_SIZE], end[MQS_AMQP_FILL_NAME_SIZE];
	struct mqs_amqp_fill_start	 start;
	int				 begun;		/* something came, or it is read from the first on */
	uint64_t			 epoch;
	struct mqs_amqp_incoming	 incoming;
	struct mqs_amqp_properties	 properties;	/* the thread's */

	/* Under the lock: what is to be sent, and was not confirmed. */
	struct mqs_amqp_kept		*first, **last, *next;
	size_t				 n;
	uint64_t			 sent;		/* the last tag; they count from 1 */
	int				 failed;
	struct mqs_error		 why;
};

/* ------------------------------------------------- what the thread does -- */

static int
set_up(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	struct mqs_amqp_fill *f = arg;

	if (link->epoch != f->epoch)
		return mqs_fail(err, MQS_EBUSY, "%s: the connection was lost", f->exchange);
	(void)amqp_confirm_select(link->state, link->number);
	return mqs_amqp_answer(link, f->exchange, err);
}

static void
fail(struct mqs_amqp_fill *f, const struct mqs_error *why)
{
	if (!f->failed)
		f->why = *why;
	f->failed = 1;
}

static int
send_one(struct mqs_amqp_fill *f, struct mqs_amqp_kept *k, const struct mqs_amqp_link *link,
    size_t *sent, struct mqs_error *err)
{
	struct mqs_amqp_retry how = { .queue = f->queue, .group = f->group, .attempt = 1,
	    .now = mqs_now(), .frame_max = (uint32_t)amqp_get_frame_max(link->state) };
	amqp_bytes_t body;
	int rc;

	if ((rc = mqs_amqp_kept_body(k, &body, err)) != MQS_OK ||
	    (rc = mqs_amqp_properties_retry(&f->properties, &k->properties, &how, err)) != MQS_OK)
		return rc;
	return mqs_amqp_publish(link, mqs_amqp_text(f->exchange), k->routing_key, 1,
	    &f->properties.basic, body, sent, err);
}

static int
send_some(void *arg, const struct mqs_amqp_link *link, size_t *sent, struct mqs_error *err)
{
	struct mqs_amqp_fill *f = arg;
	struct mqs_amqp_kept *k;
	struct mqs_error why;
	int rc;

	mqs_amqp_lock(f->connection);
	if ((k = f->failed ? NULL : f->next) != NULL) {
		f->next = k->next;
		k->mark = ++f->sent;
	}
	mqs_amqp_unlock(f->connection);
	if (k == NULL)
		return MQS_NOTHING;
	if ((rc = send_one(f, k, link, sent, &why)) == MQS_OK)
		return MQS_OK;
	if (rc < 0) {	/* not the connection, but this message */
		mqs_amqp_lock(f->connection);
		fail(f, &why);
		mqs_amqp_unlock(f->connection);
		mqs_amqp_channel_wake(f->channel);
		return MQS_NOTHING;
	}
	if (err != NULL)
		*err = why;
	return rc;
}

/* Confirms come in any order; messages are given back in theirs. */
static void
confirmed(void *arg, uint64_t tag, int multiple, int refused)
{
	struct mqs_amqp_fill *f = arg;
	struct mqs_amqp_kept *k;
	struct mqs_error why;

	if (refused) {
		(void)mqs_fail(&why, MQS_EBUSY, "%s: the broker refuses messages", f->exchange);
		fail(f, &why);
		return;
	}
	for (k = f->first; k != NULL && k != f->next; k = k->next)
		if (k->mark == tag || (multiple && k->mark < tag))
			k->mark = CONFIRMED;
}

static void
returned(void *arg, struct mqs_amqp_delivery *d)
{
	struct mqs_amqp_fill *f = arg;
	struct mqs_error why;

	(void)d;
	(void)mqs_fail(&why, MQS_EBUSY, "%s: leads to no queue any more", f->exchange);
	fail(f, &why);
}

static void
closed(void *arg, int number, const struct mqs_error *why)
{
	(void)number;
	fail(arg, why);
}

static void
lost(void *arg)
{
	struct mqs_amqp_fill *f = arg;
	struct mqs_error why;

	(void)mqs_fail(&why, MQS_EBUSY, "%s: the connection was lost", f->exchange);
	fail(f, &why);
}

static const struct mqs_amqp_events events = {
	.set_up = set_up,
	.send = send_some,
	.confirmed = confirmed,
	.returned = returned,
	.closed = closed,
	.lost = lost
};

/* ------------------------------------------------- what the caller does -- */

int
mqs_amqp_fill_open(struct mqs_amqp_fill **out, struct mqs_amqp_connection *c, const char *queue,
    const char *group, const struct mqs_bindings *bindings,
    const struct mqs_amqp_fill_start *start, uint64_t epoch, struct mqs_error *err)
{
	struct mqs_amqp_stream_start from = { .at = start->time != 0 ? MQS_AMQP_STREAM_TIME :
	    start->offset != 0 ? MQS_AMQP_STREAM_OFFSET : MQS_AMQP_STREAM_FIRST,
	    .value = start->time != 0 ? start->time : start->offset };
	char name[MQS_AMQP_NAME_SIZE], stream[MQS_AMQP_NAME_SIZE];
	struct mqs_amqp_fill *f = calloc(1, sizeof(*f));
	int rc;

	if (f == NULL)
		return mqs_fail_errno(err, "%s/%s", queue, group);
	mqs_amqp_group_queue(name, queue, group);
	mqs_amqp_fill_name(f->exchange, name, "fill");
	mqs_amqp_fill_name(f->end, name, "end");
	f->connection = c;
	f->queue = queue;
	f->group = group;
	f->bindings = bindings;
	f->start = *start;
	f->begun = start->offset == 0;
	f->epoch = epoch;
	f->last = &f->first;
	rc = mqs_amqp_channel_open(&f->channel, c, &events, f, -1, err);
	if (rc == MQS_OK)
		rc = mqs_amqp_stream_open(&f->stream, c, mqs_amqp_stream(stream, queue), &from, 0,
		    err);
	if (rc != MQS_OK) {
		mqs_amqp_fill_free(f);
		return rc;
	}
	*out = f;
	return MQS_OK;
}

void
mqs_amqp_fill_free(struct mqs_amqp_fill *f)
{
	struct mqs_amqp_kept *k;

	if (f == NULL)
		return;
	mqs_amqp_channel_close(f->channel);
	mqs_amqp_stream_close(f->stream);
	while ((k = f->first) != NULL) {
		f->first = k->next;
		mqs_amqp_kept_free(k);
	}
	mqs_amqp_incoming_free(&f->incoming);
	mqs_amqp_properties_free(&f->properties);
	free(f);
}

/* 1 if the group gets it. */
static int
is_wanted(struct mqs_amqp_fill *f, const struct mqs_amqp_kept *k, int *wanted,
    struct mqs_error *err)
{
	const struct mqs_message *m = &f->incoming.message;
	int rc;

	rc = mqs_amqp_properties_read(&f->incoming, &k->properties, k->routing_key, err);
	*wanted = rc == MQS_OK && k->offset >= f->start.offset &&
	    (m->expires == 0 || m->expires > mqs_now()) &&
	    m->time >= f->start.time && mqs_bindings_match_first(f->bindings, m);
	return rc;
}

/* Gives back what was confirmed; *n is what is still on its way. */
static int
collect(struct mqs_amqp_fill *f, size_t *n, struct mqs_error *err)
{
	struct mqs_amqp_kept *k, *done = NULL, **end = &done;
	int rc = MQS_OK;

	mqs_amqp_lock(f->connection);
	while ((k = f->first) != NULL && k != f->next && k->mark == CONFIRMED) {
		if ((f->first = k->next) == NULL)
			f->last = &f->first;
		k->next = NULL;
		*end = k;
		end = &k->next;
		f->n--;
	}
	*n = f->n;
	if (f->failed) {
		rc = f->why.code;
		if (err != NULL)
			*err = f->why;
	}
	mqs_amqp_unlock(f->connection);
	while ((k = done) != NULL) {
		done = k->next;
		mqs_amqp_kept_free(k);
	}
	return rc;
}

/* Waits until no more than `most' are on their way. */
static int
drain(struct mqs_amqp_fill *f, size_t most, struct mqs_error *err)
{
	size_t n;
	int rc;

	while ((rc = collect(f, &n, err)) == MQS_OK && n > most)
		if ((rc = mqs_amqp_wait(f->channel, -1, err)) != MQS_OK)
			break;
	return rc;
}

static void
give(struct mqs_amqp_fill *f, struct mqs_amqp_kept *k)
{
	mqs_amqp_stream_ack(f->stream, k);
	mqs_amqp_lock(f->connection);
	*f->last = k;
	f->last = &k->next;
	if (f->next == NULL)
		f->next = k;
	f->n++;
	mqs_amqp_unlock(f->connection);
	mqs_amqp_channel_send(f->channel);
}

/* One message of the stream: MQS_NOTHING if it is the sign. */
static int
take(struct mqs_amqp_fill *f, struct mqs_amqp_kept *k, const char *sign, struct mqs_error *err)
{
	int rc, wanted = 0, end = 0;

	if (mqs_amqp_is_sign(k))
		end = mqs_amqp_is_sign_of(k, sign);
	else if ((rc = is_wanted(f, k, &wanted, err)) != MQS_OK) {
		mqs_amqp_stream_release(f->stream, k);
		return rc;
	}
	if (!wanted) {
		mqs_amqp_stream_release(f->stream, k);
		return end ? MQS_NOTHING : MQS_OK;
	}
	give(f, k);
	return drain(f, WINDOW, err);
}

/* All of it is looked at: then what the fill waits for is in it, whatever the offset. */
static int
begin_at_first(struct mqs_amqp_fill *f, struct mqs_error *err)
{
	const struct mqs_amqp_stream_start first = { .at = MQS_AMQP_STREAM_FIRST };
	char stream[MQS_AMQP_NAME_SIZE];

	mqs_amqp_stream_close(f->stream);
	f->stream = NULL;
	f->begun = 1;
	return mqs_amqp_stream_open(&f->stream, f->connection,
	    mqs_amqp_stream(stream, f->queue), &first, 0, err);
}

/* The next message of the stream. */
static int
next(struct mqs_amqp_fill *f, struct mqs_amqp_kept **out, struct mqs_error *err)
{
	const int64_t deadline = f->begun ? -1 : mqs_later(mqs_boottime(), BEHIND);
	int rc = mqs_amqp_stream_next(f->stream, out, deadline, err);

	if (rc == MQS_ETIMEOUT && !f->begun && (rc = begin_at_first(f, err)) == MQS_OK)
		rc = mqs_amqp_stream_next(f->stream, out, -1, err);
	f->begun |= rc == MQS_OK;
	return rc;
}

int
mqs_amqp_fill_to_end(struct mqs_amqp_fill *f, struct mqs_error *err)
{
	struct mqs_amqp_kept *k;
	char sign[MQS_AMQP_SIGN_SIZE];
	int rc;

	mqs_amqp_sign_make(sign);
	rc = mqs_amqp_publish_confirmed(f->connection, f->end, "", sign, strlen(sign), f->epoch,
	    err);
	while (rc == MQS_OK && (rc = next(f, &k, err)) == MQS_OK)
		rc = take(f, k, sign, err);
	return rc == MQS_NOTHING ? drain(f, 0, err) : rc;
}
