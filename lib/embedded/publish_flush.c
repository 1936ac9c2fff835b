/*
 * publish_flush.c - storing a batch of messages in the log
 *
 * A transaction never waits for anything.  Large bodies are written and synced before it
 * begins, and while the queue is full no transaction is open.  queue/log_tx.h has the
 * order of steps, and what a crash leaves.
 *
 * One transaction stores the whole batch, or, where the queue is limited, a portion of it
 * (publish_portion.h); the next transaction stores more when there is room.  A crash
 * between two portions leaves the first ones, whose ids the caller has been told.
 *
 * Where the queue has a schema, messages are held against it before each transaction that
 * finds it changed (publish_schema.h).
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/name.h"
#include "embedded/publish_expect.h"
#include "embedded/publish_portion.h"
#include "embedded/publish_trim.h"
#include "embedded/publish_wait_for_room.h"
#include "embedded/store/blob.h"
#include "embedded/store/blob_file.h"
#include "embedded/store/blob_hold.h"

#define AHEAD		16	/* messages */
#define AHEAD_BYTES	512
#define LOCK_LEAST	(5 * MQS_SECOND)	/* to wait for others that write, at least */
#define CHECK_AGAIN	2			/* the queue has another schema than the batch was checked by */
#define PAGES_MOST	UINT64_C(8192)	/* bytes of pages that its entry in the index changes */
#define RECORD_MOST	UINT64_C(256)	/* bytes of a record in the log, beside its body */

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
    struct mqs_replaced *replaced, struct mqs_error *err)
{
	const int compact = ltx->log->settings.compact != 0;
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
		} else if (compact && (rc = mqs_compaction_replace(ltx, &s->record.message,
		    replaced, err)) != MQS_OK)
			return rc;
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
append_portion(struct mqs_publisher *p, struct mqs_portion *part,
    struct mqs_log_tx *ltx, struct mqs_error *err)
{
	struct mqs_section *s = p->sections + part->first, *end = p->sections + part->last;
	size_t to;
	int rc;

	to = s < end ? s->input.first : part->to;
	part->replaced.records = part->replaced.nblobs = 0;
	if ((rc = append(p, ltx, part->from, to, &part->replaced, err)) != MQS_OK)
		return rc;
	for (; s < end; s++) {
		to = s + 1 < p->sections + p->nsections ? s[1].input.first : p->n;
		if ((rc = mqs_input_mark(&s->input, ltx, err)) != MQS_OK)
			return rc;
		if (s->input.stood)
			drop(p, s->input.first, to);
		else if ((rc = append(p, ltx, s->input.first, to, &part->replaced,
		    err)) != MQS_OK)
			return rc;
	}
	return part->replaced.records > 0 ? mqs_compaction_note_oldest(ltx, err) : MQS_OK;
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

/* Unlinks the large bodies of what was replaced; while a backup reads them they stay for a sweep. */
static void
unlink_replaced(const struct mqs_publisher *p, const struct mqs_replaced *r)
{
	size_t i;

	if (r->nblobs == 0 || mqs_blob_is_held(&p->log->dir))
		return;
	for (i = 0; i < r->nblobs; i++)
		(void)mqs_blob_unlink(&p->log->dir, r->blobs[i], NULL);
}

/* A portion is in the log: its large bodies are the log's, its outcomes are told. */
static void
stored(struct mqs_publisher *p, struct mqs_portion *part)
{
	struct mqs_shape *s;
	size_t i;

	for (i = part->from; i < part->to && p->nlarge > 0; i++) {
		s = &p->shapes[p->batch[i].shape];
		mqs_blob_free(s->blob, 1);
		s->blob = NULL;
	}
	p->stored = part->to;
	mqs_expect_stored(p, part->from, part->to, part->before);
	report(p, part->from, part->to, MQS_OK);
	if (part->to == p->n)
		mqs_publish_release_bodies(p);
	(void)mqs_trim_unlink(p->log, &part->trimmed, NULL);
	unlink_replaced(p, &part->replaced);
	part->from = part->to;
	part->first = part->last;
}

/* One transaction: MQS_NOTHING if there is no room for anything (err says why), CHECK_AGAIN. */
static int
store(struct mqs_publisher *p, struct mqs_portion *part, int64_t deadline,
    struct mqs_error *err)
{
	struct mqs_log_tx ltx;
	int rc;

