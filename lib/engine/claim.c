/*
 * claim.c - taking messages for a consumer
 *
 * One transaction of the group settles what was collected, takes back what the
 * dead held, and takes new messages: first those that are ready (they were looked
 * at before: retries, releases, delayed ones), then what lies beyond the cursor.
 * Nothing of the log is written, and only the front of each record is read: bodies
 * are read, and verified, when they are handed out.
 *
 * A crash before the commit leaves everything as it was; after it, a lease whose
 * owner is dead.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "engine/consumer.h"
#include "queue/forget.h"

#define CLAIM_MAX	(16 * MQS_BATCH_MAX)	/* in one transaction */

/* A claim under way. */
struct claim {
	struct mqs_consumer	*c;
	struct mqs_pass		 pass;
	struct mqs_entry	*entries;
	size_t			 n, max;
	size_t			 passed;	/* looked at, taken or not */
	uint64_t		 leases[CLAIM_MAX / MQS_BATCH_MAX];
	int64_t			 now;	/* judged */
};

/* ------------------------------------------------------------ looking -- */

/* 1 in *work if a writing transaction would have something to do. */
static int
anything(struct mqs_consumer *c, int64_t now, int *work, struct mqs_error *err)
{
	uint64_t v[MQS_GROUP_VALUES], lv[MQS_LOG_VALUES];
	int64_t due, wake;
	int rc;

	if ((rc = mqs_group_state(c->group, v, err)) != MQS_OK)
		return rc;
	mqs_log_reader_rest(&c->reader);
	rc = mqs_log_reader_state(&c->reader, lv, err);
	mqs_log_reader_rest(&c->reader);
	if (rc != MQS_OK)
		return rc;
	due = (int64_t)v[MQS_GROUP_NEXT_DUE];
	*work = v[MQS_GROUP_READY] > 0 || (due != 0 && due <= now) ||
	    v[MQS_GROUP_CURSOR] < lv[MQS_LOG_LAST_ID] ||
	    v[MQS_GROUP_ORDINAL] > lv[MQS_LOG_ORDINAL];
	if (*work)
		return MQS_OK;
	/* Nothing now: when will there be? */
	wake = due == 0 ? 0 : mqs_later(mqs_boottime(), due - now);
	if (c->lease_due != 0 && (wake == 0 || c->lease_due < wake))
		wake = c->lease_due;
	return mqs_wake_at(c->wake, wake, err);
}

/* ------------------------------------------------------------- taking -- */

static int
expired(const struct claim *cl, const struct mqs_message *m)
{
	return m->expires != 0 && m->expires <= cl->now;
}

static void
take(struct claim *cl, uint64_t id, uint64_t size, uint64_t attempts)
{
	struct mqs_entry *e = &cl->entries[cl->n++];

	e->id = id;
	e->size = size;
	e->attempts = attempts;
}

static int
take_ready(struct claim *cl, struct mqs_error *err)
{
	struct mqs_group_tx *gtx = &cl->pass.gtx;
	struct mqs_record r;
	struct mqs_held h;
	size_t ripe;
	int rc;

	/* After the settling, or what is due at once would be due a moment from now. */
	cl->now = mqs_judged_now(cl->c->spool);
	if ((rc = mqs_group_ripen(gtx, cl->now, cl->max, &ripe, err)) != MQS_OK)
		return rc;
	while (cl->n < cl->max) {
		rc = mqs_group_first_held(gtx, MQS_READY, &h, err);
		if (rc == MQS_NOTHING)
			return MQS_OK;
		if (rc != MQS_OK || (rc = mqs_group_unhold(gtx, &h, err)) != MQS_OK)
			return rc;
		rc = mqs_log_reader_at(&cl->c->reader, h.id, 0, &r, err);
		if (rc < 0)
			return rc;
		cl->passed++;
		if (rc == MQS_NOTHING)
			gtx->v[MQS_GROUP_DROPPED]++;
		else if (expired(cl, &r.message))
			gtx->v[MQS_GROUP_EXPIRED]++;
		else
			take(cl, h.id, h.size, h.attempts);
	}
	return MQS_OK;
}

/* The cursor moves to a record. */
static void
pass(struct claim *cl, uint64_t id, uint64_t ordinal, uint64_t size)
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

