/*
 * group_rewind.c - see admin.h: moving a group: it is made anew from another place
 *
 * First the stream is read, from where the group is to begin, to find that place's offset and
 * what the group will get; up to a sign, as a fill does (group_fill.h).  Then the group is made
 * anew (group_create.h), from that offset.  A group with consumers is left alone: MQS_EBUSY.
 */
#include <stdio.h>
#include <string.h>

#include "amqp/admin.h"
#include "amqp/group_change.h"
#include "amqp/group_create.h"
#include "amqp/group_fill.h"
#include "amqp/group_lock.h"
#include "amqp/message_id.h"
#include "amqp/properties_in.h"
#include "amqp/publish_confirmed.h"
#include "amqp/stream_read.h"
#include "amqp/stream_sign.h"
#include "amqp/table.h"
#include "base/clock.h"
#include "base/error.h"

struct rewinding {
	struct mqs_spool	*spool;
	struct mqs_amqp_connection *connection;
	struct mqs_amqp_group	 group;
	struct mqs_amqp_record	 record;
	uint64_t		 epoch;
	uint32_t		 messages, consumers;
	int			 stream;

	int64_t			 time;		/* the first message of that time or later, */
	int64_t			 from;		/* or of that offset */
	uint64_t		 skip;		/* so many messages at first */
	uint64_t		 seen;		/* messages of the stream */
	int			 placed;
	int			 surveyed;
	int64_t			 offset;	/* the place, or the end when it was looked for */
	struct mqs_rewound	*out;
	struct mqs_amqp_incoming incoming;
};

static int
look_job(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	struct rewinding *w = arg;
	char stream[MQS_AMQP_NAME_SIZE];
	int rc;

	rc = mqs_amqp_queue_count(link, w->group.name, &w->messages, &w->consumers, err);
	if (rc != MQS_OK)
		return rc;
	rc = mqs_amqp_queue_exists(link, mqs_amqp_stream(stream, w->group.queue), NULL, NULL, err);
	w->stream = rc == MQS_OK;
	return rc == MQS_ENOENT ? MQS_OK : rc;
}

static int
declare_job(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	const struct rewinding *w = arg;
	int rc = mqs_amqp_group_locked(link, w->group.name, w->epoch, err);

	return rc != MQS_OK ? rc :
	    mqs_amqp_fill_declare(link, w->group.queue, w->group.name, err);
}

static int
remove_job(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	const struct rewinding *w = arg;

	return mqs_amqp_fill_remove(link, w->group.name, err);
}

/* -------------------------------------------------------------- survey -- */

/* One message of the stream. */
static int
take(struct rewinding *w, const struct mqs_amqp_kept *k, struct mqs_error *err)
{
	const struct mqs_message *m = &w->incoming.message;
	int rc = mqs_amqp_properties_read(&w->incoming, &k->properties, k->routing_key, err);

	if (rc != MQS_OK)
		return rc;
	if (w->seen++ < w->skip || (!w->placed && (m->time < w->time || k->offset < w->from)))
		return MQS_OK;
	if (!w->placed)
		w->offset = k->offset;
	w->placed = 1;
	if ((m->expires != 0 && m->expires <= mqs_now()) ||
	    !mqs_bindings_match_first(&w->record.bindings, m))
		return MQS_OK;
	if (w->out->depth++ == 0) {
		(void)snprintf(w->out->id, sizeof(w->out->id), "%s", w->incoming.message.id);
		if (w->out->id[0] == '\0')
			(void)snprintf(w->out->id, sizeof(w->out->id), "%lld",
			    (long long)k->offset);
		w->out->time = m->time;
	}
	return MQS_OK;
}

/* Reads all that the stream has. */
static int
survey(struct rewinding *w, struct mqs_error *err)
{
	static const struct mqs_amqp_stream_start first = { .at = MQS_AMQP_STREAM_FIRST };
	char stream[MQS_AMQP_NAME_SIZE], end[MQS_AMQP_FILL_NAME_SIZE];
	char sign[MQS_AMQP_SIGN_SIZE];
	struct mqs_amqp_stream *s;
	struct mqs_amqp_kept *k;
	int rc, is_end = 0;

	w->seen = 0;
	mqs_amqp_fill_name(end, w->group.name, "end");
	mqs_amqp_sign_make(sign);
	mqs_amqp_stream(stream, w->group.queue);
	if ((rc = mqs_amqp_publish_confirmed(w->connection, end, "", sign, strlen(sign), w->epoch,
	    err)) != MQS_OK ||
	    (rc = mqs_amqp_stream_open(&s, w->connection, stream, &first, 0, err)) != MQS_OK)
		return rc;
	while (rc == MQS_OK && !is_end &&
	    (rc = mqs_amqp_stream_next(s, &k, -1, err)) == MQS_OK) {
		if (!mqs_amqp_is_sign(k))
			rc = take(w, k, err);
		else if ((is_end = mqs_amqp_is_sign_of(k, sign)) && !w->placed)
			w->offset = k->offset;
		mqs_amqp_stream_release(s, k);
	}
	mqs_amqp_stream_close(s);
	w->surveyed = is_end;
	return rc;
}

