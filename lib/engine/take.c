/*
 * take.c - which messages a claim takes
 *
 * The urgent before the others; of one priority, those that are ready before those that
 * nobody has looked at yet, or new messages would keep retries waiting for ever.
 *
 * Looking.  The cursor passes over the log once.  Messages with a priority above 0 are
 * also in an index of the log, over which each priority has a cursor of its own, which
 * runs ahead: when the cursor comes to such a message that its own one has passed, it
 * only passes.  AHEAD counts those in between.  Invariant: the cursor passes no message
 * of a priority that its own one has not.  While the queue's last message with a priority
 * is the one that the group knows, the index is not looked at.
 *
 * An ordered group goes by the order of each key whatever the priority, so it uses no
 * index: where there are new messages of a priority, it looks at all that is new first,
 * holds it as ready, and takes from that.
 */
#include "base/clock.h"
#include "base/error.h"
#include "engine/gap.h"
#include "engine/take.h"
#include "queue/order.h"

#define LOOK_MAX	(16 * MQS_BATCH_MAX)	/* messages looked at in one transaction */

/* ------------------------------------------------- what becomes of one -- */

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
	struct mqs_pass *pass = &cl->pass;
	int rc;

	pass->kept = 0;
	if (*cl->c->group->log->settings.dead_letter == '\0')
		rc = mqs_order_leave(&pass->gtx, e, err);
	else
		rc = mqs_pass_dead(pass, e, e->attempts, "expired", NULL, err);
	if (!pass->kept)
		pass->gtx.v[MQS_GROUP_EXPIRED]++;
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
		return mqs_group_hold_ready(&cl->pass.gtx, e, err);
	take(cl, e);
	return MQS_OK;
}

/* A message that was not looked at before. */
static int
admit(struct mqs_claim *cl, const struct mqs_record *r, struct mqs_error *err)
{
	const struct mqs_message *m = &r->message;
	struct mqs_group_tx *gtx = &cl->pass.gtx;
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
		h.entry.key = mqs_order_key(m);
	if (expired(cl, m))
		return expire(cl, &h.entry, err);
	if (m->not_before > cl->now)
		return mqs_group_hold(gtx, &h, err);
	if ((rc = mqs_order_enter(gtx, &h.entry, &out, err)) != MQS_OK || !out)
		return rc;
	return give(cl, &h.entry, err);
}

/* --------------------------------------------------------------- ready -- */

static int
take_one_ready(struct mqs_claim *cl, const struct mqs_held *h, struct mqs_error *err)
{
	struct mqs_group_tx *gtx = &cl->pass.gtx;
	struct mqs_record r;
	int rc;

	if ((rc = mqs_group_unhold(gtx, h, err)) != MQS_OK ||
	    (rc = mqs_log_reader_at(&cl->c->reader, h->entry.id, 0, &r, err)) < 0)
		return rc;
	cl->passed++;
	if (rc == MQS_NOTHING) {
		gtx->v[MQS_GROUP_DROPPED]++;
		return mqs_order_leave(gtx, &h->entry, err);
	}
	if (expired(cl, &r.message))
		return expire(cl, &h->entry, err);
	take(cl, &h->entry);
	return MQS_OK;
}

/*
 * Takes what is ready, of priorities down to that one.  What becomes ready meanwhile and
 * should have come before waits for the next claim: a batch's ids ascend.
 */
static int
take_ready(struct mqs_claim *cl, unsigned priority, struct mqs_error *err)
{
	uint64_t last = 9 - priority, sort = 0, id = 0;
	struct mqs_held h;
	int rc;

	while (cl->n < cl->max) {
		rc = mqs_group_first_held(&cl->pass.gtx, MQS_READY, &h, err);
		if (rc == MQS_NOTHING || (rc == MQS_OK && (h.sort > last || h.sort < sort ||
		    (h.sort == sort && h.entry.id < id))))
			return MQS_OK;
		sort = h.sort;
		id = h.entry.id;
		if (rc != MQS_OK || (rc = take_one_ready(cl, &h, err)) != MQS_OK)
			return rc;
	}
	return MQS_OK;
}