/* Looks at one record beyond the cursor. */
static int
look_at(struct claim *cl, const struct mqs_record *r, struct mqs_error *err)
{
	const struct mqs_message *m = &r->message;
	struct mqs_group_tx *gtx = &cl->pass.gtx;
	const struct mqs_held h = {
		m->seq, MQS_WAITING, (uint64_t)m->not_before, 0, m->body_len
	};
	const char *group = cl->c->group->name;

	pass(cl, m->seq, r->ordinal, m->body_len);
	if (r->flags & MQS_RECORD_ONLY_GROUP &&
	    (strlen(group) != r->only_group_len ||
	    memcmp(group, r->only_group, r->only_group_len) != 0))
		return MQS_OK;
	if (expired(cl, m)) {
		gtx->v[MQS_GROUP_EXPIRED]++;
		return MQS_OK;
	}
	if (m->not_before > cl->now)
		return mqs_group_hold(gtx, &h, err);
	take(cl, m->seq, m->body_len, 0);
	return MQS_OK;
}

/* Nothing is left beyond the cursor: it moves to the log's end. */
static int
at_end(struct claim *cl, struct mqs_error *err)
{
	uint64_t lv[MQS_LOG_VALUES], *v = cl->pass.gtx.v;
	int rc;

	if ((rc = mqs_log_reader_state(&cl->c->reader, lv, err)) != MQS_OK)
		return rc;
	v[MQS_GROUP_DROPPED] += lv[MQS_LOG_ORDINAL] - v[MQS_GROUP_ORDINAL];
	v[MQS_GROUP_CURSOR] = lv[MQS_LOG_LAST_ID];
	v[MQS_GROUP_ORDINAL] = lv[MQS_LOG_ORDINAL];
	v[MQS_GROUP_BYTES] = lv[MQS_LOG_IN_BYTES];
	return MQS_OK;
}

static int
take_new(struct claim *cl, struct mqs_error *err)
{
	struct mqs_log_reader *reader = &cl->c->reader;
	uint64_t id, ordinal, size;
	struct mqs_slice value;
	struct mqs_record r;
	size_t looked;
	int rc;

	mqs_log_reader_seek(reader, cl->pass.gtx.v[MQS_GROUP_CURSOR] + 1);
	/* Bounded also where nothing is taken (all expired, all delayed). */
	for (looked = 0; cl->n < cl->max && looked < 16 * MQS_BATCH_MAX; looked++) {
		rc = mqs_log_reader_next_raw(reader, &id, &value, err);
		if (rc == MQS_NOTHING)
			return at_end(cl, err);
		if (rc != MQS_OK)
			return rc;
		if (mqs_record_plain(value, &ordinal, &size)) {
			/* For everybody, at any time. */
			pass(cl, id, ordinal, size);
			take(cl, id, size, 0);
			continue;
		}
		if ((rc = mqs_log_reader_decode(reader, value, &r, err)) != MQS_OK ||
		    (rc = look_at(cl, &r, err)) != MQS_OK)
			return rc;
	}
	return MQS_OK;
}

/*
 * A group that is ahead of its log stands beside a log that was restored or rolled
 * back: what it calls settled may be other messages.  Redeliver, and say so.  What it
 * held or had under leases is among that, or gone with the log it was of.
 */
static int
check_log(struct claim *cl, struct mqs_error *err)
{
	const struct mqs_group *group = cl->c->group;
	uint64_t lv[MQS_LOG_VALUES], *v = cl->pass.gtx.v, count = 0;
	int rc, more;

	if ((rc = mqs_log_reader_state(&cl->c->reader, lv, err)) != MQS_OK)
		return rc;
	if (v[MQS_GROUP_CURSOR] <= lv[MQS_LOG_LAST_ID] &&
	    v[MQS_GROUP_ORDINAL] <= lv[MQS_LOG_ORDINAL])
		return MQS_OK;
	mqs_notice(cl->c->spool, "%s/%s: the log is older than this group "
	    "(restored?): delivering all that is retained again",
	    group->log->dir.name, group->name);
	if ((rc = mqs_group_forget(&cl->pass.gtx, SIZE_MAX, &count, &more,
	    err)) != MQS_OK)
		return rc;
	v[MQS_GROUP_GENERATION]++;
	v[MQS_GROUP_CURSOR] = 0;
	v[MQS_GROUP_ORDINAL] = lv[MQS_LOG_REMOVED];
	v[MQS_GROUP_BYTES] = lv[MQS_LOG_REMOVED_BYTES];
	return MQS_OK;
}

/* ----------------------------------------------------- the transaction -- */

static int
settle_wants(struct claim *cl, struct mqs_error *err)
{
	struct mqs_consumer *c = cl->c;
	size_t i;
	int rc;

	for (i = 0; i < c->nwants; i++)
		if ((rc = mqs_pass_settle(&cl->pass, &c->wants[i], err)) != MQS_OK)
			return rc;
	return MQS_OK;
}

