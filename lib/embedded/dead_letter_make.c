/* dead_letter_make.c - see dead_letter_make.h */
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "embedded/damaged_message.h"
#include "embedded/dead_letter_make.h"
#include "embedded/queue/group_count_acks.h"
#include "embedded/queue/group_key_order.h"
#include "embedded/queue/log_large_body.h"
#include "embedded/queue/marker.h"
#include "engine/dead_letter.h"

static int
add_headers(struct mqs_settle_tx *stx, struct mqs_buf *buf,
    const struct mqs_message *m, uint64_t attempts, const char *reason,
    const char *detail, struct mqs_error *err)
{
	char id[MQS_ID_SIZE];
	const struct mqs_death death = { .queue = stx->group->log->dir.name,
	    .group = stx->group->name, .id = mqs_message_id(m, id), .reason = reason,
	    .detail = detail, .attempts = attempts, .time = mqs_judged_now(stx->spool) };

	if (mqs_dead_letter_headers(buf, m, &death) == -1)
		return mqs_fail_errno(err, "dead letter");
	return MQS_OK;
}

/* Not a queue that somebody mistyped: it is made whatever MQS_AUTOCREATE says. */
static int
open_queue(struct mqs_spool *spool, const char *queue, struct mqs_log **log,
    struct mqs_error *err)
{
	const unsigned flags = spool->options.flags;
	int rc;

	spool->options.flags |= MQS_AUTOCREATE;
	rc = mqs_spool_log(spool, queue, 1, log, err);
	spool->options.flags = flags;
	return rc;
}

int
mqs_dead_letter_wait(struct mqs_spool *spool, const struct mqs_group *group,
    struct mqs_error *err)
{
	char queue[MQS_DEAD_LETTER_NAME];
	struct mqs_log *log;

	return mqs_dead_letter_queue(group->log->dir.name, group->log->settings.dead_letter,
	    queue) ? open_queue(spool, queue, &log, err) : MQS_OK;
}

/* Opens the dead-letter queue and its transaction, once a stx. */
static int
begin(struct mqs_settle_tx *stx, const char *queue, struct mqs_error *err)
{
	struct mqs_log *log;
	int rc;

	if (stx->dead_log != NULL)
		return MQS_OK;
	if (strlen(queue) > MQS_NAME_MAX)
		return mqs_fail(err, MQS_ECONFIG, "%s has no dead-letter queue: the name is "
		    "too long to add .dead (set dead-letter=NAME)",
		    stx->group->log->dir.name);
	stx->spool->no_wait = 1;	/* others wait for the group meanwhile */
	rc = open_queue(stx->spool, queue, &log, err);
	stx->spool->no_wait = 0;
	stx->dead_busy = rc == MQS_EBUSY;
	if (rc != MQS_OK || (rc = mqs_log_begin(&stx->dead, log, 0, err)) != MQS_OK)
		return rc;
	stx->dead_log = log;
	return MQS_OK;
}

static int
append(struct mqs_settle_tx *stx, const struct mqs_record *record,
    const struct mqs_buf *headers, struct mqs_error *err)
{
	struct mqs_record dead = *record;
	struct mqs_blob *blob = NULL;
	uint64_t id;
	int rc, duplicate;

	dead.message.headers = headers->p;
	dead.message.headers_len = headers->n;
	/* It died: what delayed, expired or deduplicated it has had its say. */
	dead.message.not_before = dead.message.expires = 0;
	dead.message.message_id = NULL;
	dead.message.message_id_len = 0;
	dead.only_group_len = 0;
	if (record->flags & MQS_RECORD_LARGE &&
	    (rc = mqs_log_adopt(stx->dead_log, stx->group->log, &dead, &blob,
	    err)) != MQS_OK) {
		stx->damaged = rc == MQS_EDAMAGED;
		return rc;
	}
	rc = mqs_log_append(&stx->dead, &dead, &id, &duplicate, err);
	if (rc != MQS_OK) {
		mqs_blob_free(blob, 0);
		return rc;
	}
	if (blob != NULL)
		stx->blobs[stx->nblobs++] = blob;
	else
		stx->dead_bytes += dead.message.body_len;
	stx->dead_bytes += headers->n;
	return MQS_OK;
}