/* ----------------------------------------------------------------- new -- */

/* The cursor moves to a record. */
static int
pass(struct mqs_claim *cl, uint64_t id, uint64_t ordinal, uint64_t size,
    struct mqs_error *err)
{
	uint64_t *v = cl->pass.gtx.v;
	int rc;

	if (ordinal > v[MQS_GROUP_ORDINAL] + 1 && (rc = mqs_gap_pass(&cl->pass.gtx,
	    &cl->c->reader, cl->lv, id, ordinal, err)) != MQS_OK)
		return rc;
	v[MQS_GROUP_CURSOR] = id;
	v[MQS_GROUP_ORDINAL] = ordinal;
	v[MQS_GROUP_BYTES] += size;
	cl->passed++;
	return MQS_OK;
}

/* Nothing is left beyond the cursor: it moves to the log's end. */
static int
at_end(struct mqs_claim *cl, struct mqs_error *err)
{
	uint64_t *v = cl->pass.gtx.v;
	int rc;

	rc = mqs_gap_pass(&cl->pass.gtx, &cl->c->reader, cl->lv, UINT64_MAX,
	    cl->lv[MQS_LOG_ORDINAL] + 1, err);
	if (rc == MQS_OK)
		mqs_group_to_end(v, cl->lv);
	return rc;
}

/* The cursor comes to a message that its priority's cursor has passed. */
static void
pass_again(struct mqs_claim *cl, const struct mqs_record *r)
{
	uint64_t *v = cl->pass.gtx.v;

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

	if (cl->pass.gtx.v[MQS_GROUP_SKIPPED] == 0)
		return 0;
	rc = mqs_group_held(&cl->pass.gtx, id, h, err);
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
		rc = pass(cl, h->entry.id, cl->pass.gtx.v[MQS_GROUP_ORDINAL] + 1, 0, err);
	if (rc != MQS_OK)
		return rc;
	return mqs_group_unhold(&cl->pass.gtx, h, err);
}

/* Looks at the next record beyond the cursor: MQS_NOTHING at the end. */
static int
look(struct mqs_claim *cl, struct mqs_error *err)
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
		cl->pass.gtx.v[MQS_GROUP_FILTERED]++;
		return MQS_OK;
	}
	if ((rc = mqs_log_reader_decode(reader, value, &r, err)) != MQS_OK ||
	    (rc = pass(cl, id, r.ordinal, r.message.body_len, err)) != MQS_OK)
		return rc;
	if (r.message.priority != 0 &&
	    id <= cl->pass.gtx.v[MQS_GROUP_CURSORS + r.message.priority - 1]) {
		pass_again(cl, &r);
		return MQS_OK;
	}
	return admit(cl, &r, err);
}

/* Looks at what is new, until enough was taken.  *end: there is no more. */
static int
take_new(struct mqs_claim *cl, int *end, struct mqs_error *err)
{
	size_t looked;
	int rc;

	*end = 0;
	mqs_log_reader_seek(&cl->c->reader, cl->pass.gtx.v[MQS_GROUP_CURSOR] + 1);
	/* Bounded also where nothing is taken (all expired, all delayed). */
	for (looked = 0; cl->n < cl->max && looked < LOOK_MAX; looked++) {
		rc = look(cl, err);
		if (rc == MQS_NOTHING) {
			*end = 1;
			return at_end(cl, err);
		}
		if (rc != MQS_OK)
			return rc;
	}
	return MQS_OK;
}

/* -------------------------------------------------------------- urgent -- */

