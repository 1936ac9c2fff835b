/*
 * publish_flush.c - storing a batch of messages in the log
 *
 * A transaction never waits for anything: large bodies are written and synced before it
 * begins, and while the queue is full none is open.  The order, and what a crash leaves,
 * is in embedded/queue/log.c.
 *
 * One transaction stores all of the batch, or, where the queue is limited, as much of it
 * as there is room for (a portion); the next does so when there is more.  Never cut are a
 * batch that is to be all or nothing, and what came of one delivery, with its marker.
 * Under MQS_MANDATORY a portion ends before a message that no group would get, too.  A
 * crash between two portions leaves the first ones, whose ids have been told.
 *
 * Who publishes also trims: up to twice what it appended, in small transactions, so
 * that the cost is spread over the publishers and keeps up with them.
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/name.h"
#include "embedded/publish_batch.h"
#include "embedded/publish_wait_for_room.h"
#include "embedded/store/blob.h"
#include "embedded/store/blob_file.h"

#define AHEAD		16	/* messages */
#define AHEAD_BYTES	512
#define LOCK_LEAST	(5 * MQS_SECOND)	/* to wait for others that write, at least */

/* What one transaction stores of the batch. */
struct portion {
	size_t		 from, to;		/* messages */
	size_t		 end;			/* up to here they may be stored */
	size_t		 first, last;		/* sections: first to last - 1 */
	struct mqs_log_room	 room;
	struct mqs_trimmed trimmed;
};

/* Syncs the large bodies and names them in their records. */
static int
finish_blobs(struct mqs_publisher *p, struct mqs_error *err)
{
	struct mqs_blob_ref ref;
	struct mqs_shape *s;
	int rc;

	for (s = p->shapes; s < p->shapes + p->nshapes; s++) {
		if (s->blob == NULL)
			continue;
		if ((rc = mqs_blob_finish(s->blob, &ref, err)) != MQS_OK)
			return rc;
		s->record.flags |= MQS_RECORD_LARGE;
		s->record.blob_name = ref.name;
		s->record.blob_hash = ref.hash;
		s->record.message.body_len = ref.size;
		s->record.message.body = NULL;
	}
	return MQS_OK;
}

/*
 * Asks for the beginning of a body that comes later: it was read on another processor,
 * or the ones after it have pushed it out of the cache.
 */
static inline void
look_ahead(const struct mqs_pending *e)
{
	uint32_t i, n = e->body_len < AHEAD_BYTES ? e->body_len : AHEAD_BYTES;

	for (i = 0; i < n; i += 64)
		__builtin_prefetch((const char *)e->body + i);
}

/* Appends messages from..to of the batch. */
static int
append(struct mqs_publisher *p, struct mqs_log_tx *ltx, size_t from, size_t to,
    struct mqs_error *err)
{
	struct mqs_pending *e;
	struct mqs_shape *s;
	int rc, duplicate;

	for (e = p->batch + from; e < p->batch + to; e++) {
		if (p->batch + p->n - e > AHEAD)
			look_ahead(&e[AHEAD]);
		s = &p->shapes[e->shape];
		if (s->blob == NULL) {
			s->record.message.body = e->body;
			s->record.message.body_len = e->body_len;
		}
		if ((rc = mqs_log_append(ltx, &s->record, &e->id, &duplicate,
		    err)) != MQS_OK)
			return rc;
		if (duplicate) {
			mqs_blob_free(s->blob, 0);
			s->blob = NULL;
		}
	}
	return MQS_OK;
}

/* A section that is void: its messages are not stored, nor its large bodies kept. */
static void
drop(struct mqs_publisher *p, size_t from, size_t to)
{
	struct mqs_pending *e;
	struct mqs_shape *s;

	for (e = p->batch + from; e < p->batch + to; e++) {
		e->id = 0;
		s = &p->shapes[e->shape];
		mqs_blob_free(s->blob, 0);
		s->blob = NULL;
	}
}

/* Appends a portion: what is of no input, then the section of each, with its marker. */
static int
append_portion(struct mqs_publisher *p, const struct portion *part,
    struct mqs_log_tx *ltx, struct mqs_error *err)
{
	struct mqs_section *s = p->sections + part->first, *end = p->sections + part->last;
	size_t to;
	int rc;