/* Puts what was taken under leases, a batch each. */
static int
lease_taken(struct claim *cl, struct mqs_error *err)
{
	struct mqs_consumer *c = cl->c;
	unsigned flags = 0;
	uint64_t due = 0;
	size_t i, n;
	int rc;

	if (cl->n == 0)
		return MQS_OK;
	if (c->flags & MQS_MANUAL)
		flags |= MQS_LEASE_MANUAL;
	if (c->lease_time != 0) {
		flags |= MQS_LEASE_TIMED;
		due = (uint64_t)mqs_later(mqs_boottime(), c->lease_time);
		if (c->lease_due == 0 || (int64_t)due < c->lease_due)
			c->lease_due = (int64_t)due;
	}
	cl->pass.gtx.v[MQS_GROUP_DELIVERED] += cl->n;
	for (i = 0; i < cl->n; i += n) {
		n = cl->n - i < MQS_BATCH_MAX ? cl->n - i : MQS_BATCH_MAX;
		if ((rc = mqs_batch_take(&cl->pass.gtx, cl->entries + i, n,
		    mqs_owner_name(c->owner), flags, due,
		    &cl->leases[i / MQS_BATCH_MAX], err)) != MQS_OK)
			return rc;
	}
	return MQS_OK;
}

static int
transact(struct claim *cl, int reclaim, int keep, struct mqs_error *err)
{
	struct mqs_consumer *c = cl->c;
	int rc;

	cl->n = cl->passed = 0;
	mqs_log_reader_rest(&c->reader);
	if ((rc = mqs_pass_begin(&cl->pass, c->spool, c->group, &c->reader, keep,
	    err)) != MQS_OK)
		return rc;
	if ((rc = check_log(cl, err)) != MQS_OK ||
	    (rc = mqs_acks_settle(c, &cl->pass.gtx, err)) != MQS_OK ||
	    (rc = settle_wants(cl, err)) != MQS_OK ||
	    (reclaim && (rc = mqs_reclaim(c, &cl->pass, err)) != MQS_OK) ||
	    (cl->max > 0 && ((rc = take_ready(cl, err)) != MQS_OK ||
	    (rc = take_new(cl, err)) != MQS_OK)) ||
	    (rc = lease_taken(cl, err)) != MQS_OK) {
		mqs_log_reader_rest(&c->reader);
		mqs_pass_abort(&cl->pass);
		return rc;
	}
	/* Not pinned through the commit, nor while the caller waits after it. */
	mqs_log_reader_rest(&c->reader);
	return mqs_pass_commit(&cl->pass, err);
}

/* ------------------------------------------------------------- memory -- */

/* Drops deliveries that were read (and, under MQS_MANUAL, handed out). */
static void
compact(struct mqs_consumer *c)
{
	size_t done = c->flags & MQS_MANUAL ? c->handed : c->next;

	if (c->flags & MQS_MANUAL && done > 0)
		done--;		/* handed_of needs the last one */
	if (done == 0)
		return;
	memmove(c->deliveries, c->deliveries + done,
	    (c->ndeliveries - done) * sizeof(*c->deliveries));
	c->ndeliveries -= done;
	c->next -= done;
	c->handed -= c->flags & MQS_MANUAL ? done : c->handed;
}

/* Makes room before the transaction, so that nothing can fail after it. */
static int
make_room(struct mqs_consumer *c, size_t more, struct mqs_error *err)
{
	struct mqs_delivery *d;
	struct mqs_own_lease *own;
	size_t leases;

	compact(c);
	if (c->ndeliveries + more > c->cap) {
		d = reallocarray(c->deliveries, c->ndeliveries + more, sizeof(*d));
		if (d == NULL)
			return mqs_fail_errno(err, "claim");
		c->deliveries = d;
		c->cap = c->ndeliveries + more;
	}
	leases = (more + MQS_BATCH_MAX - 1) / MQS_BATCH_MAX;
	if (c->nown + leases > c->own_cap) {
		own = reallocarray(c->own, c->nown + leases + 16, sizeof(*own));
		if (own == NULL)
			return mqs_fail_errno(err, "claim");
		c->own = own;
		c->own_cap = c->nown + leases + 16;
	}
	return MQS_OK;
}