/* Writes the dead letter and its marker, unless the marker stands already. */
static int
write_letter(struct mqs_settle_tx *stx, const char *queue,
    const struct mqs_record *record, uint64_t attempts, const char *reason,
    const char *detail, struct mqs_error *err)
{
	struct mqs_buf headers = { 0 };
	struct mqs_marker marker;
	int rc;

	if ((rc = begin(stx, queue, err)) != MQS_OK)
		return rc;
	mqs_marker_of(&marker, stx->group, stx->gtx.v[MQS_GROUP_GENERATION],
	    record->message.seq);
	if ((rc = mqs_marker_find(stx->dead.tx, MQS_LOG_MARKERS, &marker,
	    err)) != MQS_NOTHING)
		return rc;
	rc = add_headers(stx, &headers, &record->message, attempts, reason,
	    detail, err);
	if (rc == MQS_OK)
		rc = append(stx, record, &headers, err);
	mqs_buf_free(&headers);
	if (rc != MQS_OK || (rc = mqs_marker_put(stx->dead.tx, MQS_LOG_MARKERS,
	    &marker, err)) != MQS_OK)
		return rc;
	marker.id = stx->gtx.v[MQS_GROUP_DURABLE_FLOOR];
	return mqs_marker_sweep(stx->dead.tx, MQS_LOG_MARKERS, stx->group, &marker, err);
}

/*
 * Puts the message into the dead-letter queue, unless it must stay where it is; MQS_NOTHING:
 * the message is not in the log any more.
 */
static int
bury(struct mqs_settle_tx *stx, uint64_t id, uint64_t attempts, const char *reason,
    const char *detail, struct mqs_error *err)
{
	char queue[MQS_DEAD_LETTER_NAME];
	struct mqs_record record;
	int rc;

	if (!mqs_dead_letter_queue(stx->group->log->dir.name,
	    stx->group->log->settings.dead_letter, queue))
		return MQS_OK;
	rc = mqs_log_reader_at(stx->reader, id, 1, &record, err);
	stx->damaged = rc == MQS_EDAMAGED;
	if (rc == MQS_OK)
		rc = write_letter(stx, queue, &record, attempts, reason, detail, err);
	if (rc == MQS_OK && (stx->nblobs == MQS_SETTLE_BLOBS ||
	    stx->dead_bytes >= MQS_SETTLE_BYTES))
		rc = mqs_settle_commit_dead(stx, err);
	if (rc < 0)
		stx->dead_failed = 1;
	return rc;
}

/*
 * MQS_OK if the output that a filter made of the message is in the log already, because a
 * consumer died between publishing it and settling; else MQS_NOTHING.
 */
static int
made(struct mqs_settle_tx *stx, uint64_t id, struct mqs_error *err)
{
	struct mqs_marker marker;

	if (stx->made_in == NULL)
		return MQS_NOTHING;
	mqs_marker_of(&marker, stx->group, stx->gtx.v[MQS_GROUP_GENERATION], id);
	return mqs_marker_stands(stx->made_in, &marker, err);
}

/* Reports that no dead letter could be made, and of which message. */
static int
keep_alive(const struct mqs_settle_tx *stx, uint64_t id, const struct mqs_error *why,
    struct mqs_error *err)
{
	const char *queue = stx->group->log->dir.name, *group = stx->group->name;
	struct mqs_error text;

	(void)mqs_fail(&text, why->code, "%s/%s: message %llu can't become a dead letter: %s",
	    queue, group, (unsigned long long)id, why->text);
	if (stx->damaged)
		return mqs_tell_skip(stx->group, id, &text, err);
	if (err != NULL)
		*err = text;
	return why->code;
}

int
mqs_dead_letter_make(struct mqs_settle_tx *stx, const struct mqs_entry *e, uint64_t attempts,
    const char *reason, const char *detail, struct mqs_error *err)
{
	struct mqs_held h = { *e, MQS_WAITING, 0 };
	struct mqs_error why;
	int rc;

	if ((rc = made(stx, e->id, err)) < 0)
		return rc;
	if (rc == MQS_OK) {
		mqs_count_ack(&stx->gtx, e);
		return mqs_group_key_leave(&stx->gtx, e, err);
	}
	if (stx->keep != MQS_OK) {
		stx->kept = 1;
		h.sort = (uint64_t)mqs_later(mqs_judged_now(stx->spool),
		    stx->group->settings.backoff_max);
		return mqs_group_hold(&stx->gtx, &h, err);
	}
	if ((rc = bury(stx, e->id, attempts, reason, detail, &why)) < 0)
		return keep_alive(stx, e->id, &why, err);
	/* Else a limit or a purge took it. */
	stx->gtx.v[rc == MQS_OK ? MQS_GROUP_DEAD : MQS_GROUP_DROPPED]++;
	return mqs_group_key_leave(&stx->gtx, e, err);
}
