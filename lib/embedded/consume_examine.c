/* consume_examine.c - see consume_examine.h */
#include "base/error.h"
#include "embedded/consume_examine.h"
#include "embedded/consume_outcome.h"
#include "embedded/consume_removed.h"
#include "embedded/damaged_message.h"
#include "embedded/queue/group_key_order.h"

int
mqs_examine_ready_wanted(struct mqs_claim *cl, const struct mqs_held *h, struct mqs_error *err)
{
	struct mqs_record r;
	int rc;

	rc = mqs_log_reader_at(&cl->c->reader, h->entry.id, 0, &r, err);
	if (rc < 0 && rc != MQS_EDAMAGED)
		return rc;
	if (rc == MQS_OK && !mqs_outcome_wanted(cl, &h->entry, &r.message)) {
		cl->passed++;
		return MQS_OK;
	}
	return mqs_examine_ready(cl, h, err);
}

int
mqs_examine_ready(struct mqs_claim *cl, const struct mqs_held *h, struct mqs_error *err)
{
	struct mqs_group_tx *gtx = &cl->stx.gtx;
	struct mqs_record r;
	int rc;

	if ((rc = mqs_group_unhold(gtx, h, err)) != MQS_OK)
		return rc;
	cl->passed++;
	rc = mqs_log_reader_at(&cl->c->reader, h->entry.id, 0, &r, err);
	if (rc == MQS_NOTHING) {
		gtx->v[MQS_GROUP_DROPPED]++;
		return mqs_group_key_leave(gtx, &h->entry, err);
	}
	if (rc == MQS_OK && (rc = mqs_outcome_expired(cl, &r, err)) == 1)
		return mqs_outcome_expire(cl, &h->entry, err);
	/* A damaged one is found so when it is handed out. */
	if (rc < 0 && rc != MQS_EDAMAGED)
		return rc;
	mqs_outcome_take(cl, &h->entry);
	return MQS_OK;
}

/* ----------------------------------------------------------------- new -- */

/* The order is wrong: the transaction is begun again, and looks closely. */
static int
suspect(struct mqs_claim *cl, struct mqs_error *err)
{
	cl->suspect = 1;
	return mqs_fail(err, MQS_EDAMAGED, "%s: damaged: messages out of order",
	    cl->c->group->log->dir.name);
}

/* In a log that was compacted, the cursor moves to a record, or to the end, past ordinals. */
static int
pass_gap(struct mqs_claim *cl, uint64_t id, struct mqs_error *err)
{
	struct mqs_group_tx *gtx = &cl->stx.gtx;

	if (cl->first && !cl->closely &&
	    !mqs_log_reader_is_whole_before(&cl->c->reader, gtx->v[MQS_GROUP_CURSOR]))
		return suspect(cl, err);
	return mqs_cursor_pass_replaced(gtx, id, err);
}

/*
 * The cursor moves to a record whose ordinal is not the next one: those between were
 * removed, or the log is wrong, or the group is beside another log than it was.
 */
static int
jump(struct mqs_claim *cl, uint64_t id, uint64_t ordinal, struct mqs_error *err)
{
	uint64_t *v = cl->stx.gtx.v;

	if (cl->lv[MQS_LOG_COMPACTED] != 0)
		return pass_gap(cl, id, err);
	if (!cl->closely && (ordinal <= v[MQS_GROUP_ORDINAL] ||
	    ordinal != cl->lv[MQS_LOG_REMOVED] + 1))
		return suspect(cl, err);
	if (ordinal <= v[MQS_GROUP_ORDINAL])
		return MQS_OK;
	return mqs_cursor_pass_removed(&cl->stx.gtx, &cl->c->reader, cl->lv, id, ordinal, err);
}

/* The cursor moves to a record. */
static int
pass(struct mqs_claim *cl, uint64_t id, uint64_t ordinal, uint64_t size,
    struct mqs_error *err)
{
	uint64_t *v = cl->stx.gtx.v;
	int rc;

	if (ordinal != v[MQS_GROUP_ORDINAL] + 1 &&
	    (rc = jump(cl, id, ordinal, err)) != MQS_OK)
		return rc;
	v[MQS_GROUP_CURSOR] = id;
	v[MQS_GROUP_ORDINAL] = ordinal;
	v[MQS_GROUP_BYTES] += size;
	if (ordinal == cl->lv[MQS_LOG_ORDINAL])		/* nothing is behind it, whatever was left out */
		v[MQS_GROUP_BYTES] = cl->lv[MQS_LOG_IN_BYTES];
	cl->passed++;
	return MQS_OK;
}