	if ((rc = mqs_log_begin(&ltx, p->log, deadline, err)) != MQS_OK)
		return rc;
	part->before = ltx.v[MQS_LOG_LAST_ID];
	if (!mqs_publish_schema_holds(p)) {
		mqs_log_abort(&ltx);
		return CHECK_AGAIN;
	}
	if ((rc = mqs_publish_mirror_check(p, err)) != MQS_OK ||
	    (rc = mqs_expect_check(p, part->from, &ltx, err)) != MQS_OK ||
	    (rc = mqs_portion_end(p, part, err)) != MQS_OK ||
	    (rc = mqs_portion_choose(p, part, &ltx, err)) != MQS_OK ||
	    (rc = append_portion(p, part, &ltx, err)) != MQS_OK ||
	    (part->trimmed.records == 0 && (rc = mqs_publish_trim(p, &ltx,
	    2 * (part->to - part->from), &part->trimmed, err)) != MQS_OK)) {
		mqs_log_abort(&ltx);
		return rc;
	}
	return mqs_log_commit(&ltx, err);
}

/* Bytes in the log of what is yet to be stored, on the average of the batch. */
static uint64_t
bytes_left(const struct mqs_publisher *p, const struct mqs_portion *part)
{
	return p->n == 0 ? 0 : p->bytes / p->n * (p->n - part->from);
}

/* 1 if nothing is left to store; of a batch that was cut off, the markers are not. */
static int
is_done(const struct mqs_publisher *p, const struct mqs_portion *part)
{
	return part->from == p->n && (part->first == p->nsections || p->schema.whole != 0);
}

/* Stores the batch, portion by portion. */
static int
store_all(struct mqs_publisher *p, struct mqs_portion *part, struct mqs_error *err)
{
	struct mqs_publish_wait w;
	int64_t lock = 0;
	int rc;

	mqs_publish_wait_init(&w, p->spool, p->log, p->wait);
	if (p->wait >= 0)
		lock = mqs_later(mqs_boottime(), p->wait > LOCK_LEAST ? p->wait : LOCK_LEAST);
	while ((rc = mqs_publish_wait_for_disk(&w, p->n - part->from, bytes_left(p, part),
	    err)) == MQS_OK) {
		rc = store(p, part, lock, err);
		if (rc == MQS_OK) {
			stored(p, part);
		} else if (rc == MQS_NOTHING)
			rc = mqs_publish_wait_for_room(&w, &part->room, err);
		else if (rc == CHECK_AGAIN)
			rc = mqs_publish_schema_check(p, part->from, err);
		if (rc != MQS_OK || is_done(p, part))
			break;
	}
	mqs_publish_wait_done(&w);
	return rc;
}

int
mqs_embedded_publisher_flush(struct mqs_publisher *p, struct mqs_error *err)
{
	struct mqs_portion part = { 0 };
	size_t n = p->n, sections = p->nsections;
	int rc;

	p->stored = 0;
	if (n == 0 && sections == 0)
		return MQS_OK;
	rc = mqs_publish_schema_holds(p) ? MQS_OK : mqs_publish_schema_check(p, 0, err);
	if (rc == MQS_OK && !is_done(p, &part) && (rc = finish_blobs(p, err)) == MQS_OK) {
		mqs_db_expect(p->log->db, 2 * p->bytes + RECORD_MOST * n +
		    (p->log->settings.index || p->log->settings.compact ? n * PAGES_MOST : 0));
		rc = store_all(p, &part, err);
	}
	if (rc == MQS_OK && p->schema.whole != 0) {
		rc = p->schema.refusal.code;
		if (err != NULL)
			*err = p->schema.refusal;
	}
	if (rc != MQS_OK)
		report(p, part.from, p->schema.whole != 0 ? p->schema.whole : p->n, rc);
	mqs_publisher_clear(p);
	if (rc != MQS_OK)
		return rc;
	if (part.trimmed.more && 2 * n > part.trimmed.records)
		mqs_publish_trim_more(p, 2 * n - part.trimmed.records);
	/* The inputs are settled after this, and must not be settled for longer than their outputs last. */
	return sections > 0 && p->log->settings.relaxed ?
	    mqs_db_sync(p->log->db, err) : MQS_OK;
}
