/*
 * replay.c - reading the messages that a queue retains, without touching any group
 *
 * A reader has a position in the log, and bounds (replay_bounds.h).  A reader of a group
 * gives what that group had yet to settle when the reader was opened: first the messages
 * that were leased or held then (replay_group.h), in the order of their ids, and then all
 * messages beyond the group's cursor.
 *
 * A damaged message does not end a reader.  It is reported with its id, and the position is
 * behind it afterwards.  If the position did not move, the rest of the file can't be read.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/name.h"
#include "embedded/queue/log_large_body.h"
#include "embedded/replay_select.h"

/* ------------------------------------------------------------ opening -- */

static int
past(const struct mqs_reader *r, const struct mqs_message *m)
{
	return m->seq > r->bounds.until_id || mqs_replay_late(&r->bounds, m);
}

/* The next message that is not damaged. */
static int
next_whole(struct mqs_reader *r, struct mqs_message *m, struct mqs_error *err)
{
	int rc;

	do
		rc = mqs_embedded_reader_next(r, m, err);
	while (rc == MQS_EDAMAGED && m->seq != 0);
	return rc;
}

/* Counts those that match, to skip the first, so that only the last n are left. */
static int
skip_to_last(struct mqs_reader *r, uint64_t n, struct mqs_error *err)
{
	const uint64_t at = r->reader.at, ordinal = r->reader.ordinal;
	uint64_t count = 0;
	size_t next_id = r->group.next_id;
	struct mqs_message m;
	int rc;

	while ((rc = next_whole(r, &m, err)) == MQS_OK)
		count++;
	if (rc < 0)
		return rc;
	r->group.next_id = next_id;
	mqs_log_reader_seek_behind(&r->reader, at, ordinal);
	for (; count > n; count--)
		if ((rc = next_whole(r, &m, err)) != MQS_OK)
			return rc < 0 ? rc : MQS_OK;
	return MQS_OK;
}

/* The same for a key that the index knows: MQS_ECONFIG if it does not. */
static int
place_last_of_key(struct mqs_reader *r, uint64_t n, struct mqs_error *err)
{
	return r->by_index ? mqs_key_ids_last(&r->of_key, &r->reader, &r->bounds, n, err) :
	    MQS_ECONFIG;
}

/* The same for all of a queue, from its end. */
static int
place_last(struct mqs_reader *r, uint64_t first, uint64_t n, struct mqs_error *err)
{
	const uint64_t asked = n;
	uint64_t id = UINT64_MAX, start = 0;
	struct mqs_record record;
	int rc = MQS_OK;

	while (n > 0) {
		rc = mqs_log_reader_before(&r->reader, id, &record, err);
		if (rc == MQS_NOTHING)
			break;
		if (rc != MQS_OK && (rc != MQS_EDAMAGED || r->reader.at >= id))
			return rc;
		id = r->reader.at;
		if (id < first)
			break;
		if (rc == MQS_EDAMAGED)
			continue;
		if (past(r, &record.message) || !mqs_replay_wanted(&r->bounds, &record.message))
			continue;
		start = id;
		n--;
	}
	if (rc < 0 && rc != MQS_EDAMAGED)
		return rc;
	if (rc == MQS_EDAMAGED) {	/* forward, the reader gets past it */
		mqs_log_reader_seek(&r->reader, first);
		return skip_to_last(r, asked, err);
	}
	mqs_log_reader_seek(&r->reader, start > first ? start : first);
	return MQS_OK;
}

static int
open_at(struct mqs_reader *r, struct mqs_spool *spool, const char *queue,
    const char *group, const struct mqs_reader_options *o, struct mqs_error *err)
{
	struct mqs_group *g;
	uint64_t first, cursor = 0, ordinal = 0;
	int rc;

	if ((rc = mqs_replay_bounds_of(&r->bounds, o, err)) != MQS_OK ||
	    (rc = group == NULL ?
	    mqs_spool_log_readonly(spool, queue, &r->log, err) :
	    mqs_spool_log_to_consume(spool, queue, 0, &r->log, err)) != MQS_OK ||
	    (rc = mqs_log_reader_init(&r->reader, r->log, err)) != MQS_OK)
		return rc;
	first = r->bounds.first;
	r->whole_queue = group == NULL;
	r->by_index = r->whole_queue && r->bounds.by_key;
	mqs_key_ids_init(&r->of_key, &r->bounds);
	r->which = o != NULL && o->latest ? MQS_REPLAY_LATEST : MQS_REPLAY_ALL;
	r->everything = r->whole_queue && r->which == MQS_REPLAY_ALL && r->bounds.all &&
	    r->bounds.until == 0 && r->bounds.until_id == UINT64_MAX;
	if (group != NULL) {
		if ((rc = mqs_spool_group(spool, queue, group, 0, NULL, &g,
		    err)) == MQS_EPERM && err != NULL)
			return mqs_fail(err, rc, "%s (what a group has yet to settle can be "
			    "read by who may consume: mq(7), FILES)", err->text);
		if (rc != MQS_OK || (rc = mqs_replay_group_list(&r->group, g,
		    &cursor, &ordinal, err)) != MQS_OK)
			return rc;
		while (r->group.next_id < r->group.nids && r->group.ids[r->group.next_id] < first)
			r->group.next_id++;
	}
	if (group != NULL && cursor + 1 > first) {
		first = cursor + 1;
		mqs_log_reader_seek_behind(&r->reader, cursor, ordinal);
	} else
		mqs_log_reader_seek(&r->reader, first);
	if (o == NULL || o->last == 0)
		return MQS_OK;
	if (group != NULL)
		return skip_to_last(r, o->last, err);
	if ((rc = place_last_of_key(r, o->last, err)) != MQS_ECONFIG)
		return rc;
	r->by_index = 0;
	return place_last(r, first, o->last, err);
}

