/*
 * dead_letter_make.c - dead letters
 *
 * The dead letter is the message itself, key, headers and body, with headers that
 * say where it comes from and why it died.  It goes to the queue that `dead-letter'
 * names, by default QUEUE.dead; a message that dies there stays there (it is in
 * that log already), so that nothing circulates for ever.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/name.h"
#include "base/units.h"
#include "embedded/queue/group_key_order.h"
#include "embedded/queue/marker.h"
#include "embedded/settle.h"
#include "message/headers.h"

#define DEAD_ENDING	".dead"

/* The name of the dead-letter queue; 0 if this queue is its own. */
static int
dead_queue(const struct mqs_log *log, char name[MQS_NAME_MAX + 8])
{
	const char *set = log->settings.dead_letter;
	size_t n = strlen(log->dir.name), e = strlen(DEAD_ENDING);

	if (*set != '\0')
		snprintf(name, MQS_NAME_MAX + 8, "%.*s", MQS_NAME_MAX, set);
	else if (n > e && strcmp(log->dir.name + n - e, DEAD_ENDING) == 0)
		return 0;
	else
		snprintf(name, MQS_NAME_MAX + 8, "%s%s", log->dir.name, DEAD_ENDING);
	return strcmp(name, log->dir.name) != 0;
}

/* Appends a header whose value is made valid: UTF-8 without control bytes but \n \t. */
static int
add_header(struct mqs_buf *buf, const char *name, const char *value,
    struct mqs_error *err)
{
	char *copy;
	size_t n = strlen(value), good = 0, i;
	int rc;

	if ((copy = strdup(value)) == NULL)
		return mqs_fail_errno(err, "dead letter");
	while ((good += mqs_utf8_valid(copy + good, n - good, 1)) < n)
		copy[good++] = '?';
	for (i = 0; i < n; i++)
		if ((unsigned char)copy[i] < ' ' && copy[i] != '\n' && copy[i] != '\t')
			copy[i] = '?';
	rc = mqs_headers_add(buf, name, strlen(name), copy, n);
	free(copy);
	return rc == -1 ? mqs_fail_errno(err, "dead letter") : MQS_OK;
}

static int
add_headers(struct mqs_pass *pass, struct mqs_buf *buf,
    const struct mqs_message *m, uint64_t attempts, const char *reason,
    const char *detail, struct mqs_error *err)
{
	char id[24], count[24], when[MQS_TIME_SIZE];
	const char *const pairs[][2] = {
		{ "mq-dead-queue", pass->group->log->dir.name },
		{ "mq-dead-group", pass->group->name },
		{ "mq-dead-id", id },
		{ "mq-dead-reason", reason == NULL ? "failed" : reason },
		{ "mq-dead-attempts", count },
		{ "mq-dead-time", when },
		{ "mq-dead-stderr", detail }
	};
	size_t i, before;
	int rc;

	mqs_format_u64(m->seq, id);
	mqs_format_u64(attempts, count);
	mqs_format_time(mqs_judged_now(pass->spool), when);
	if (mqs_buf_add(buf, m->headers, m->headers_len) == -1)
		return mqs_fail_errno(err, "dead letter");
	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (pairs[i][1] == NULL || *pairs[i][1] == '\0')
			continue;
		before = buf->n;
		if ((rc = add_header(buf, pairs[i][0], pairs[i][1], err)) != MQS_OK)
			return rc;
		if (buf->n > MQS_HEADERS_MAX)	/* rather without it than not at all */
			buf->n = before;
	}
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
		    "too long to add " DEAD_ENDING " (set dead-letter=NAME)",
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
	char queue[MQS_NAME_MAX + 8];
	struct mqs_record record;
	int rc;

	if (!dead_queue(pass->group->log, queue))
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
		return mqs_key_order_leave(&pass->gtx, e, err);
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
	return mqs_key_order_leave(&pass->gtx, e, err);
}