/* A message of the index, which the cursor has yet to come to. */
static int
look_ahead(struct mqs_claim *cl, uint64_t id, struct mqs_error *err)
{
	uint64_t *v = cl->pass.gtx.v;
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

/* Looks at what is new of one priority.  *end: there is no more. */
static int
take_new_of(struct mqs_claim *cl, struct mqs_cur *index, unsigned priority,
    int *end, struct mqs_error *err)
{
	uint64_t *at = &cl->pass.gtx.v[MQS_GROUP_CURSORS + priority - 1];
	unsigned char from[9] = { (unsigned char)(9 - priority) };
	struct mqs_slice key = { from, sizeof(from) }, value;
	size_t looked;
	int rc;

	*end = 0;
	if (*at < cl->pass.gtx.v[MQS_GROUP_CURSOR])
		*at = cl->pass.gtx.v[MQS_GROUP_CURSOR];
	mqs_put_be64(from + 1, *at + 1);
	rc = mqs_cur_move(index, MQS_FROM, &key, &value, err);
	for (looked = 0; cl->n < cl->max && looked < LOOK_MAX; looked++) {
		if (rc == MQS_OK && (key.n != sizeof(from) ||
		    *(const unsigned char *)key.p != from[0]))
			rc = MQS_NOTHING;
		if (rc == MQS_NOTHING)
			*end = 1;
		if (rc != MQS_OK)
			return rc == MQS_NOTHING ? MQS_OK : rc;
		*at = mqs_get_be64((const unsigned char *)key.p + 1);
		if ((rc = look_ahead(cl, *at, err)) != MQS_OK)
			return rc;
		rc = mqs_cur_move(index, MQS_NEXT, &key, &value, err);
	}
	return rc < 0 ? rc : MQS_OK;
}

/* From the most urgent to priority 1.  *end: no new one is left of any. */
static int
take_urgent(struct mqs_claim *cl, int *end, struct mqs_error *err)
{
	struct mqs_cur *index;
	unsigned priority;
	int rc;

	*end = 1;
	if ((rc = mqs_cur_new(&index, cl->c->reader.tx, MQS_LOG_PRIORITY, err)) != MQS_OK)
		return rc;
	for (priority = 9; priority > 0 && *end && rc == MQS_OK; priority--)
		if ((rc = take_ready(cl, priority, err)) == MQS_OK)
			rc = take_new_of(cl, index, priority, end, err);
	mqs_cur_free(index);
	if (rc == MQS_OK && *end)
		cl->pass.gtx.v[MQS_GROUP_PRIORITISED] = cl->lv[MQS_LOG_PRIORITISED];
	return rc;
}

/* Looks at all that is new and holds it as ready, so that priority can decide. */
static int
survey(struct mqs_claim *cl, int *end, struct mqs_error *err)
{
	int rc;

	cl->survey = 1;
	rc = take_new(cl, end, err);
	cl->survey = 0;
	return rc;
}

int
mqs_take(struct mqs_claim *cl, struct mqs_error *err)
{
	static const struct mqs_message plain = MQS_MESSAGE_INIT;
	struct mqs_group_tx *gtx = &cl->pass.gtx;
	size_t ripe;
	int rc, end = 1;

	cl->plain_matches =
	    mqs_bindings_match(&cl->c->group->bindings, &plain);
	/* After the settling, or what is due at once would be due a moment from now. */
	cl->now = mqs_judged_now(cl->c->spool);
	if ((rc = mqs_order_ripen(gtx, cl->now, cl->max, &ripe, err)) != MQS_OK)
		return rc;
	cl->passed += ripe;	/* some may be parked now, with others due behind them */
	if (gtx->v[MQS_GROUP_PRIORITISED] != cl->lv[MQS_LOG_PRIORITISED])
		rc = gtx->group->settings.ordered ? survey(cl, &end, err) :
		    take_urgent(cl, &end, err);
	/* Not all of the urgent were seen: what is not urgent must wait. */
	if (rc != MQS_OK || !end || (rc = take_ready(cl, 0, err)) != MQS_OK)
		return rc;
	return take_new(cl, &end, err);
}
