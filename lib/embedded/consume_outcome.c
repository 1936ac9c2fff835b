/* consume_outcome.c - see consume_outcome.h */
#include "embedded/consume_outcome.h"
#include "embedded/dead_letter_make.h"
#include "embedded/queue/group_held.h"
#include "embedded/queue/group_key_order.h"

int
mqs_outcome_is_expired(const struct mqs_claim *cl, const struct mqs_message *m)
{
	return m->expires != 0 && m->expires <= cl->now;
}

/* Only where somebody has said where dead letters go are the expired among them. */
int
mqs_outcome_expire(struct mqs_claim *cl, const struct mqs_entry *e, struct mqs_error *err)
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
for_others(const struct mqs_group *group, const struct mqs_record *r)
{
	return r->flags & MQS_RECORD_ONLY_GROUP &&
	    (strlen(group->name) != r->only_group_len ||
	    memcmp(group->name, r->only_group, r->only_group_len) != 0);
}

/* What is for this group alone is so because it matched once. */
static int
matches(const struct mqs_group *group, const struct mqs_record *r)
{
	return r->flags & MQS_RECORD_ONLY_GROUP ||
	    mqs_bindings_match(&group->bindings, &r->message);
}

int
mqs_outcome_is_for(const struct mqs_group *group, const struct mqs_record *r)
{
	return !for_others(group, r) && matches(group, r);
}

/* 1 if this consumer takes it, which is asked once of each message. */
int
mqs_outcome_wanted(struct mqs_claim *cl, const struct mqs_entry *e, const struct mqs_message *m)
{
	struct mqs_wanted *w = &cl->c->wanted;
	uint64_t sort = 9 - e->priority;

	if (w->fn == NULL)
		return 1;
	if (sort > w->from_sort || (sort == w->from_sort && e->id > w->from_id)) {
		w->from_sort = sort;
		w->from_id = e->id;
	}
	return w->fn(w->arg, m);
}

/* It may go out: now, or, where all are looked at first, in its turn. */
int
mqs_outcome_give(struct mqs_claim *cl, const struct mqs_entry *e, struct mqs_error *err)
{
	if (cl->survey)
		return mqs_group_hold_ready(&cl->stx.gtx, e, err);
	mqs_outcome_take(cl, e);
	return MQS_OK;
}

/* The same if the consumer wants it; else it is held for others. */
int
mqs_outcome_give_wanted(struct mqs_claim *cl, const struct mqs_entry *e, const struct mqs_message *m,
    struct mqs_error *err)
{
	if (!cl->survey && !mqs_outcome_wanted(cl, e, m))
		return mqs_group_hold_ready(&cl->stx.gtx, e, err);
	return mqs_outcome_give(cl, e, err);
}

/* A message that was not looked at before. */
int
mqs_outcome_new(struct mqs_claim *cl, const struct mqs_record *r, struct mqs_error *err)
{
	const struct mqs_message *m = &r->message;
	struct mqs_group_tx *gtx = &cl->stx.gtx;
	struct mqs_held h = { .class = MQS_WAITING, .sort = (uint64_t)m->not_before };
	int rc, out;

	if (for_others(gtx->group, r))
		return MQS_OK;
	if (!matches(gtx->group, r)) {
		gtx->v[MQS_GROUP_FILTERED]++;
		return MQS_OK;
	}
	h.entry.id = m->seq;
	h.entry.size = m->body_len;
	h.entry.priority = (uint32_t)m->priority;
	if (gtx->group->settings.ordered)
		h.entry.key = mqs_key_hash(m);
	if (mqs_outcome_is_expired(cl, m))
		return mqs_outcome_expire(cl, &h.entry, err);
	if (m->not_before > cl->now)
		return mqs_group_hold(gtx, &h, err);
	if ((rc = mqs_group_key_enter(gtx, &h.entry, &out, err)) != MQS_OK || !out)
		return rc;
	return mqs_outcome_give_wanted(cl, &h.entry, m, err);
}

/* What is dropped unseen must be what it says. */
int
mqs_outcome_expired(struct mqs_claim *cl, struct mqs_record *r, struct mqs_error *err)
{
	int rc;

	if (!mqs_outcome_is_expired(cl, &r->message))
		return 0;
	rc = mqs_log_reader_at(&cl->c->reader, r->message.seq, 1, r, err);
	return rc == MQS_OK ? mqs_outcome_is_expired(cl, &r->message) : rc;
}