int
mqs_embedded_reader_open(struct mqs_reader **out, struct mqs_spool *spool,
    const char *queue, const char *group, const struct mqs_reader_options *o,
    struct mqs_error *err)
{
	struct mqs_reader *r;
	int rc;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return mqs_fail_errno(err, "%s", queue);
	r->spool = spool;
	spool->handles++;
	r->body = -1;
	if ((rc = open_at(r, spool, queue, group, o, err)) != MQS_OK) {
		mqs_embedded_reader_free(r);
		return rc;
	}
	*out = r;
	return MQS_OK;
}

void
mqs_embedded_reader_free(struct mqs_reader *r)
{
	if (r == NULL)
		return;
	r->spool->handles--;
	if (r->body != -1)
		close(r->body);
	if (r->reader.tx != NULL)
		mqs_log_reader_done(&r->reader);
	mqs_wake_free(r->wake);
	mqs_replay_group_free(&r->group);
	mqs_replay_bounds_free(&r->bounds);
	mqs_latest_free(&r->newest);
	free(r);
}

/* ------------------------------------------------------------ reading -- */

/* Opens a large body: MQS_NOTHING if the message was removed meanwhile. */
static int
open_body(struct mqs_reader *r, struct mqs_record *record, struct mqs_message *m,
    struct mqs_error *err)
{
	const struct mqs_log_reader place = r->reader;
	const uint64_t id = m->seq;
	struct mqs_error why;
	int rc;

	rc = mqs_log_body(r->log, record, 1, &r->body, &why);
	if (rc == MQS_OK)
		m->body_fd = r->body;
	if (rc < 0)
		return mqs_fail(err, rc, "%s: message %llu: %s", r->log->dir.name,
		    (unsigned long long)id, why.text);
	if (rc != MQS_NOTHING)
		return rc;
	/* Whoever removes it unlinks the body after the commit, which a new snapshot shows. */
	mqs_log_reader_rest(&r->reader);
	rc = mqs_log_reader_at(&r->reader, id, 1, record, err);
	r->reader.at = place.at;
	r->reader.ordinal = place.ordinal;
	r->reader.placed = 0;
	if (rc != MQS_OK)
		return rc;
	return mqs_fail(err, MQS_EDAMAGED, "%s: message %llu: damaged: its body %016llx is gone",
	    r->log->dir.name, (unsigned long long)id, (unsigned long long)record->blob_name);
}

/* The next message within the bounds.  On MQS_EDAMAGED r->damaged is its id, or 0. */
static int
next_message(struct mqs_reader *r, struct mqs_message *m, struct mqs_error *err)
{
	struct mqs_record record;
	int rc;

	do {
		if ((rc = mqs_replay_select(r, &record, err)) != MQS_OK)
			return rc;
		*m = record.message;
		r->damaged = m->seq;
	} while ((record.flags & MQS_RECORD_LARGE) &&
	    (rc = open_body(r, &record, m, err)) == MQS_NOTHING);	/* trimmed meanwhile */
	return rc;
}

int
mqs_embedded_reader_next(struct mqs_reader *r, struct mqs_message *m, struct mqs_error *err)
{
	int rc;

	if (r->body != -1) {
		close(r->body);
		r->body = -1;
	}
	r->damaged = 0;
	if ((rc = next_message(r, m, err)) == MQS_OK)
		return rc;
	if (rc == MQS_NOTHING)	/* what comes next is in another snapshot */
		mqs_log_reader_rest(&r->reader);
	else {
		*m = (struct mqs_message)MQS_MESSAGE_INIT;
		m->seq = rc == MQS_EDAMAGED ? r->damaged : 0;
	}
	return rc;
}

void
mqs_embedded_reader_rest(struct mqs_reader *r)
{
	mqs_log_reader_rest(&r->reader);
}

int
mqs_embedded_reader_fd(struct mqs_reader *r, struct mqs_error *err)
{
	int rc;

	if (r->wake == NULL && (rc = mqs_wake_new(&r->wake, &r->log->dir, NULL,
	    0, err)) != MQS_OK)
		return rc;
	return mqs_wake_fd(r->wake);
}

int
mqs_embedded_reader_service(struct mqs_reader *r, struct mqs_error *err)
{
	unsigned what;
	int rc;

	if (r->wake == NULL)
		return MQS_OK;
	if ((rc = mqs_wake_drain(r->wake, &what, err)) != MQS_OK)
		return rc;
	if (what & (MQS_WAKE_GONE | MQS_WAKE_TIME))
		return mqs_db_check_path(r->log->db, err);
	return MQS_OK;
}
