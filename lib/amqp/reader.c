/* reader.c - see reader.h: opening, the next message, following */
#include <stdio.h>
#include <stdlib.h>

#include "amqp/reader.h"
#include "base/error.h"

/* ---------------------------------------------------------------- open -- */

static int
look_job(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	const struct mqs_reader *r = arg;
	int rc = mqs_amqp_expect_queue(link, r->spool, r->queue, err);

	if (rc != MQS_OK ||
	    (rc = mqs_amqp_queue_exists(link, r->stream, NULL, NULL, err)) != MQS_ENOENT)
		return rc;
	return mqs_fail(err, MQS_ENOTSUP, "%s: has no stream %s (retain=0), so there is nothing to "
	    "replay", r->queue, r->stream);
}

static int
has_ids(const struct mqs_reader *r)
{
	return r->bounds.since_id[0] != '\0' || r->bounds.until_id[0] != '\0';
}

/*
 * The sign comes first: what is read after it is whole.  Who may not publish can follow all the
 * same; then there is no end of what was there.
 */
static int
publish_sign(struct mqs_reader *r, struct mqs_error *err)
{
	int rc;

	mqs_amqp_sign_make(r->sign);
	rc = mqs_amqp_sign_publish(r->connection, r->stream, r->sign, err);
	if (rc != MQS_EPERM || !r->follow || has_ids(r))
		return rc;
	r->no_sign = 1;
	return MQS_OK;
}

static int
open_at(struct mqs_reader *r, struct mqs_spool *spool, const struct mqs_reader_options *o,
    struct mqs_error *err)
{
	const uint64_t last = o == NULL ? 0 : o->last;
	int rc;

	if ((rc = mqs_amqp_bounds_init(&r->bounds, o, err)) != MQS_OK ||
	    (rc = mqs_amqp_spool_connection(&r->connection, spool, err)) != MQS_OK ||
	    (rc = mqs_amqp_run(r->connection, look_job, r, -1, err)) != MQS_OK)
		return rc;
	/* To find the last, a sign is published later. */
	if ((last == 0 || has_ids(r)) && ((rc = publish_sign(r, err)) != MQS_OK ||
	    (rc = mqs_amqp_reader_find_ids(r, err)) != MQS_OK))
		return rc;
	if (o != NULL && o->latest)
		return mqs_amqp_reader_place_latest(r, err);
	if (last != 0)
		return mqs_amqp_reader_place_last(r, last, err);
	return mqs_amqp_reader_begin(r, err);
}

int
mqs_amqp_reader_open(struct mqs_reader **out, struct mqs_spool *spool, const char *queue,
    const char *group, const struct mqs_reader_options *o, struct mqs_error *err)
{
	struct mqs_reader *r;
	int rc;

	if (group != NULL)
		return mqs_fail(err, MQS_ENOTSUP, "%s/%s: the amqp engine can't show what a group has yet "
		    "to settle: it shows all that the queue retains (mq-replay %s)", queue, group, queue);
	if ((r = calloc(1, sizeof(*r))) == NULL)
		return mqs_fail_errno(err, "%s", queue);
	(void)snprintf(r->queue, sizeof(r->queue), "%s", queue);
	(void)mqs_amqp_stream(r->stream, queue);
	r->follow = o != NULL && o->follow;
	r->spool = spool;
	if ((rc = open_at(r, spool, o, err)) != MQS_OK) {
		mqs_amqp_reader_free(r);
		return rc;
	}
	*out = r;
	return MQS_OK;
}

void
mqs_amqp_reader_free(struct mqs_reader *r)
{
	if (r == NULL)
		return;
	(void)mqs_amqp_reader_seek(r, NULL, NULL);
	mqs_amqp_incoming_free(&r->incoming);
	mqs_amqp_latest_free(&r->latest);
	mqs_amqp_bounds_free(&r->bounds);
	free(r);
}

/* ---------------------------------------------------------------- read -- */

/* 1 if the message that was read is to be given. */
static int
is_given(struct mqs_reader *r)
{
	const int64_t *offsets = r->latest.offsets;

	if (r->only) {
		while (r->next < r->latest.noffsets && offsets[r->next] < r->kept->offset)
			r->next++;
		if (r->next == r->latest.noffsets || offsets[r->next] != r->kept->offset)
			return 0;
		r->next++;
		return 1;
	}
	if (!mqs_amqp_reader_wants(r))
		return 0;
	if (r->skip == 0)
		return 1;
	r->skip--;
	return 0;
}

/* 1 if nothing that comes can be wanted. */
static int
is_over(const struct mqs_reader *r)
{
	return r->kept != NULL && (r->kept->offset >= r->bounds.last ||
	    (r->only && r->next == r->latest.noffsets));
}

/* The next message, wanted or not.  Who follows goes on behind the sign at once. */
static int
next(struct mqs_reader *r, struct mqs_error *err)
{
	int rc;

	if (is_over(r))
		return MQS_NOTHING;
	if (!r->ended && ((rc = mqs_amqp_reader_step(r, -1, err)) != MQS_NOTHING || !r->follow))
		return rc;
	return mqs_amqp_reader_step(r, 0, err);
}

int
mqs_amqp_reader_next(struct mqs_reader *r, struct mqs_message *m, struct mqs_error *err)
{
	int rc;

	*m = (struct mqs_message)MQS_MESSAGE_INIT;
	while ((rc = next(r, err)) == MQS_OK && !is_given(r))
		;
	if (rc == MQS_OK)
		*m = r->incoming.message;
	return rc == MQS_ETIMEOUT ? MQS_NOTHING : rc;
}

void
mqs_amqp_reader_rest(struct mqs_reader *r)
{
	(void)r;	/* nothing of the broker's is held */
}

int
mqs_amqp_reader_fd(struct mqs_reader *r, struct mqs_error *err)
{
	(void)err;
	return mqs_amqp_stream_fd(r->reading);
}

int
mqs_amqp_reader_service(struct mqs_reader *r, struct mqs_error *err)
{
	return mqs_amqp_stream_service(r->reading, err);
}
