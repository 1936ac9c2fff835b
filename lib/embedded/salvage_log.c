/*
 * salvage_log.c - a new queue of what is intact of a damaged one
 *
 * The damaged files are only read (salvage_source.h).  The new queue is built under a temporary
 * name and renamed into its place when all of it is on stable storage: an interruption, or a
 * full disk, leaves nothing.
 *
 * Messages keep id, time, key, headers, priority, message id and body.  Ordinals are given
 * anew, because those of a log leave none out.  The new queue has the UUID of the damaged one,
 * if that can be read: its messages have the same ids, so what other queues know of them (the
 * markers of filters and of copies) stays true.  It has the markers of the damaged one, too:
 * a filter that was killed before it settled its input publishes once.  Its last id is not less than any that was
 * found, so no id is used again.
 *
 * A large body is linked into the new queue, or copied where that can't be, after its hash was
 * verified.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/units.h"
#include "embedded/queue/log_compaction.h"
#include "embedded/queue/log_create.h"
#include "embedded/queue/log_key_index.h"
#include "embedded/queue/log_large_body.h"
#include "embedded/queue/log_tx.h"
#include "embedded/queue/marker.h"
#include "embedded/salvage_source.h"
#include "embedded/spool.h"
#include "embedded/store/blob.h"
#include "embedded/store/lmdb/page_scan.h"

#define BATCH_RECORDS	4096	/* of one transaction */
#define BATCH_BYTES	(16u << 20)

struct salvage {
	const struct mqs_spool	*spool;
	struct mqs_salvage_source source;
	struct mqs_log		source_log;	/* of which only the directory is used */
	struct mqs_dir		alone;		/* the damaged queue, held by us alone */
	int			 is_alone;
	mqs_finding_fn		*finding;
	void			*arg;
	struct mqs_salvaged	*result;
	struct mqs_log_tx	 ltx;
	uint64_t		 batch_records, batch_bytes;
	uint64_t		 last_id, last_ordinal;	/* of the message before */
	uint64_t		 removed;	/* records of messages that had been removed */
	uint64_t		 without_state;	/* records of which that can't be told */
	uint64_t		 bodies;	/* large bodies that could not be saved */
	int			 compact;	/* the setting: on */
	uint64_t		 ids;		/* message ids that another message has */
};