int
mqs_examine_end(struct mqs_claim *cl, struct mqs_error *err)
{
	uint64_t *v = cl->stx.gtx.v;
	const uint64_t *lv = cl->lv;
	int rc;

	if (lv[MQS_LOG_COMPACTED] != 0)
		rc = pass_gap(cl, UINT64_MAX, err);
	else if (!cl->closely && lv[MQS_LOG_ORDINAL] != lv[MQS_LOG_REMOVED] &&
	    (v[MQS_GROUP_ORDINAL] != lv[MQS_LOG_ORDINAL] ||
	    v[MQS_GROUP_CURSOR] != lv[MQS_LOG_LAST_ID]))
		return suspect(cl, err);
	else
		rc = mqs_cursor_pass_removed(&cl->stx.gtx, &cl->c->reader, lv, UINT64_MAX,
		    lv[MQS_LOG_ORDINAL] + 1, err);
	if (rc == MQS_OK)
		mqs_group_to_end(v, lv);
	return rc;
}

int
mqs_examine_last(struct mqs_claim *cl, struct mqs_error *err)
{
	const uint64_t *v = cl->stx.gtx.v, *lv = cl->lv;

	if (cl->closely || (v[MQS_GROUP_ORDINAL] == lv[MQS_LOG_ORDINAL] &&
	    v[MQS_GROUP_CURSOR] == lv[MQS_LOG_LAST_ID]))
		return MQS_OK;
	return mqs_record_verify(v[MQS_GROUP_CURSOR], cl->last) ? MQS_OK : suspect(cl, err);
}

/*
 * The cursor comes to a message: MQS_OK if it has a priority whose cursor has passed it,
 * MQS_NOTHING if it is new.
 */
static int
pass_again(struct mqs_claim *cl, const struct mqs_record *r)
{
	const struct mqs_message *m = &r->message;
	uint64_t *v = cl->stx.gtx.v;

	if (m->priority == 0 || m->seq > v[MQS_GROUP_CURSORS + m->priority - 1])
		return MQS_NOTHING;
	if (v[MQS_GROUP_AHEAD] == 0)
		return MQS_OK;
	v[MQS_GROUP_AHEAD]--;
	v[MQS_GROUP_AHEAD_BYTES] -= m->body_len;
	return MQS_OK;
}

/* 1 if a message was skipped before the cursor came to it. */
static int
is_skipped(struct mqs_claim *cl, uint64_t id, struct mqs_held *h, struct mqs_error *err)
{
	int rc;

	if (cl->stx.gtx.v[MQS_GROUP_SKIPPED] == 0)
		return 0;
	rc = mqs_group_held(&cl->stx.gtx, id, h, err);
	return rc < 0 ? rc : rc == MQS_OK && h->class == MQS_SKIPPED;
}

/* The cursor comes to a message that was skipped, perhaps because it is damaged. */
static int
pass_skipped(struct mqs_claim *cl, const struct mqs_held *h, struct mqs_slice value,
    struct mqs_error *err)
{
	uint64_t ordinal = cl->stx.gtx.v[MQS_GROUP_ORDINAL] + 1, size = 0;
	struct mqs_record r;
	int rc;

	rc = mqs_record_decode(&r, h->entry.id, value, 0, NULL);
	if (rc == MQS_OK) {
		size = r.message.body_len;
		ordinal = r.ordinal;
	}
	if (cl->closely)
		ordinal = cl->c->reader.walk.ordinal;
	if ((rc = pass(cl, h->entry.id, ordinal, size, err)) != MQS_OK)
		return rc;
	return mqs_group_unhold(&cl->stx.gtx, h, err);
}

/* 1 if the index has a damaged message by its priority: then that is sure, too. */
static int
is_indexed(const struct mqs_claim *cl, const struct mqs_record *r)
{
	struct mqs_slice value;
	unsigned char key[9] = { (unsigned char)(9 - r->message.priority) };

	mqs_put_be64(key + 1, r->message.seq);
	return mqs_tx_get(cl->c->reader.tx, MQS_LOG_PRIORITY, key, sizeof(key), &value,
	    NULL) == MQS_OK;
}

/* The cursor comes to a damaged message: of its fields only the id and ordinal are sure. */
static int
examine_damaged(struct mqs_claim *cl, struct mqs_error *err)
{
	const struct mqs_walk *w = &cl->c->reader.walk;
	struct mqs_entry e = { .id = w->id };
	struct mqs_record r;
	int rc, decoded;

	decoded = mqs_record_decode(&r, w->id, w->value, 0, NULL) == MQS_OK;
	if (decoded)
		e.size = r.message.body_len;
	if ((rc = pass(cl, w->id, w->ordinal, e.size, err)) != MQS_OK)
		return rc;
	if (decoded && is_indexed(cl, &r) && pass_again(cl, &r) == MQS_OK)
		return MQS_OK;
	return mqs_outcome_give(cl, &e, err);
}

/*
 * Messages are missing in front of the next one, or at the end.  What was taken in front of
 * them is delivered first; an id among theirs that was skipped lets the cursor pass.
 */
