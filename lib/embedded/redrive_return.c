/* redrive_return.c - see redrive_return.h */
#include <stdlib.h>

#include "base/error.h"
#include "embedded/queue/group_key_order.h"
#include "embedded/queue/group_state.h"
#include "embedded/queue/log_compaction.h"
#include "embedded/queue/log_large_body.h"
#include "embedded/queue/marker.h"
#include "embedded/redrive_return.h"
#include "embedded/settle.h"
#include "engine/dead_letter.h"

/* One transaction of the group, and of its log. */
struct back {
	struct mqs_group	*redrive;
	uint64_t		 generation, durable;	/* of redrive */
	struct mqs_log		*log;
	struct mqs_group	*group;
	struct mqs_group_tx	 gtx;
	struct mqs_log_tx	 ltx;
	struct mqs_log_reader	 letters;
	struct mqs_blob		*blobs[MQS_SETTLE_BLOBS];
	unsigned		 nblobs;
	uint64_t		 bytes;
};

static void
marker_of(const struct back *b, const struct mqs_redrive_letter *l, struct mqs_marker *m)
{
	mqs_marker_of(m, b->redrive, b->generation, l->id);
}

/* ------------------------------------------------ what there is already -- */

/* Finds out which of the messages are out to consumers. */
static int
find_leased(struct back *b, struct mqs_redrive_letter *l, size_t n, struct mqs_error *err)
{
	struct mqs_batch *batch;
	uint64_t lease = 0;
	size_t i;
	int rc;

	if (b->gtx.v[MQS_GROUP_LEASED] == 0)
		return MQS_OK;
	if ((batch = calloc(1, sizeof(*batch))) == NULL)
		return mqs_fail_errno(err, "lease");
	while ((rc = mqs_batch_next(b->gtx.tx, &lease, err)) == MQS_OK) {
		if ((rc = mqs_batch_read(b->gtx.tx, lease, batch, err)) != MQS_OK)
			break;
		for (i = 0; i < n; i++)
			if (mqs_batch_find(batch, l[i].original) >= 0)
				l[i].leased = 1;
	}
	free(batch);
	return rc == MQS_NOTHING ? MQS_OK : rc;
}

/* MQS_OK if the group has looked at the message and not settled it, else MQS_NOTHING. */
static int
outstanding(struct back *b, const struct mqs_redrive_letter *l, struct mqs_error *err)
{
	struct mqs_held h;

	if (l->leased)
		return MQS_OK;
	return mqs_group_held(&b->gtx, l->original, &h, err);
}

/* 1 if the group has yet to look at a message. */
static int
beyond(const struct back *b, const struct mqs_message *m)
{
	const uint64_t *v = b->gtx.v;

	return m->seq > v[MQS_GROUP_CURSOR] && (m->priority == 0 ||
	    m->seq > v[MQS_GROUP_CURSORS + m->priority - 1]);
}

/*
 * Lets the messages make new letters: removes the markers of the old ones.  Called in
 * the group's transaction, so that nobody settles meanwhile.
 */
static int
drop_markers(struct back *b, const struct mqs_redrive_letter *l, size_t n,
    struct mqs_error *err)
{
	struct mqs_log *dead = b->redrive->log;
	struct mqs_marker m, own;
	struct mqs_log_tx ltx;
	size_t i;
	int rc, dropped = 0;

	if ((rc = mqs_db_sync(b->group->db, err)) != MQS_OK ||
	    (rc = mqs_log_begin(&ltx, dead, 0, err)) != MQS_OK)
		return rc;
	for (i = 0; i < n && rc >= 0; i++) {
		marker_of(b, &l[i], &own);
		rc = mqs_marker_find(b->gtx.tx, MQS_GROUP_MARKERS, &own, err);
		if (rc != MQS_NOTHING)	/* it may have died again since */
			continue;
		mqs_marker_of(&m, b->group, b->gtx.v[MQS_GROUP_GENERATION], l[i].original);
		rc = mqs_marker_del(ltx.tx, MQS_LOG_MARKERS, &m, err);
		dropped |= rc == MQS_OK;
	}
	if (rc < 0 || !dropped) {
		mqs_log_abort(&ltx);
		return rc < 0 ? rc : MQS_OK;
	}
	if ((rc = mqs_log_commit(&ltx, err)) == MQS_OK && dead->settings.relaxed)
		rc = mqs_db_sync(dead->db, err);
	return rc;
}

/* ---------------------------------------------------------- one letter -- */

/* The message that died: MQS_NOTHING if it is not retained. */
static int
find_original(struct back *b, const struct mqs_redrive_letter *l, struct mqs_record *r,
    struct mqs_error *err)
{
	struct mqs_slice value;
	struct mqs_error why;
	unsigned char key[8];
	int rc;

	mqs_put_be64(key, l->original);
	if ((rc = mqs_tx_get(b->ltx.tx, MQS_LOG_MESSAGES, key, sizeof(key), &value,
	    err)) != MQS_OK)
		return rc;
	if ((rc = mqs_record_decode(r, l->original, value, 0, &why)) != MQS_OK)
		return mqs_fail(err, rc, "%s: %s", b->log->dir.name, why.text);
	return MQS_OK;
}

