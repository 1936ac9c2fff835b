/*
 * dead_letter_make.c - making dead letters
 *
 * engine/dead_letter.h says what a dead letter is and to which queue it goes.  It is
 * appended there under a marker, in the pass's transaction of that log (settle.h).  A
 * message that dies in a queue of dead letters stays where it is: it is in that log
 * already.
 */
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "embedded/queue/group_key_order.h"
#include "embedded/queue/marker.h"
#include "embedded/settle.h"
#include "engine/dead_letter.h"

static int
add_headers(struct mqs_pass *pass, struct mqs_buf *buf,
    const struct mqs_message *m, uint64_t attempts, const char *reason,
    const char *detail, struct mqs_error *err)
{
	char id[MQS_ID_SIZE];
	const struct mqs_death death = { .queue = pass->group->log->dir.name,
	    .group = pass->group->name, .id = mqs_message_id(m, id), .reason = reason,
	    .detail = detail, .attempts = attempts, .time = mqs_judged_now(pass->spool) };

	if (mqs_dead_letter_headers(buf, m, &death) == -1)
		return mqs_fail_errno(err, "dead letter");
	return MQS_OK;
}

/* Opens the dead-letter queue and its transaction, once a pass. */
static int
begin(struct mqs_pass *pass, const char *queue, struct mqs_error *err)
{
	struct mqs_log *log;
	unsigned flags = pass->spool->options.flags;
	int rc;

	if (pass->dead_log != NULL)
		return MQS_OK;
	if (strlen(queue) > MQS_NAME_MAX)
		return mqs_fail(err, MQS_ECONFIG, "%s has no dead-letter queue: the name is "
		    "too long to add .dead (set dead-letter=NAME)",
		    pass->group->log->dir.name);
	/* Not a queue that somebody mistyped: it is made whatever MQS_AUTOCREATE says. */
	pass->spool->options.flags |= MQS_AUTOCREATE;
	rc = mqs_spool_log(pass->spool, queue, 1, &log, err);
	pass->spool->options.flags = flags;
	if (rc != MQS_OK || (rc = mqs_log_begin(&pass->dead, log, 0, err)) != MQS_OK)
		return rc;
	pass->dead_log = log;
	return MQS_OK;
}

static int
append(struct mqs_pass *pass, const struct mqs_record *record,
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
	    (rc = mqs_log_adopt(pass->dead_log, pass->group->log, &dead, &blob,
	    err)) != MQS_OK)
		return rc;
	rc = mqs_log_append(&pass->dead, &dead, &id, &duplicate, err);
	if (rc != MQS_OK) {
		mqs_blob_free(blob, 0);
		return rc;
	}
	if (blob != NULL)
		pass->blobs[pass->nblobs++] = blob;
	else
		pass->dead_bytes += dead.message.body_len;
	pass->dead_bytes += headers->n;
	return MQS_OK;
}

/* Writes the dead letter and its marker, unless the marker stands already. */
static int
write_letter(struct mqs_pass *pass, const char *queue,
    const struct mqs_record *record, uint64_t attempts, const char *reason,
    const char *detail, struct mqs_error *err)
{
	struct mqs_buf headers = { 0 };
	struct mqs_marker marker;
	int rc;

	if ((rc = begin(pass, queue, err)) != MQS_OK)
		return rc;
	mqs_marker_of(&marker, pass->group, pass->gtx.v[MQS_GROUP_GENERATION],
	    record->message.seq);
	if ((rc = mqs_marker_find(pass->dead.tx, MQS_LOG_MARKERS, &marker,
	    err)) != MQS_NOTHING)
		return rc;
	rc = add_headers(pass, &headers, &record->message, attempts, reason,
	    detail, err);
	if (rc == MQS_OK)
		rc = append(pass, record, &headers, err);
	mqs_buf_free(&headers);
	if (rc != MQS_OK || (rc = mqs_marker_put(pass->dead.tx, MQS_LOG_MARKERS,
	    &marker, err)) != MQS_OK)
		return rc;
	marker.id = pass->gtx.v[MQS_GROUP_DURABLE_FLOOR];
	return mqs_marker_sweep(pass->dead.tx, MQS_LOG_MARKERS, &marker, err);
}

/* Puts the message into the dead-letter queue, if that is another one; MQS_NOTHING: it is gone. */
static int
bury(struct mqs_pass *pass, uint64_t id, uint64_t attempts, const char *reason,
    const char *detail, struct mqs_error *err)
{
	char queue[MQS_DEAD_LETTER_NAME];
	struct mqs_record record;
	int rc;

	if (!mqs_dead_letter_queue(pass->group->log->dir.name,
	    pass->group->log->settings.dead_letter, queue))
		return MQS_OK;
	rc = mqs_log_reader_at(pass->reader, id, 1, &record, err);
	if (rc == MQS_OK)
		rc = write_letter(pass, queue, &record, attempts, reason, detail, err);
	if (rc == MQS_OK && (pass->nblobs == MQS_PASS_BLOBS ||
	    pass->dead_bytes >= MQS_PASS_BYTES))
		rc = mqs_pass_bury(pass, err);
	if (rc < 0)
		pass->dead_failed = 1;
	return rc;
}

/*
 * MQS_OK if what was made of a message is in the queue where this consumer puts such:
 * whoever had it died between publishing and settling.
 */
static int
made(struct mqs_pass *pass, uint64_t id, struct mqs_error *err)
{
	struct mqs_marker marker;

	if (pass->made_in == NULL)
		return MQS_NOTHING;
	mqs_marker_of(&marker, pass->group, pass->gtx.v[MQS_GROUP_GENERATION], id);
	return mqs_marker_stands(pass->made_in, &marker, err);
}

/* Says whose message it is that can't die. */
static int
keep_alive(const struct mqs_pass *pass, uint64_t id, const struct mqs_error *why,
    struct mqs_error *err)
{
	return mqs_fail(err, why->code, "%s/%s: message %llu can't become a dead letter: %s",
	    pass->group->log->dir.name, pass->group->name, (unsigned long long)id,
	    why->text);
}

int
mqs_pass_dead(struct mqs_pass *pass, const struct mqs_entry *e, uint64_t attempts,
    const char *reason, const char *detail, struct mqs_error *err)
{
	struct mqs_held h = { *e, MQS_WAITING, 0 };
	struct mqs_error why;
	int rc;

	if ((rc = made(pass, e->id, err)) < 0)
		return rc;
	if (rc == MQS_OK) {
		pass->gtx.v[MQS_GROUP_ACKED]++;
		return mqs_group_key_leave(&pass->gtx, e, err);
	}
	if (pass->keep != MQS_OK) {
		pass->kept = 1;
		h.sort = (uint64_t)mqs_later(mqs_judged_now(pass->spool),
		    pass->group->settings.backoff_max);
		return mqs_group_hold(&pass->gtx, &h, err);
	}
	if ((rc = bury(pass, e->id, attempts, reason, detail, &why)) < 0)
		return keep_alive(pass, e->id, &why, err);
	/* Else a limit or a purge took it. */
	pass->gtx.v[rc == MQS_OK ? MQS_GROUP_DEAD : MQS_GROUP_DROPPED]++;
	return mqs_group_key_leave(&pass->gtx, e, err);
}
