/* consume_examine.c - see consume_examine.h */
#include "base/clock.h"
#include "base/error.h"
#include "embedded/consume_examine.h"
#include "embedded/consume_removed.h"
#include "embedded/dead_letter_make.h"
#include "embedded/queue/group_key_order.h"

/* ------------------------------------------------- what becomes of it -- */

static int
expired(const struct mqs_claim *cl, const struct mqs_message *m)
{
	return m->expires != 0 && m->expires <= cl->now;
}

static void
take(struct mqs_claim *cl, const struct mqs_entry *e)
{
	cl->entries[cl->n++] = *e;
}

/* Only where somebody has said where dead letters go are the expired among them. */
static int
expire(struct mqs_claim *cl, const struct mqs_entry *e, struct mqs_error *err)
{
	struct mqs_settle_tx *stx = &cl->stx;
	int rc;

	stx->kept = 0;
	if (*cl->c->group->log->settings.dead_letter == '\0')
		rc = mqs_group_key_leave(&stx->gtx, e, err);
	else
		rc = mqs_dead_letter_make(stx, e, e->attempts, "expired", NULL, err);
	if (!stx->kept)
		stx->gtx.v[MQS_GROUP_EXPIRED]++;
	return rc;
}

/* 1 if a message is for another group. */
static int
for_others(const struct mqs_claim *cl, const struct mqs_record *r)
{
	const char *group = cl->c->group->name;

	return r->flags & MQS_RECORD_ONLY_GROUP &&
	    (strlen(group) != r->only_group_len ||
	    memcmp(group, r->only_group, r->only_group_len) != 0);
}

/* What is for this group alone is so because it matched once. */
static int
matches(const struct mqs_claim *cl, const struct mqs_record *r)
{
	return r->flags & MQS_RECORD_ONLY_GROUP ||
	    mqs_bindings_match(&cl->c->group->bindings, &r->message);
}

/* It may go out: now, or, where all are looked at first, in its turn. */
static int
give(struct mqs_claim *cl, const struct mqs_entry *e, struct mqs_error *err)
{
	if (cl->survey)
		return mqs_group_hold_ready(&cl->stx.gtx, e, err);
	take(cl, e);
	return MQS_OK;
}

/* A message that was not looked at before. */
static int
admit(struct mqs_claim *cl, const struct mqs_record *r, struct mqs_error *err)
{
	const struct mqs_message *m = &r->message;
	struct mqs_group_tx *gtx = &cl->stx.gtx;
	struct mqs_held h = { .class = MQS_WAITING, .sort = (uint64_t)m->not_before };
	int rc, out;

	if (for_others(cl, r))
		return MQS_OK;
	if (!matches(cl, r)) {
		gtx->v[MQS_GROUP_FILTERED]++;
		return MQS_OK;
	}
	h.entry.id = m->seq;
	h.entry.size = m->body_len;
	h.entry.priority = (uint32_t)m->priority;
	if (gtx->group->settings.ordered)
		h.entry.key = mqs_key_hash(m);
	if (expired(cl, m))
		return expire(cl, &h.entry, err);
	if (m->not_before > cl->now)
		return mqs_group_hold(gtx, &h, err);
	if ((rc = mqs_group_key_enter(gtx, &h.entry, &out, err)) != MQS_OK || !out)
		return rc;
	return give(cl, &h.entry, err);
}

int
mqs_examine_ready(struct mqs_claim *cl, const struct mqs_held *h, struct mqs_error *err)
{
	struct mqs_group_tx *gtx = &cl->stx.gtx;
	struct mqs_record r;
	int rc;

	if ((rc = mqs_group_unhold(gtx, h, err)) != MQS_OK ||
	    (rc = mqs_log_reader_at(&cl->c->reader, h->entry.id, 0, &r, err)) < 0)
		return rc;
	cl->passed++;
	if (rc == MQS_NOTHING) {
		gtx->v[MQS_GROUP_DROPPED]++;
		return mqs_group_key_leave(gtx, &h->entry, err);
	}
	if (expired(cl, &r.message))
		return expire(cl, &h->entry, err);
	take(cl, &h->entry);
	return MQS_OK;
}

/* ----------------------------------------------------------------- new -- */

/* The cursor moves to a record. */
static int
pass(struct mqs_claim *cl, uint64_t id, uint64_t ordinal, uint64_t size,
    struct mqs_error *err)
{
	uint64_t *v = cl->stx.gtx.v;
	int rc;