static void
remember(struct claim *cl)
{
	struct mqs_consumer *c = cl->c;
	struct mqs_own_lease *own = NULL;
	struct mqs_delivery *d;
	size_t i;

	for (i = 0; i < cl->n; i++) {
		if (i % MQS_BATCH_MAX == 0) {
			own = &c->own[c->nown++];
			own->lease = cl->leases[i / MQS_BATCH_MAX];
			own->generation = cl->pass.gtx.v[MQS_GROUP_GENERATION];
			own->unsettled = 0;
		}
		own->unsettled++;
		own->last = cl->entries[i].id;
		d = &c->deliveries[c->ndeliveries++];
		d->id = cl->entries[i].id;
		d->lease = own->lease;
		d->index = (uint32_t)(i % MQS_BATCH_MAX);
		d->attempts = cl->entries[i].attempts & 0x7fffffff;
		d->gone = 0;
	}
	c->held += cl->n;
}

static void
wants_done(struct mqs_consumer *c)
{
	size_t i;

	for (i = 0; i < c->nwants; i++)
		mqs_want_free(&c->wants[i]);
	mqs_acks_drop(c);
	c->nwants = 0;
	mqs_runs_ended(c);
}

/* ------------------------------------------------------------ claiming -- */

/*
 * Runs the transaction; if the dead-letter queue is what failed, runs it again
 * without dead letters, and then reports that.
 */
static int
run(struct claim *cl, int reclaim, struct mqs_error *err)
{
	struct mqs_consumer *c = cl->c;
	int rc, dead = MQS_OK;

	rc = transact(cl, reclaim, 0, err);
	if (rc != MQS_OK && rc != MQS_EINTR && cl->pass.dead_failed) {
		dead = rc;
		rc = transact(cl, reclaim, dead, NULL);
	}
	if (rc != MQS_OK) {
		cl->n = 0;
		return rc;
	}
	remember(cl);
	if (mqs_consumer_collected(c) > 0)
		c->look_own = 1;
	wants_done(c);
	if (reclaim && (rc = mqs_reclaim_collect(c, err)) != MQS_OK)
		return rc;
	return dead;
}

/*
 * One transaction, if there is anything to do.  *again: it only passed over messages
 * (expired, delayed, for others), so that there may be some behind them.
 */
static int
claim_some(struct mqs_consumer *c, size_t max, size_t *count, int *again,
    struct mqs_error *err)
{
	struct claim cl = { .c = c, .max = max };
	int rc, work = mqs_consumer_collected(c) > 0, reclaim = 0;

	*again = 0;
	cl.now = mqs_judged_now(c->spool);
	if (c->look_owners) {
		if ((rc = mqs_reclaim_wanted(c, &reclaim, err)) != MQS_OK)
			return rc;
		c->look_owners = 0;
	}
	if (!work && !reclaim && max > 0 &&
	    (rc = anything(c, cl.now, &work, err)) != MQS_OK)
		return rc;
	if (!work && !reclaim)
		return MQS_OK;
	if ((rc = make_room(c, max, err)) != MQS_OK)
		return rc;
	if ((cl.entries = malloc((max + 1) * sizeof(*cl.entries))) == NULL)
		return mqs_fail_errno(err, "claim");
	rc = run(&cl, reclaim, err);
	free(cl.entries);
	*count = cl.n;
	*again = cl.n == 0 && cl.passed > 0;
	return rc;
}

static int
interrupted(const struct mqs_consumer *c)
{
	const struct mqs_options *o = &c->spool->options;

	return o->interrupted != NULL && o->interrupted(o->arg) != 0;
}

int
mqs_consumer_claim(struct mqs_consumer *c, size_t max, size_t *count, int *held,
    struct mqs_error *err)
{
	size_t room, settled;
	int rc, again;

	*count = 0;
	if (held != NULL)
		*held = 0;
	if (c->look_own && (rc = mqs_consumer_recount(c, err)) != MQS_OK)
		return rc;
	room = c->prefetch > c->held ? c->prefetch - c->held : 0;
	/* What is about to be settled makes room in the same transaction. */
	settled = mqs_consumer_collected(c);
	room += settled < c->held ? settled : c->held;
	if (room > c->prefetch)
		room = c->prefetch;
	if (room > CLAIM_MAX)
		room = CLAIM_MAX;
	/* Held back, if there is something to be held back from. */
	if (held != NULL && max > 0 && room == 0 &&
	    (rc = anything(c, mqs_judged_now(c->spool), held, err)) != MQS_OK)
		return rc;
	do {
		rc = claim_some(c, max < room ? max : room, count, &again, err);
		if (rc != MQS_OK)
			return rc;
	} while (again && !interrupted(c));
	if (c->look_own && (rc = mqs_consumer_recount(c, err)) != MQS_OK)
		return rc;
	return *count > 0 || max == 0 ? MQS_OK : MQS_NOTHING;
}
