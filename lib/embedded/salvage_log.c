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
#include "embedded/salvage_alone.h"
#include "embedded/salvage_source.h"
#include "embedded/spool.h"
#include "embedded/store/blob.h"

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
	uint64_t		 without_state;	/* messages that may have been removed before */
	uint64_t		 beyond;	/* messages that are newer than all that counts them */
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
	if (s->source.main.v[MQS_LOG_COMPACTED] > 0)
		return;
	if (before == 0 && s->source.main.has_state)
		before = s->source.main.v[MQS_LOG_REMOVED];
	if ((before == 0 && s->last_id == 0 && !s->source.main.has_state) || ordinal <= before + 1)
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

/*
 * 1 if the queue had removed the message of a record.  A record to which the tree led is one that
 * it had, unless it was removed and hidden before, or log.stat tells of the commit after that tree,
 * which removed it.
 */
static int
was_removed(struct salvage *s, const struct mqs_salvage_place *p, const struct mqs_record *r)
{
	const struct mqs_salvage_main *m = &s->source.main;
	/* Those that compaction removed may be anywhere: up to here all the others were. */
	const uint64_t removed = m->v[MQS_LOG_REMOVED] - m->v[MQS_LOG_COMPACTED];

	if (mqs_salvage_reached(p))
		return r->ordinal <= m->root_v[MQS_LOG_REMOVED] - m->root_v[MQS_LOG_COMPACTED] ||
		    (m->root.found == MQS_ROOT_META && m->stat_commit == m->root.commit + 1 &&
		    r->ordinal <= removed);
	if (!m->has_state) {
		s->without_state++;
		return 0;
	}
	/* A tree that is whole leads to all that it counts. */
	if (r->ordinal <= removed ||
	    (s->source.messages_whole && r->ordinal <= m->root_v[MQS_LOG_ORDINAL]))
		return 1;
	s->without_state += m->v[MQS_LOG_COMPACTED] > 0;
	s->beyond += r->ordinal > m->v[MQS_LOG_ORDINAL];
	return 0;
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
	if (s->source.main.has_state)
		tell_gap(s, s->source.main.v[MQS_LOG_ORDINAL] + 1, 0);
	had = s->source.main.v[MQS_LOG_ORDINAL] - s->source.main.v[MQS_LOG_REMOVED];
	if (s->source.main.v[MQS_LOG_COMPACTED] > 0 && had > s->result->messages) {
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
	const char *pair = s->source.main.settings.p;
	const char *end = pair + s->source.main.settings.n;
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

	mqs_salvage_main_tell(&from->main, from->name);
	if (from->main.root.found == MQS_ROOT_SURE ? !from->main.whole || !from->messages_whole :
	    from->scan->damaged + from->scan->unreadable > 0)
		tell(s, "%s: %llu damaged page%s in use, %llu that can't be read from the disk",
		    from->name, (unsigned long long)from->scan->damaged,
		    mqs_plural(from->scan->damaged), (unsigned long long)from->scan->unreadable);
	if (s->beyond > 0)
		tell(s, "%llu message%s newer than the last state that was found: saved, but perhaps "
		    "never acknowledged", (unsigned long long)s->beyond, s->beyond == 1 ? " is" : "s are");
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
	if (s->ltx.v[MQS_LOG_LAST_ID] < s->source.main.v[MQS_LOG_LAST_ID])
		s->ltx.v[MQS_LOG_LAST_ID] = s->source.main.v[MQS_LOG_LAST_ID];
	/* Its tombstones are yet to be looked for. */
	if (s->compact)
		mqs_compaction_switch(&s->ltx, 1);
	s->ltx.v[MQS_LOG_PAUSED] = s->source.main.v[MQS_LOG_PAUSED];
	mqs_progress(s->spool, 1, 1, "%s: saving messages", log->dir.name);
	return mqs_log_commit(&s->ltx, err);
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
	struct mqs_salvage_alone alone = { .is_held = 0 };
	struct salvage *s;
	int rc;

	memset(salvaged, 0, sizeof(*salvaged));
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return mqs_fail_errno(err, "%s", queue);
	s->spool = spool;
	s->finding = finding;
	s->arg = arg;
	s->result = salvaged;
	s->source.main.tell = tell;
	s->source.main.tell_arg = s;
	if ((rc = mqs_salvage_alone(&alone, spool, from, err)) == MQS_OK &&
	    (rc = mqs_salvage_open(&s->source, alone.path, err)) == MQS_OK &&
	    (rc = find(s, queue, err)) == MQS_OK)
		rc = mqs_log_build(spool->path, queue, &spool->options,
		    s->source.main.has_uuid ? s->source.main.uuid : NULL, fill, s, err);
	if (rc == MQS_OK)
		tell_whole(s);
	mqs_salvage_close(&s->source);
	mqs_salvage_alone_end(&alone);
	free(s);
	return rc;
}