	if (ordinal > v[MQS_GROUP_ORDINAL] + 1 && (rc = mqs_cursor_pass_removed(&cl->stx.gtx,
	    &cl->c->reader, cl->lv, id, ordinal, err)) != MQS_OK)
		return rc;
	v[MQS_GROUP_CURSOR] = id;
	v[MQS_GROUP_ORDINAL] = ordinal;
	v[MQS_GROUP_BYTES] += size;
	cl->passed++;
	return MQS_OK;
}

int
mqs_examine_end(struct mqs_claim *cl, struct mqs_error *err)
{
	uint64_t *v = cl->stx.gtx.v;
	int rc;

	rc = mqs_cursor_pass_removed(&cl->stx.gtx, &cl->c->reader, cl->lv, UINT64_MAX,
	    cl->lv[MQS_LOG_ORDINAL] + 1, err);
	if (rc == MQS_OK)
		mqs_group_to_end(v, cl->lv);
	return rc;
}

/* The cursor comes to a message that its priority's cursor has passed. */
static void
pass_again(struct mqs_claim *cl, const struct mqs_record *r)
{
	uint64_t *v = cl->stx.gtx.v;

	if (v[MQS_GROUP_AHEAD] == 0)
		return;
	v[MQS_GROUP_AHEAD]--;
	v[MQS_GROUP_AHEAD_BYTES] -= r->message.body_len;
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
	struct mqs_record r;
	int rc;

	rc = mqs_log_reader_decode(&cl->c->reader, value, &r, err);
	if (rc == MQS_OK)
		rc = pass(cl, h->entry.id, r.ordinal, r.message.body_len, err);
	else if (rc == MQS_EDAMAGED)
		rc = pass(cl, h->entry.id, cl->stx.gtx.v[MQS_GROUP_ORDINAL] + 1, 0, err);
	if (rc != MQS_OK)
		return rc;
	return mqs_group_unhold(&cl->stx.gtx, h, err);
}

int
mqs_examine_next(struct mqs_claim *cl, struct mqs_error *err)
{
	struct mqs_log_reader *reader = &cl->c->reader;
	uint64_t id, ordinal, size;
	struct mqs_slice value;
	struct mqs_record r;
	struct mqs_held h;
	int rc;

	if ((rc = mqs_log_reader_next_raw(reader, &id, &value, err)) != MQS_OK ||
	    (rc = is_skipped(cl, id, &h, err)) < 0)
		return rc;
	if (rc == 1)
		return pass_skipped(cl, &h, value, err);
	if (mqs_record_plain(value, &ordinal, &size)) {
		/* For everybody (bindings apart), at any time, and in no order. */
		if ((rc = pass(cl, id, ordinal, size, err)) != MQS_OK)
			return rc;
		if (cl->plain_matches)
			return give(cl, &(struct mqs_entry){ .id = id, .size = size },
			    err);
		cl->stx.gtx.v[MQS_GROUP_FILTERED]++;
		return MQS_OK;
	}
	if ((rc = mqs_log_reader_decode(reader, value, &r, err)) != MQS_OK ||
	    (rc = pass(cl, id, r.ordinal, r.message.body_len, err)) != MQS_OK)
		return rc;
	if (r.message.priority != 0 &&
	    id <= cl->stx.gtx.v[MQS_GROUP_CURSORS + r.message.priority - 1]) {
		pass_again(cl, &r);
		return MQS_OK;
	}
	return admit(cl, &r, err);
}

int
mqs_examine_ahead(struct mqs_claim *cl, uint64_t id, struct mqs_error *err)
{
	uint64_t *v = cl->stx.gtx.v;
	struct mqs_record r;
	struct mqs_held h;
	int rc;

	if ((rc = is_skipped(cl, id, &h, err)) != 0)
		return rc < 0 ? rc : MQS_OK;	/* the cursor will pass it */
	rc = mqs_log_reader_at(&cl->c->reader, id, 0, &r, err);
	if (rc == MQS_NOTHING)
		return mqs_fail(err, MQS_EDAMAGED, "%s: message %llu has a priority "
		    "and is not there", cl->c->group->log->dir.name,
		    (unsigned long long)id);
	if (rc != MQS_OK)
		return rc;
	cl->passed++;
	v[MQS_GROUP_AHEAD]++;
	v[MQS_GROUP_AHEAD_BYTES] += r.message.body_len;
	return admit(cl, &r, err);
}