/* The last N messages are counted from the end, so the stream is read twice. */
static int
survey_last(struct rewinding *w, uint64_t last, struct mqs_error *err)
{
	uint64_t all;
	int rc;

	w->skip = UINT64_MAX;
	if ((rc = survey(w, err)) != MQS_OK)
		return rc;
	all = w->seen;
	w->skip = all > last ? all - last : 0;
	return survey(w, err);
}

static int
find_place(struct rewinding *w, const struct mqs_rewind_options *o, struct mqs_error *err)
{
	if (o->to != NULL && strcmp(o->to, "newest") == 0)
		return MQS_OK;
	if (o->to != NULL && strcmp(o->to, "oldest") != 0 &&
	    !mqs_amqp_is_offset(o->to, &w->from) && !mqs_amqp_id_read(o->to, strlen(o->to), &w->time))
		return mqs_fail(err, MQS_EINVAL, "%s: %s: no id", w->group.name, o->to);
	if (o->to == NULL && o->to_time != 0)
		w->time = o->to_time;
	else if (o->to == NULL && o->last != 0)
		return survey_last(w, o->last, err);
	else if (o->to == NULL)
		return MQS_OK;	/* to the end */
	return survey(w, err);
}

/* ---------------------------------------------------------------- move -- */

/* Under the lock: the place, and what is there. */
static int
look(struct rewinding *w, const struct mqs_rewind_options *o, struct mqs_error *err)
{
	int rc;

	if (!w->stream)
		return o->to == NULL && o->to_time == 0 && o->last == 0 ? MQS_OK :
		    o->to != NULL && strcmp(o->to, "newest") == 0 ? MQS_OK :
		    mqs_fail(err, MQS_ENOTSUP, "%s: retains nothing (retain=0), so there is nothing "
		    "to go back to", w->group.queue);
	if ((rc = mqs_amqp_run(w->connection, declare_job, w, -1, err)) != MQS_OK)
		return rc;
	rc = find_place(w, o, err);
	if (mqs_amqp_run(w->connection, remove_job, w, -1, rc == MQS_OK ? err : NULL) != MQS_OK &&
	    rc == MQS_OK)
		rc = MQS_EBUSY;
	return rc;
}

static int
move(struct rewinding *w, const struct mqs_rewind_options *o, struct mqs_error *err)
{
	char from[24] = "newest";
	int rc;

	rc = mqs_amqp_group_lock(w->spool, w->group.name, NULL, NULL, &w->epoch, err);
	if (rc != MQS_OK)
		return rc;
	rc = look(w, o, err);
	mqs_amqp_group_unlock(w->spool, w->group.name, w->epoch);
	if (rc != MQS_OK || o->dry_run)
		return rc;
	if (w->consumers > 0)
		return mqs_amqp_group_consumed(w->group.name, w->consumers, err);
	/* What came after the end is the group's: it may be of the time that was asked for. */
	if (w->surveyed)
		(void)snprintf(from, sizeof(from), "%lld", (long long)w->offset);
	return mqs_amqp_group_remake(&w->group, w->spool, w->stream, from, err);
}

int
mqs_amqp_rewind(struct mqs_spool *spool, const char *queue, const char *group,
    const struct mqs_rewind_options *options, struct mqs_rewound *out, struct mqs_error *err)
{
	struct rewinding w = { .spool = spool, .out = out };
	int rc;

	memset(out, 0, sizeof(*out));
	(void)snprintf(w.group.queue, sizeof(w.group.queue), "%s", queue);
	(void)snprintf(w.group.group, sizeof(w.group.group), "%s", group);
	mqs_amqp_group_queue(w.group.name, queue, group);
	if ((rc = mqs_amqp_spool_connection(&w.connection, spool, err)) != MQS_OK ||
	    (rc = mqs_amqp_group_record(spool, queue, group, &w.record, err)) != MQS_OK)
		return rc;
	if ((rc = mqs_amqp_run(w.connection, look_job, &w, -1, err)) == MQS_OK) {
		out->before = w.messages;
		rc = move(&w, options, err);
	}
	mqs_amqp_incoming_free(&w.incoming);
	mqs_amqp_record_free(&w.record);
	return rc;
}