static int
examine_missing(struct mqs_claim *cl, struct mqs_error *err)
{
	const struct mqs_log_reader *reader = &cl->c->reader;
	const uint64_t cursor = cl->stx.gtx.v[MQS_GROUP_CURSOR];
	struct mqs_error why;
	struct mqs_held h;
	int rc;

	rc = mqs_group_first_held(&cl->stx.gtx, MQS_SKIPPED, &h, err);
	if (rc < 0 || (rc == MQS_OK && h.entry.id > cursor && h.entry.id < reader->walk.id))
		return rc;
	if (cl->n > 0) {
		cl->stop = 1;
		return MQS_OK;
	}
	(void)mqs_walk_tell_missing(&reader->walk, reader->log->dir.name, &why);
	return mqs_tell_skip(cl->c->group, cursor + 1, &why, err);
}

/* What is next, in a log that is looked at closely: MQS_OK if it is to be examined as usual. */
static int
examine_closely(struct mqs_claim *cl, int rc, struct mqs_error *err)
{
	const struct mqs_walk *w = &cl->c->reader.walk;
	int missing;

	if (rc < 0 || w->missing == 0)
		return rc;
	missing = examine_missing(cl, err);
	return missing == MQS_OK && !cl->stop ? rc : missing;
}

/* A message that is not plain, or whose record is damaged. */
static int
examine_other(struct mqs_claim *cl, uint64_t id, struct mqs_slice value, struct mqs_error *err)
{
	struct mqs_record r;
	int rc;

	rc = mqs_log_reader_decode(&cl->c->reader, value, &r, err);
	if ((rc == MQS_EDAMAGED || rc == MQS_EVERSION) && !cl->closely)
		return suspect(cl, err);
	if (rc != MQS_OK ||
	    (rc = pass(cl, id, r.ordinal, r.message.body_len, err)) != MQS_OK ||
	    (rc = pass_again(cl, &r)) != MQS_NOTHING)
		return rc;
	if (!cl->closely && mqs_outcome_is_expired(cl, &r.message) &&
	    !mqs_record_verify(id, value))
		return suspect(cl, err);
	return mqs_outcome_new(cl, &r, err);
}

int
mqs_examine_next(struct mqs_claim *cl, struct mqs_error *err)
{
	struct mqs_log_reader *reader = &cl->c->reader;
	struct mqs_entry e = { 0 };
	uint64_t id, ordinal, behind, size;
	struct mqs_slice value;
	struct mqs_held h;
	int rc;

	rc = mqs_log_reader_next_raw(reader, &id, &value, err);
	if (cl->closely)
		rc = examine_closely(cl, rc, err);
	else if (rc == MQS_EDAMAGED)
		return suspect(cl, err);
	if (rc != MQS_OK || cl->stop || (rc = is_skipped(cl, id, &h, err)) < 0)
		return rc;
	cl->last = value;
	if (rc == 1)
		return pass_skipped(cl, &h, value, err);
	if (cl->closely && reader->walk.bad)
		return examine_damaged(cl, err);
	if (!mqs_record_plain(value, &ordinal, &behind, &size))
		return examine_other(cl, id, value, err);
	/* For everybody (bindings apart), at any time, and in no order. */
	if ((rc = pass(cl, id, ordinal, size, err)) != MQS_OK)
		return rc;
	e.id = id;
	e.size = size;
	if (!cl->plain_matches)
		cl->stx.gtx.v[MQS_GROUP_FILTERED]++;
	else if (cl->survey || cl->c->wanted.fn != NULL)
		return mqs_outcome_give_wanted(cl, &e, NULL, err);
	else	/* most messages of most queues */
		mqs_outcome_take(cl, &e);
	return MQS_OK;
}

/* ------------------------------------------------------------ the index -- */

int
mqs_examine_ahead(struct mqs_claim *cl, uint64_t id, unsigned priority, struct mqs_error *err)
{
	struct mqs_log_reader *reader = &cl->c->reader;
	struct mqs_entry e = { .id = id, .priority = priority };
	uint64_t *v = cl->stx.gtx.v;
	struct mqs_record r;
	struct mqs_held h;
	int rc;

	if ((rc = is_skipped(cl, id, &h, err)) != 0)
		return rc < 0 ? rc : MQS_OK;	/* the cursor will pass it */
	rc = mqs_log_reader_at(reader, id, 0, &r, err);
	if (rc == MQS_NOTHING || (rc == MQS_EDAMAGED && !reader->placed) ||
	    (rc == MQS_OK && r.message.priority != (int)priority))
		return MQS_NOTHING;
	if (rc != MQS_OK && rc != MQS_EDAMAGED)
		return rc;
	cl->passed++;
	v[MQS_GROUP_AHEAD]++;
	if (rc == MQS_EDAMAGED)
		return mqs_outcome_give(cl, &e, err);
	v[MQS_GROUP_AHEAD_BYTES] += r.message.body_len;
	if ((rc = mqs_outcome_expired(cl, &r, err)) < 0)
		return rc == MQS_EDAMAGED ? mqs_outcome_give(cl, &e, err) : rc;
	return mqs_outcome_new(cl, &r, err);
}