/* The letter as it was before it died, for that group alone. */
static int
append(struct back *b, const struct mqs_redrive_letter *l, const struct mqs_record *letter,
    struct mqs_error *err)
{
	struct mqs_record r = *letter;
	struct mqs_buf headers = { 0 };
	struct mqs_blob *blob = NULL;
	uint64_t id;
	int rc = MQS_OK, duplicate;

	if (mqs_dead_letter_own_headers(&headers, &letter->message) == -1) {
		mqs_buf_free(&headers);
		return mqs_fail_errno(err, "dead letter");
	}
	r.message.headers = headers.p;
	r.message.headers_len = headers.n;
	r.only_group = l->group;
	r.only_group_len = strlen(l->group);
	if (r.flags & MQS_RECORD_LARGE)
		rc = mqs_log_adopt(b->log, b->redrive->log, &r, &blob, err);
	if (rc == MQS_OK)
		rc = mqs_log_append(&b->ltx, &r, &id, &duplicate, err);
	mqs_buf_free(&headers);
	if (rc != MQS_OK) {
		mqs_blob_free(blob, 0);
		return rc;
	}
	if (blob != NULL)
		b->blobs[b->nblobs++] = blob;
	else
		b->bytes += r.message.body_len;
	b->bytes += r.message.headers_len;
	return MQS_OK;
}

static int
copy_letter(struct back *b, const struct mqs_redrive_letter *l, const struct mqs_marker *m,
    struct mqs_error *err)
{
	struct mqs_marker old = *m;
	struct mqs_record letter;
	int rc;

	rc = mqs_log_reader_at(&b->letters, l->id, 1, &letter, err);
	if (rc == MQS_NOTHING)		/* purged meanwhile */
		return MQS_OK;
	/* The group sees the newer one: a copy of the old value would come behind it. */
	if (rc == MQS_OK && b->log->settings.compact && (rc = mqs_compaction_is_replaced(b->ltx.tx,
	    letter.message.key, letter.message.key_len, l->original, err)) == 1)
		return MQS_OK;
	if (rc != MQS_OK || (rc = append(b, l, &letter, err)) != MQS_OK ||
	    (rc = mqs_marker_put(b->ltx.tx, MQS_LOG_MARKERS, m, err)) != MQS_OK)
		return rc;
	old.id = b->durable;
	return mqs_marker_sweep(b->ltx.tx, MQS_LOG_MARKERS, b->redrive, &old, err);
}

/* In an ordered group it waits for others of its key, as a new one does. */
static int
hold_again(struct back *b, struct mqs_redrive_letter *l, const struct mqs_message *message,
    const struct mqs_marker *m, struct mqs_error *err)
{
	struct mqs_entry e = {
		.id = message->seq, .size = message->body_len,
		.priority = (uint32_t)message->priority
	};
	struct mqs_marker old = *m;
	int rc, out;

	l->again = 1;
	old.id = b->durable;
	if (b->group->settings.ordered)
		e.key = mqs_key_hash(message);
	if ((rc = mqs_group_key_enter(&b->gtx, &e, &out, err)) != MQS_OK ||
	    (out && (rc = mqs_group_hold_ready(&b->gtx, &e, err)) != MQS_OK) ||
	    (rc = mqs_marker_put(b->gtx.tx, MQS_GROUP_MARKERS, m, err)) != MQS_OK)
		return rc;
	return mqs_marker_sweep(b->gtx.tx, MQS_GROUP_MARKERS, b->redrive, &old, err);
}

static int
bring_back(struct back *b, struct mqs_redrive_letter *l, int64_t now, struct mqs_error *err)
{
	struct mqs_record r;
	struct mqs_marker m;
	int rc;

	marker_of(b, l, &m);
	if ((rc = mqs_marker_find(b->ltx.tx, MQS_LOG_MARKERS, &m, err)) != MQS_NOTHING)
		return rc;
	rc = mqs_marker_find(b->gtx.tx, MQS_GROUP_MARKERS, &m, err);
	if (rc == MQS_OK)	/* a run before this one was killed after it */
		l->again = 1;
	if (rc != MQS_NOTHING || (rc = outstanding(b, l, err)) != MQS_NOTHING)
		return rc;
	if ((rc = find_original(b, l, &r, err)) < 0 ||
	    (rc == MQS_OK && beyond(b, &r.message)))
		return rc;
	/* One that has expired would expire once more, before anybody sees it. */
	if (rc == MQS_OK && (r.message.expires == 0 || r.message.expires > now))
		return hold_again(b, l, &r.message, &m, err);
	return copy_letter(b, l, &m, err);
}

/* ----------------------------------------------------- the transaction -- */

static void
end(struct back *b, int kept)
{
	while (b->nblobs > 0)
		mqs_blob_free(b->blobs[--b->nblobs], kept);
	mqs_log_reader_rest(&b->letters);
}

