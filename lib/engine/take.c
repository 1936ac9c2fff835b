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

/* A message that was not looked at before. */
static int
admit(struct mqs_claim *cl, const struct mqs_record *r, struct mqs_error *err)
{
	const struct mqs_message *m = &r->message;
	struct mqs_group_tx *gtx = &cl->pass.gtx;
	struct mqs_held h = { .class = MQS_WAITING, .sort = (uint64_t)m->not_before };

	if (for_others(cl, r))
		return MQS_OK;
	if (!matches(cl, r)) {
		gtx->v[MQS_GROUP_FILTERED]++;
		return MQS_OK;
	}
	h.entry.id = m->seq;
	h.entry.size = m->body_len;
	h.entry.priority = (uint32_t)m->priority;
	if (expired(cl, m))
		return expire(cl, &h.entry, err);
	if (m->not_before > cl->now)
		return mqs_group_hold(gtx, &h, err);
	take(cl, &h.entry);
	return MQS_OK;
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

static int
take_ready(struct mqs_claim *cl, struct mqs_error *err)
{
	struct mqs_held h;
	int rc;

	while (cl->n < cl->max) {
		rc = mqs_group_first_held(&cl->pass.gtx, MQS_READY, &h, err);
		if (rc != MQS_OK)
			return rc == MQS_NOTHING ? MQS_OK : rc;
		if ((rc = take_one_ready(cl, &h, err)) != MQS_OK)
			return rc;
	}
	return MQS_OK;
}

/* ----------------------------------------------------------------- new -- */

/* The cursor moves to a record. */
static void
pass(struct mqs_claim *cl, uint64_t id, uint64_t ordinal, uint64_t size)
{
	uint64_t *v = cl->pass.gtx.v;

	/* Those between were removed unseen. */
	v[MQS_GROUP_DROPPED] += ordinal > v[MQS_GROUP_ORDINAL] + 1 ?
	    ordinal - v[MQS_GROUP_ORDINAL] - 1 : 0;
	v[MQS_GROUP_CURSOR] = id;
	v[MQS_GROUP_ORDINAL] = ordinal;
	v[MQS_GROUP_BYTES] += size;
	cl->passed++;
}

/* Nothing is left beyond the cursor: it moves to the log's end. */
static void
at_end(struct mqs_claim *cl)
{
	const uint64_t *lv = cl->lv;
	uint64_t *v = cl->pass.gtx.v;

	v[MQS_GROUP_DROPPED] += lv[MQS_LOG_ORDINAL] - v[MQS_GROUP_ORDINAL];
	v[MQS_GROUP_CURSOR] = lv[MQS_LOG_LAST_ID];
	v[MQS_GROUP_ORDINAL] = lv[MQS_LOG_ORDINAL];
	v[MQS_GROUP_BYTES] = lv[MQS_LOG_IN_BYTES];
}

/* Looks at the next record beyond the cursor: MQS_NOTHING at the end. */
static int
look(struct mqs_claim *cl, struct mqs_error *err)
{
	struct mqs_log_reader *reader = &cl->c->reader;
	uint64_t id, ordinal, size;
	struct mqs_slice value;
	struct mqs_record r;
	int rc;

	if ((rc = mqs_log_reader_next_raw(reader, &id, &value, err)) != MQS_OK)
		return rc;
	if (mqs_record_plain(value, &ordinal, &size)) {
		/* For everybody (bindings apart), at any time. */
		pass(cl, id, ordinal, size);
		if (cl->plain_matches)
			take(cl, &(struct mqs_entry){ .id = id, .size = size });
		else
			cl->pass.gtx.v[MQS_GROUP_FILTERED]++;
		return MQS_OK;
	}
	if ((rc = mqs_log_reader_decode(reader, value, &r, err)) != MQS_OK)
		return rc;
	pass(cl, id, r.ordinal, r.message.body_len);
	return admit(cl, &r, err);
}

static int
take_new(struct mqs_claim *cl, struct mqs_error *err)
{
	size_t looked;
	int rc;

	mqs_log_reader_seek(&cl->c->reader, cl->pass.gtx.v[MQS_GROUP_CURSOR] + 1);
	/* Bounded also where nothing is taken (all expired, all delayed). */
	for (looked = 0; cl->n < cl->max && looked < LOOK_MAX; looked++)
		if ((rc = look(cl, err)) != MQS_OK) {
			if (rc == MQS_NOTHING)
				at_end(cl);
			return rc == MQS_NOTHING ? MQS_OK : rc;
		}
	return MQS_OK;
}

int
mqs_take(struct mqs_claim *cl, struct mqs_error *err)
{
	static const struct mqs_message plain = MQS_MESSAGE_INIT;
	size_t ripe;
	int rc;

	cl->plain_matches =
	    mqs_bindings_match(&cl->c->group->bindings, &plain);
	/* After the settling, or what is due at once would be due a moment from now. */
	cl->now = mqs_judged_now(cl->c->spool);
	if ((rc = mqs_order_ripen(&cl->pass.gtx, cl->now, cl->max, &ripe, err)) != MQS_OK ||
	    (rc = take_ready(cl, err)) != MQS_OK)
		return rc;
	return take_new(cl, err);
}