	to = s < end ? s->input.first : part->to;
	if ((rc = append(p, ltx, part->from, to, err)) != MQS_OK)
		return rc;
	for (; s < end; s++) {
		to = s + 1 < p->sections + p->nsections ? s[1].input.first : p->n;
		if ((rc = mqs_input_mark(&s->input, ltx, err)) != MQS_OK)
			return rc;
		if (s->input.stood)
			drop(p, s->input.first, to);
		else if ((rc = append(p, ltx, s->input.first, to, err)) != MQS_OK)
			return rc;
	}
	return MQS_OK;
}

/* ------------------------------------------------------------ portions -- */

static int
is_limited(const struct mqs_publisher *p)
{
	const struct mqs_log_settings *s = &p->log->settings;

	return (s->max_messages | s->max_bytes) != 0;
}

/* Adds messages up to `to' to a portion, if they fit; takes them off the room. */
static int
add(struct mqs_publisher *p, struct portion *part, size_t to, struct mqs_log_room *room)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = part->to; i < to; i++) {
		const struct mqs_shape *s = &p->shapes[p->batch[i].shape];

		bytes += s->blob != NULL ? s->record.message.body_len : p->batch[i].body_len;
	}
	if (to - part->to > room->messages || bytes > room->bytes)
		return 0;
	room->messages -= room->messages == UINT64_MAX ? 0 : to - part->to;
	room->bytes -= room->bytes == UINT64_MAX ? 0 : bytes;
	part->to = to;
	return 1;
}

/* 1 if all that is left of the batch fits; else the portion is what does. */
static int
fit(struct mqs_publisher *p, struct portion *part, struct mqs_log_room room)
{
	size_t loose = p->nsections > 0 ? p->sections[0].input.first : part->end, to;

	part->to = part->from;
	part->last = part->first;
	while (part->to < loose)
		if (!add(p, part, p->atomic ? loose : part->to + 1, &room))
			return 0;
	for (; part->last < p->nsections; part->last++) {
		to = part->last + 1 < p->nsections ?
		    p->sections[part->last + 1].input.first : p->n;
		if (!add(p, part, to, &room))
			return 0;
	}
	return 1;
}

static int
is_empty(const struct portion *part)
{
	return part->to == part->from && part->last == part->first;
}

/* What would fit if there were nothing in the queue: MQS_EDATA if nothing would. */
static int
fit_empty(struct mqs_publisher *p, struct portion *part, struct mqs_error *err)
{
	const struct mqs_log_settings *s = &p->log->settings;
	struct mqs_log_room whole = {
		.messages = s->max_messages == 0 ? UINT64_MAX : s->max_messages,
		.bytes = s->max_bytes == 0 ? UINT64_MAX : s->max_bytes
	};

	(void)fit(p, part, whole);
	if (!is_empty(part))
		return MQS_OK;
	return mqs_fail(err, MQS_EDATA, "%s: what can only be published at once is more "
	    "than max-messages or max-bytes", p->log->dir.name);
}

/* Makes room by dropping the oldest; what is then stored may still be nothing. */
static int
make_room(struct mqs_publisher *p, struct portion *part, struct mqs_log_tx *ltx,
    struct mqs_error *err)
{
	uint64_t bytes = 0, dropped;
	size_t i;
	int rc;

	if ((rc = fit_empty(p, part, err)) != MQS_OK ||
	    (rc = mqs_db_check_readers(p->log->db, err)) != MQS_OK)
		return rc;
	for (i = part->from; i < part->to; i++)
		bytes += p->shapes[p->batch[i].shape].blob != NULL ?
		    p->shapes[p->batch[i].shape].record.message.body_len :
		    p->batch[i].body_len;
	if ((rc = mqs_limits_drop_oldest(ltx, part->to - part->from, bytes, &part->room,
	    &part->trimmed, &dropped, err)) != MQS_OK)
		return rc;
	p->dropped += dropped;
	(void)fit(p, part, part->room);
	return MQS_OK;
}