static void	tell(void *arg, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
tell(void *arg, const char *fmt, ...)
{
	struct salvage *s = arg;
	char text[MQS_ERROR_TEXT];
	va_list ap;

	if (s->finding == NULL)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	s->finding(s->arg, text);
}

/* --------------------------------------------------------------- messages -- */

/* Tells which messages are missing between two that were saved, going by their ordinals. */
static void
tell_gap(struct salvage *s, uint64_t ordinal, uint64_t id)
{
	uint64_t before = s->last_ordinal, missing;

	/* Compaction leaves gaps: then only their sum is known (save_all). */
	if (s->source.v[MQS_LOG_COMPACTED] > 0)
		return;
	if (before == 0 && s->source.has_state)
		before = s->source.v[MQS_LOG_REMOVED];
	if ((before == 0 && s->last_id == 0 && !s->source.has_state) || ordinal <= before + 1)
		return;
	missing = ordinal - before - 1;
	s->result->lost += missing;
	if (id == 0)
		tell(s, "%llu message%s behind %llu: lost", (unsigned long long)missing,
		    mqs_plural(missing), (unsigned long long)s->last_id);
	else if (s->last_id == 0)
		tell(s, "%llu message%s before %llu: lost", (unsigned long long)missing,
		    mqs_plural(missing), (unsigned long long)id);
	else
		tell(s, "%llu message%s between %llu and %llu: lost", (unsigned long long)missing,
		    mqs_plural(missing), (unsigned long long)s->last_id, (unsigned long long)id);
}

/* Gives a large body to the new queue: MQS_NOTHING if it is gone or damaged. */
static int
save_body(struct salvage *s, struct mqs_record *r, struct mqs_error *err)
{
	const struct mqs_blob_ref ref = { r->blob_name, r->message.body_len, r->blob_hash };
	struct mqs_blob *blob = NULL;
	struct mqs_error why;
	int rc, fd;

	rc = s->source.dir.blob == -1 ? MQS_NOTHING :
	    mqs_blob_open(&s->source.dir, &ref, 1, &fd, &why);
	if (rc != MQS_OK) {
		tell(s, "message %llu: its body %016llx is %s", (unsigned long long)r->message.seq,
		    (unsigned long long)r->blob_name, rc == MQS_NOTHING ? "gone" :
		    rc == MQS_EDAMAGED ? "damaged" : why.text);
		s->bodies++;
		return MQS_NOTHING;
	}
	close(fd);
	if ((rc = mqs_log_adopt(s->ltx.log, &s->source_log, r, &blob, err)) == MQS_OK)
		mqs_blob_free(blob, 1);
	return rc;
}

/* Commits what is open and begins anew, if it is enough. */
static int
end_batch(struct salvage *s, struct mqs_error *err)
{
	struct mqs_log *log = s->ltx.log;
	int rc;

	if (s->batch_records < BATCH_RECORDS && s->batch_bytes < BATCH_BYTES)
		return MQS_OK;
	mqs_progress(s->spool, s->result->messages, s->source.n, "%s: saving messages",
	    log->dir.name);
	s->batch_records = s->batch_bytes = 0;
	if ((rc = mqs_log_commit(&s->ltx, err)) != MQS_OK)
		return rc;
	return mqs_log_begin(&s->ltx, log, 0, err);
}

/* 1 if the queue had removed the message of a record that no tree led to. */
static int
was_removed(struct salvage *s, const struct mqs_salvage_place *p, const struct mqs_record *r)
{
	if (mqs_salvage_reached(p))
		return 0;
	if (!s->source.has_state) {
		s->without_state++;
		return 0;
	}
	/* Those that compaction removed may be anywhere: up to here all the others were. */
	if (r->ordinal > s->source.v[MQS_LOG_REMOVED] - s->source.v[MQS_LOG_COMPACTED]) {
		s->without_state += s->source.v[MQS_LOG_COMPACTED] > 0;
		return 0;
	}
	s->removed++;
	return 1;
}

static int
save(struct salvage *s, const struct mqs_salvage_place *p, struct mqs_error *err)
{
	struct mqs_error why;
	struct mqs_record r;
	uint64_t ordinal;
	size_t id_len;
	int rc;

	if (mqs_salvage_read(&s->source, p, &r, &why) != MQS_OK) {
		tell(s, "%s", why.text);
		return MQS_OK;
	}
	r.message.seq = p->id;
	ordinal = r.ordinal;
	if (was_removed(s, p, &r))
		return MQS_OK;
	if (r.flags & MQS_RECORD_LARGE && (rc = save_body(s, &r, err)) != MQS_OK)
		return rc == MQS_NOTHING ? MQS_OK : rc;
	id_len = r.message.message_id_len;
	if ((rc = mqs_log_restore(&s->ltx, &r, err)) != MQS_OK)
		return rc;
	if (id_len != 0 && r.message.message_id == NULL) {
		s->ids++;
		tell(s, "message %llu: its message id is that of another, too, and was dropped",
		    (unsigned long long)p->id);
	}
	tell_gap(s, ordinal, p->id);
	s->last_id = p->id;
	s->last_ordinal = ordinal;
	s->result->messages++;
	s->batch_records++;
	s->batch_bytes += r.flags & MQS_RECORD_LARGE ? 0 : r.message.body_len;
	return end_batch(s, err);
}

static int
save_all(struct salvage *s, struct mqs_error *err)
{
	const struct mqs_salvage_place *p = s->source.places;
	uint64_t had;
	size_t i;
	int rc;

	for (i = 0; i < s->source.n; i++)
		if ((i == 0 || p[i].id != p[i - 1].id) && (rc = save(s, &p[i], err)) != MQS_OK)
			return rc;
	if (s->source.has_state)
		tell_gap(s, s->source.v[MQS_LOG_ORDINAL] + 1, 0);
	had = s->source.v[MQS_LOG_ORDINAL] - s->source.v[MQS_LOG_REMOVED];
	if (s->source.v[MQS_LOG_COMPACTED] > 0 && had > s->result->messages) {
		s->result->lost = had - s->result->messages;
		tell(s, "%llu message%s: lost", (unsigned long long)s->result->lost,
		    mqs_plural(s->result->lost));
	}
	return MQS_OK;
}

/* --------------------------------------------------------------- the rest -- */

/* Settings that make no sense are told, and have their defaults. */
static int
save_settings(struct salvage *s, struct mqs_error *err)
{
	const char *pair = s->source.settings.p;
	const char *end = pair + s->source.settings.n;
	struct mqs_log_settings settings;
	struct mqs_error why;
	int rc;

	for (; pair != NULL && pair < end; pair += strlen(pair) + 1) {
		rc = mqs_settings_store(mqs_log_setting_table, s->ltx.tx, &pair, 1, &why);
		if (rc == MQS_ECONFIG || rc == MQS_EINVAL)
			tell(s, "setting %.100s: not saved: %s", pair, why.text);
		else if (rc != MQS_OK) {
			if (err != NULL)
				*err = why;
			return rc;
		}
	}
	s->ltx.v[MQS_LOG_SETTINGS]++;
	if ((rc = mqs_settings_load(mqs_log_setting_table, s->ltx.tx, &settings, err)) != MQS_OK)
		return rc;
	/* It has all messages if it begins with none. */
	s->compact = settings.compact != 0;
	if (settings.index || s->compact)
		s->ltx.v[MQS_LOG_KEY_INDEX] = MQS_KEY_INDEX_WHOLE;
	return MQS_OK;
}

static int
save_markers(struct salvage *s, struct mqs_error *err)
{
	const struct mqs_buf *keys = &s->source.markers;
	size_t at;
	int rc;

	if (!s->source.markers_whole)
		tell(s, "markers: not all could be read: what filters, dead letters and redrives "
		    "put here and had not settled yet may come twice");
	for (at = 0; at < keys->n; at += MQS_MARKER_KEY) {
		if ((rc = mqs_marker_restore(s->ltx.tx, MQS_LOG_MARKERS,
		    (const unsigned char *)keys->p + at, err)) != MQS_OK)
			return rc;
		s->batch_records++;
		if ((rc = end_batch(s, err)) != MQS_OK)
			return rc;
	}
	return MQS_OK;
}

/* What is known of the whole, after all messages. */
static void
tell_whole(struct salvage *s)
{
	const struct mqs_salvage_source *from = &s->source;

	if (from->metas == 0)
		tell(s, "%s: both meta pages are damaged: what is known of the queue is what was found",
		    from->name);
	else if (!from->main_whole || !from->messages_whole)
		tell(s, "%s: %llu damaged page%s in use, %llu that can't be read from the disk",
		    from->name, (unsigned long long)mqs_page_scan_damaged(from->scan),
		    mqs_plural(mqs_page_scan_damaged(from->scan)),
		    (unsigned long long)mqs_page_scan_unreadable(from->scan));
	if (!from->has_uuid)
		tell(s, "the queue's settings and UUID can't be read: the new queue has its own");
	if (s->without_state > 0)
		tell(s, "%llu messages may have been removed before: what the queue had "
		    "can't be told", (unsigned long long)s->without_state);
}

static int
fill(void *arg, struct mqs_log *log, struct mqs_error *err)
{
	struct salvage *s = arg;
	int rc;

	s->source_log.dir = s->source.dir;
	if ((rc = mqs_log_begin(&s->ltx, log, 0, err)) != MQS_OK)
		return rc;
	if ((rc = save_settings(s, err)) != MQS_OK ||
	    (rc = save_markers(s, err)) != MQS_OK || (rc = save_all(s, err)) != MQS_OK) {
		mqs_log_abort(&s->ltx);
		return rc;
	}
	if (s->ltx.v[MQS_LOG_LAST_ID] < s->source.v[MQS_LOG_LAST_ID])
		s->ltx.v[MQS_LOG_LAST_ID] = s->source.v[MQS_LOG_LAST_ID];
	/* Its tombstones are yet to be looked for. */
	if (s->compact)
		mqs_compaction_switch(&s->ltx, 1);
	s->ltx.v[MQS_LOG_PAUSED] = s->source.v[MQS_LOG_PAUSED];
	mqs_progress(s->spool, 1, 1, "%s: saving messages", log->dir.name);
	return mqs_log_commit(&s->ltx, err);
}

/* Opens what `from' names: a path, or a queue of the spool. */
/*
 * Has a queue of the spool to itself, so that nothing is published to it behind what is saved.
 * A queue that lacks the files for that is in nobody's use.
 */
static int
have_alone(struct salvage *s, struct mqs_spool *spool, const char *queue, struct mqs_error *err)
{
	struct mqs_error why;
	int rc;

	mqs_spool_forget(spool, queue);
	if ((rc = mqs_dir_open_sole(&s->alone, spool->path, queue, &why)) == MQS_EBUSY)
		return mqs_fail(err, rc, "%s: stop what uses it, then salvage it", why.text);
	s->is_alone = rc == MQS_OK;
	return MQS_OK;
}

static int
open_source(struct salvage *s, struct mqs_spool *spool, const char *from,
    struct mqs_error *err)
{
	char *path = NULL;
	int rc = MQS_OK;

	/* What may be a queue's name is one, if the spool has it: no folder that lies about. */
	if (mqs_spool_check_name(from, NULL) == MQS_OK) {
		if (asprintf(&path, "%s/%s", spool->path, from) == -1)
			return mqs_fail_errno(err, "%s", from);
		if (access(path, F_OK) == 0) {
			rc = have_alone(s, spool, from, err);
			from = path;
		}
	}
	if (rc == MQS_OK)
		rc = mqs_salvage_open(&s->source, from, err);
	free(path);
	return rc;
}

static int
find(struct salvage *s, const char *queue, struct mqs_error *err)
{
	int rc;

	mqs_progress(s->spool, 0, 1, "%s: reading %s", queue, s->source.name);
	if ((rc = mqs_salvage_find(&s->source, err)) == MQS_OK)
		mqs_progress(s->spool, 1, 1, "%s: reading %s", queue, s->source.name);
	return rc;
}

int
mqs_embedded_salvage(struct mqs_spool *spool, const char *from, const char *queue,
    mqs_finding_fn *finding, void *arg, struct mqs_salvaged *salvaged, struct mqs_error *err)
{
	struct salvage *s;
	int rc;

	memset(salvaged, 0, sizeof(*salvaged));
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return mqs_fail_errno(err, "%s", queue);
	s->spool = spool;
	s->finding = finding;
	s->arg = arg;
	s->result = salvaged;
	s->source.tell = tell;
	s->source.tell_arg = s;
	if ((rc = open_source(s, spool, from, err)) == MQS_OK &&
	    (rc = find(s, queue, err)) == MQS_OK)
		rc = mqs_log_build(spool->path, queue, &spool->options,
		    s->source.has_uuid ? s->source.uuid : NULL,
		    fill, s, err);
	if (rc == MQS_OK)
		tell_whole(s);
	mqs_salvage_close(&s->source);
	if (s->is_alone)
		mqs_dir_close(&s->alone);
	free(s);
	return rc;
}