static int
begin(struct back *b, struct mqs_redrive_letter *l, size_t n, struct mqs_error *err)
{
	int rc;

	if ((rc = mqs_group_begin(&b->gtx, b->group, err)) != MQS_OK)
		return rc;
	if ((rc = find_leased(b, l, n, err)) != MQS_OK ||
	    (rc = drop_markers(b, l, n, err)) != MQS_OK ||
	    (rc = mqs_log_begin(&b->ltx, b->log, 0, err)) != MQS_OK)
		mqs_group_abort(&b->gtx);
	return rc;
}

/* The group first: its page must not lose the lower floor while the log is unlocked. */
static int
commit(struct back *b, struct mqs_error *err)
{
	int rc;

	if ((rc = mqs_group_commit_lower(&b->gtx, err)) != MQS_OK) {
		mqs_log_abort(&b->ltx);
		return rc;
	}
	/* More is unsettled than when somebody looked how much room there is. */
	b->ltx.v[MQS_LOG_ROOM_ORDINAL] = b->ltx.v[MQS_LOG_ROOM_BYTES] = 0;
	if ((rc = mqs_log_commit(&b->ltx, err)) == MQS_OK && b->log->settings.relaxed)
		rc = mqs_db_sync(b->log->db, err);
	return rc;
}

/* As many of n as fit into one transaction: *taken. */
static int
some(struct back *b, struct mqs_redrive_letter *l, size_t n, int64_t now, size_t *taken,
    struct mqs_error *err)
{
	size_t i;
	int rc;

	b->bytes = 0;
	*taken = 0;
	if ((rc = begin(b, l, n, err)) != MQS_OK)
		return rc;
	for (i = 0; i < n && rc == MQS_OK; i++) {
		if (b->nblobs == MQS_SETTLE_BLOBS || b->bytes >= MQS_SETTLE_BYTES)
			break;
		rc = bring_back(b, &l[i], now, err);
	}
	if (rc != MQS_OK) {
		mqs_log_abort(&b->ltx);
		mqs_group_abort(&b->gtx);
	} else if ((rc = commit(b, err)) == MQS_OK)
		*taken = i;
	end(b, rc == MQS_OK);
	return rc;
}

/*
 * MQS_ENOENT if the queue or the group is gone: a copy for a group that is not there would
 * be seen by nobody, or beside the original by one that is made later.
 */
static int
open_target(struct back *b, struct mqs_spool *spool, const struct mqs_redrive_letter *l,
    struct mqs_error *err)
{
	uint64_t v[MQS_GROUP_VALUES];
	int rc;

	if ((rc = mqs_group_state(b->redrive, v, err)) != MQS_OK ||
	    (rc = mqs_spool_log(spool, l->queue, 0, &b->log, err)) != MQS_OK)
		return rc;
	b->generation = v[MQS_GROUP_GENERATION];
	b->durable = v[MQS_GROUP_DURABLE_FLOOR];
	return mqs_spool_group(spool, l->queue, l->group, 0, NULL, &b->group, err);
}

int
mqs_redrive_return(struct mqs_spool *spool, struct mqs_group *redrive,
    struct mqs_redrive_letter *l, size_t n, struct mqs_error *err)
{
	struct back b = { .redrive = redrive };
	size_t i, taken;
	int rc;

	if ((rc = open_target(&b, spool, l, err)) != MQS_OK ||
	    (rc = mqs_log_reader_init(&b.letters, redrive->log, err)) != MQS_OK)
		return rc;
	mqs_log_reader_rest(&b.letters);
	while (n > 0 && (rc = some(&b, l, n, mqs_judged_now(spool), &taken, err)) == MQS_OK) {
		for (i = 0; i < taken; i++)
			l[i].done = 1;
		l += taken;
		n -= taken;
	}
	mqs_log_reader_done(&b.letters);
	return rc;
}

int
mqs_redrive_drop_markers(struct mqs_spool *spool, struct mqs_group *redrive,
    const struct mqs_redrive_letter *l, size_t n, struct mqs_error *err)
{
	struct back b = { .redrive = redrive };
	struct mqs_marker m;
	size_t i;
	int rc, again = 0;

	for (i = 0; i < n; i++)
		again |= l[i].done && l[i].again;
	if (!again)
		return MQS_OK;
	/* A group that has gone meanwhile took its marks along. */
	if ((rc = open_target(&b, spool, l, err)) != MQS_OK)
		return rc == MQS_ENOENT ? MQS_OK : rc;
	if ((rc = mqs_group_begin(&b.gtx, b.group, err)) != MQS_OK)
		return rc;
	for (i = 0; i < n && rc >= 0; i++) {
		marker_of(&b, &l[i], &m);
		if (l[i].done && l[i].again)
			rc = mqs_marker_del(b.gtx.tx, MQS_GROUP_MARKERS, &m, err);
	}
	if (rc < 0) {
		mqs_group_abort(&b.gtx);
		return rc;
	}
	return mqs_group_commit(&b.gtx, err);
}