/* Chooses what this transaction stores: MQS_NOTHING if there is no room now. */
static int
choose(struct mqs_publisher *p, struct portion *part, struct mqs_log_tx *ltx,
    struct mqs_error *err)
{
	int rc;

	part->trimmed.records = part->trimmed.nblobs = 0;
	part->to = part->end;
	part->last = p->nsections;
	if (!is_limited(p))
		return MQS_OK;
	mqs_limits_promised(ltx, &part->room);
	if (fit(p, part, part->room))
		return MQS_OK;
	if ((rc = mqs_limits_measure(ltx, &part->room, err)) != MQS_OK ||
	    fit(p, part, part->room))
		return rc;
	if (p->log->settings.overflow == MQS_OVERFLOW_DROP) {
		rc = make_room(p, part, ltx, err);
		return rc == MQS_OK && is_empty(part) && part->trimmed.records == 0 ?
		    MQS_NOTHING : rc;
	}
	if (!is_empty(part))
		return MQS_OK;
	rc = fit_empty(p, part, err);
	part->to = part->from;
	part->last = part->first;
	return rc == MQS_OK ? MQS_NOTHING : rc;
}

/* ------------------------------------------------------------ trimming -- */

/* Trims in a transaction that is under way, if there is anything to trim. */
static int
trim(struct mqs_publisher *p, struct mqs_log_tx *ltx, size_t max,
    struct mqs_trimmed *t, struct mqs_error *err)
{
	int64_t now = mqs_judged_now(p->spool);
	uint64_t floor;
	int rc;

	t->records = t->nblobs = 0;
	if (!mqs_trim_wanted(p->log, ltx->v, now))
		return MQS_OK;
	/* Else a reader that was killed would keep the space for itself. */
	if ((rc = mqs_db_check_readers(p->log->db, err)) != MQS_OK ||
	    (rc = mqs_trim_floor(p->log, ltx->v, &floor, err)) != MQS_OK)
		return rc;
	return mqs_trim_some(ltx, now, floor, max, 0, t, err);
}

/*
 * Trims more after a large batch.  The batch is published by now, so trouble here
 * is not the publisher's: the next one meets it again.
 */
static void
trim_more(struct mqs_publisher *p, size_t max)
{
	struct mqs_trimmed t;
	struct mqs_log_tx ltx;

	while (max > 0 && mqs_log_begin(&ltx, p->log, 0, NULL) == MQS_OK) {
		if (trim(p, &ltx, max, &t, NULL) != MQS_OK || t.records == 0) {
			mqs_log_abort(&ltx);
			return;
		}
		if (mqs_log_commit(&ltx, NULL) != MQS_OK)
			return;
		(void)mqs_trim_unlink(p->log, &t, NULL);
		max -= t.records < max ? t.records : max;
	}
}

/* ------------------------------------------------------------- storing -- */

static void
report(struct mqs_publisher *p, size_t from, size_t to, int code)
{
	char id[MQS_ID_SIZE];
	size_t i;
	int one;

	if (p->published == NULL)
		return;
	for (i = from; i < to; i++) {
		one = code == MQS_OK && p->batch[i].id == 0 ? MQS_EEXIST : code;
		if (one == MQS_OK)
			mqs_format_u64(p->batch[i].id, id);
		p->published(p->arg, p->batch[i].tag, one,
		    one == MQS_OK ? id : NULL);
	}
}

/* A portion is in the log: its large bodies are the log's, its outcomes are told. */
static void
stored(struct mqs_publisher *p, struct portion *part)
{
	struct mqs_shape *s;
	size_t i;

	for (i = part->from; i < part->to && p->nlarge > 0; i++) {
		s = &p->shapes[p->batch[i].shape];
		mqs_blob_free(s->blob, 1);
		s->blob = NULL;
	}
	p->stored = part->to;
	report(p, part->from, part->to, MQS_OK);
	(void)mqs_trim_unlink(p->log, &part->trimmed, NULL);
	part->from = part->to;
	part->first = part->last;
}

/* That no group would get a message. */
static int
unroutable(const struct mqs_publisher *p, const struct mqs_message *m,
    struct mqs_error *err)
{
	if (m->key_len == 0)
		return mqs_fail(err, MQS_ENOENT, "%s: no group would get a message "
		    "without a key", p->log->dir.name);
	return mqs_fail(err, MQS_ENOENT, "%s: no group would get a message with "
	    "key '%.*s'", p->log->dir.name, (int)m->key_len, m->key);
}

/*
 * How far messages may be stored, under MQS_MANDATORY: up to the first that no group
 * would get; the error if that is the first of all.
 */
static int
find_end(struct mqs_publisher *p, struct portion *part, struct mqs_error *err)
{
	const struct mqs_message *m;
	uint32_t shape = UINT32_MAX;
	size_t i;
	int rc;

	part->end = p->n;
	if (!(p->flags & MQS_MANDATORY))
		return MQS_OK;
	if ((rc = mqs_mandatory_update(&p->routes, p->spool, p->log, err)) != MQS_OK)
		return rc;
	for (i = part->from; i < p->n; i++) {
		if (p->batch[i].shape == shape)
			continue;
		shape = p->batch[i].shape;
		m = &p->shapes[shape].record.message;
		if (mqs_mandatory_would_get(&p->routes, m))
			continue;
		if (i == part->from || p->atomic || p->nsections > 0)
			return unroutable(p, m, err);
		part->end = i;
		break;
	}
	return MQS_OK;
}

/* One transaction: MQS_NOTHING if there is no room for anything (err says why). */
static int
store(struct mqs_publisher *p, struct portion *part, int64_t deadline,
    struct mqs_error *err)
{
	struct mqs_log_tx ltx;
	int rc;

	if ((rc = mqs_log_begin(&ltx, p->log, deadline, err)) != MQS_OK)
		return rc;
	if ((rc = find_end(p, part, err)) != MQS_OK ||
	    (rc = choose(p, part, &ltx, err)) != MQS_OK ||
	    (rc = append_portion(p, part, &ltx, err)) != MQS_OK ||
	    (part->trimmed.records == 0 && (rc = trim(p, &ltx,
	    2 * (part->to - part->from), &part->trimmed, err)) != MQS_OK)) {
		mqs_log_abort(&ltx);
		return rc;
	}
	return mqs_log_commit(&ltx, err);
}

/* Stores the batch, portion by portion. */
static int
store_all(struct mqs_publisher *p, struct portion *part, struct mqs_error *err)
{
	struct mqs_publish_wait w;
	int64_t lock = 0;
	int rc;

	mqs_publish_wait_init(&w, p->spool, p->log, p->wait);
	if (p->wait >= 0)
		lock = mqs_later(mqs_boottime(), p->wait > LOCK_LEAST ? p->wait : LOCK_LEAST);
	while ((rc = mqs_publish_wait_for_disk(&w, err)) == MQS_OK) {
		rc = store(p, part, lock, err);
		if (rc == MQS_OK) {
			stored(p, part);
			if (part->from == p->n && part->first == p->nsections)
				break;
		} else if (rc == MQS_NOTHING)
			rc = mqs_publish_wait_for_room(&w, &part->room, err);
		if (rc != MQS_OK)
			break;
	}
	mqs_publish_wait_done(&w);
	return rc;
}

int
mqs_embedded_publisher_flush(struct mqs_publisher *p, struct mqs_error *err)
{
	struct portion part = { 0 };
	size_t n = p->n, sections = p->nsections;
	int rc;

	p->stored = 0;
	if (n == 0 && sections == 0)
		return MQS_OK;
	if ((rc = finish_blobs(p, err)) == MQS_OK)
		rc = store_all(p, &part, err);
	if (rc != MQS_OK)
		report(p, part.from, n, rc);
	mqs_publisher_clear(p);
	if (rc != MQS_OK)
		return rc;
	if (part.trimmed.records == MQS_TRIM_RECORDS && 2 * n > part.trimmed.records)
		trim_more(p, 2 * n - part.trimmed.records);
	/* The inputs are settled after this, and must not be settled for longer than their outputs last. */
	return sections > 0 && p->log->settings.relaxed ?
	    mqs_db_sync(p->log->db, err) : MQS_OK;
}
