/*
 * consume_claim.c - claiming: taking messages from the group, under leases
 *
 * One transaction of the group does three things.  It settles what the consumer has
 * collected (consume_settle.h).  It takes back what dead consumers held (consume_reclaim.h).
 * It takes messages and puts them under leases (consume_select.h says which).
 *
 * The log is not written.  Only the front of each record is read; bodies are read and
 * verified when they are handed out (consume_read.c).
 *
 * A crash before the commit leaves everything as it was.  A crash after it leaves leases
 * whose owner is dead; another consumer takes them back.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/interrupted.h"
#include "embedded/consume_admission.h"
#include "embedded/consume_claim.h"
#include "embedded/consume_collect.h"
#include "embedded/consume_deliveries.h"
#include "embedded/consume_line.h"
#include "embedded/consume_reclaim.h"
#include "embedded/consume_run.h"
#include "embedded/consume_select.h"
#include "embedded/consume_settle.h"
#include "embedded/consume_unmatched.h"
#include "embedded/dead_letter_make.h"
#include "embedded/full_disk.h"
#include "embedded/queue/group_settle_all.h"
#include "embedded/queue/group_state.h"

/* ------------------------------------------------------------ looking -- */

/* 1 in *work if a writing transaction would have something to do. */
static int
anything(struct mqs_consumer *c, int64_t now, int *work, struct mqs_error *err)
{
	uint64_t v[MQS_GROUP_VALUES], lv[MQS_LOG_VALUES];
	int64_t due, wake, follow;
	int rc, paused, held;

	if ((rc = mqs_group_state(c->group, v, err)) != MQS_OK)
		return rc;
	mqs_log_reader_rest(&c->reader);
	rc = mqs_log_reader_state(&c->reader, lv, err);
	mqs_log_reader_rest(&c->reader);
	if (rc != MQS_OK)
		return rc;
	due = (int64_t)v[MQS_GROUP_NEXT_DUE];
	held = v[MQS_GROUP_READY] > 0 || (due != 0 && due <= now) || mqs_group_ahead(v, lv);
	*work = held || v[MQS_GROUP_CURSOR] < lv[MQS_LOG_LAST_ID];
	if ((rc = mqs_admission_preview(c, v, lv, work, &paused, err)) != MQS_OK)
		return rc;
	if (*work && !held)
		rc = mqs_unmatched_look(c, v, work, err);
	if (rc != MQS_OK || *work)
		return rc;
	/* Nothing now: when will there be?  What holds it back ends with a page. */
	wake = due == 0 || paused || c->held_back ? 0 :
	    mqs_later(mqs_boottime(), due - now);
	if (c->lease_due != 0 && (wake == 0 || c->lease_due < wake))
		wake = c->lease_due;
	follow = paused ? 0 : mqs_unmatched_due(c);
	if (follow != 0 && (wake == 0 || follow < wake))
		wake = follow;
	return mqs_wake_at(c->wake, wake, err);
}

/* ------------------------------------------------------------ the log -- */

/*
 * A group that is ahead of its log stands beside a log that was restored or rolled
 * back: what it calls settled may be other messages.  Redeliver, and say so.  What it
 * held or had under leases is among that, or gone with the log it was of.
 */
static int
check_log(struct mqs_claim *cl, struct mqs_error *err)
{
	const struct mqs_group *group = cl->c->group;
	uint64_t *lv = cl->lv, *v = cl->stx.gtx.v, count = 0;
	int rc, more;

	/* A setting that was changed (dead-letter) counts from now on. */
	if ((rc = mqs_log_reader_state(&cl->c->reader, lv, err)) != MQS_OK ||
	    (rc = mqs_log_refresh(group->log, cl->c->reader.tx,
	    lv[MQS_LOG_SETTINGS], err)) != MQS_OK)
		return rc;
	if (!mqs_group_ahead(v, lv))
		return MQS_OK;
	mqs_notice(cl->c->spool, "%s/%s: the log is older than this group "
	    "(restored?): delivering all that is retained again",
	    group->log->dir.name, group->name);
	if ((rc = mqs_group_settle_all(&cl->stx.gtx, SIZE_MAX, &count, &more,
	    err)) != MQS_OK)
		return rc;
	v[MQS_GROUP_GENERATION]++;
	mqs_group_to_oldest(v, lv);
	return MQS_OK;
}

/* ----------------------------------------------------- the transaction -- */

/* How many entries from `i' on go into one batch: as many as ascend. */
static size_t
run_of(const struct mqs_claim *cl, size_t i)
{
	size_t n = 1;

	while (i + n < cl->n && n < MQS_BATCH_MAX &&
	    cl->entries[i + n].id > cl->entries[i + n - 1].id)
		n++;
	return n;
}

/* Puts what was taken under leases, a batch each. */
static int
lease_taken(struct mqs_claim *cl, struct mqs_error *err)
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
	for (i = 0; i < cl->n; i += n) {
		if (cl->nleases == MQS_CLAIM_LEASES)
			return mqs_fail(err, MQS_EBUG, "claim: out of order");
		n = run_of(cl, i);
		if ((rc = mqs_batch_take(&cl->stx.gtx, cl->entries + i, n,
		    mqs_owner_name(c->owner), flags, due,
		    &cl->leases[cl->nleases].number, err)) != MQS_OK)
			return rc;
		cl->leases[cl->nleases++].n = n;
	}
	return MQS_OK;
}

/* Lowers what is wanted to what this consumer may be given. */
static int
cap(struct mqs_claim *cl, struct mqs_error *err)
{
	size_t max = cl->max;
	int rc;

	if (max == 0)
		return MQS_OK;
	rc = mqs_admission_grant(cl->c, &cl->stx.gtx, cl->lv, &cl->max, err);
	if (cl->max < max)
		cl->capped = 1;
	return rc;
}

static int
transact(struct mqs_claim *cl, int reclaim, int keep, struct mqs_error *err)
{
	struct mqs_consumer *c = cl->c;
	int rc;

	c->wanted.from_sort = cl->from_sort;
	c->wanted.from_id = cl->from_id;
	cl->n = cl->passed = cl->nleases = 0;
	mqs_log_reader_rest(&c->reader);
	if ((rc = mqs_settle_begin(&cl->stx, c->spool, c->group, &c->reader, keep,
	    err)) != MQS_OK)
		return rc;
	cl->stx.made_in = c->made_in;
	if ((rc = check_log(cl, err)) != MQS_OK ||
	    (rc = mqs_settle_collected(c, &cl->stx, err)) != MQS_OK ||
	    (reclaim && (rc = mqs_reclaim(c, &cl->stx, err)) != MQS_OK) ||
	    (rc = cap(cl, err)) != MQS_OK ||
	    (cl->max > 0 && (rc = mqs_claim_select(cl, err)) != MQS_OK) ||
	    (rc = lease_taken(cl, err)) != MQS_OK) {
		mqs_log_reader_rest(&c->reader);
		mqs_settle_abort(&cl->stx);
		return rc;
	}
	/* Not pinned through the commit, nor while the caller waits after it. */
	mqs_log_reader_rest(&c->reader);
	return mqs_settle_commit(&cl->stx, err);
}

/* Keeps in memory what was taken, each lease with its messages. */
static void
remember(struct mqs_claim *cl)
{
	const struct mqs_entry *e = cl->entries;
	size_t i;

	for (i = 0; i < cl->nleases; i++) {
		mqs_deliveries_add(cl->c, cl->leases[i].number,
		    cl->stx.gtx.v[MQS_GROUP_GENERATION], e, cl->leases[i].n);
		e += cl->leases[i].n;
	}
}

/* The leases that so many messages may need: see MQS_CLAIM_LEASES. */
static size_t
leases_for(size_t n)
{
	return (n + MQS_BATCH_MAX - 1) / MQS_BATCH_MAX + MQS_CLAIM_LEASES -
	    MQS_CLAIM_MAX / MQS_BATCH_MAX;
}

/* ------------------------------------------------------------ claiming -- */

/*
 * Runs the transaction; if messages are out of order, runs it again, verifying them
 * (consume_examine.h); if the dead-letter queue is what failed, runs it again without dead
 * letters, and then reports that.
 */
static int
run(struct mqs_claim *cl, int reclaim, struct mqs_error *err)
{
	struct mqs_consumer *c = cl->c;
	int rc, dead = MQS_OK;

	rc = transact(cl, reclaim, 0, err);
	if (rc == MQS_EDAMAGED && cl->suspect) {
		cl->closely = 1;
		cl->suspect = 0;
		rc = transact(cl, reclaim, 0, err);
	}
	if (rc != MQS_OK && cl->stx.dead_busy &&
	    (rc = mqs_dead_letter_wait(c->spool, c->group, err)) == MQS_OK)
		rc = transact(cl, reclaim, 0, err);
	if (rc != MQS_OK && rc != MQS_EINTR && cl->stx.dead_failed) {
		dead = rc;
		rc = transact(cl, reclaim, dead, NULL);
	}
	if (rc != MQS_OK) {
		cl->n = 0;
		return rc;
	}
	remember(cl);
	if (mqs_collected(c) > 0)
		c->look_own = 1;
	mqs_collected_drop(c);
	mqs_runs_end(c);
	if (reclaim && (rc = mqs_reclaim_owner_files(c, err)) != MQS_OK)
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
	struct mqs_claim cl = { .c = c, .max = max, .from_sort = c->wanted.from_sort,
	    .from_id = c->wanted.from_id };
	int rc, work = mqs_collected(c) > 0, reclaim = 0;

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
	if ((rc = mqs_deliveries_reserve(c, max, leases_for(max), err)) != MQS_OK)
		return rc;
	if ((cl.entries = malloc((max + 1) * sizeof(*cl.entries))) == NULL)
		return mqs_fail_errno(err, "claim");
	rc = run(&cl, reclaim, err);
	free(cl.entries);
	*count = cl.n;
	*again = cl.n == 0 && cl.passed > 0;
	if (cl.capped && cl.n > 0)
		c->held_back = cl.n == cl.max;
	else if (cl.capped && rc == MQS_OK)
		rc = anything(c, mqs_judged_now(c->spool), &work, err);
	return rc;
}

/* 1 in *held if messages wait for others of their keys, which we may have. */
static int
awaited(struct mqs_consumer *c, int *held, struct mqs_error *err)
{
	uint64_t v[MQS_GROUP_VALUES];
	int rc;

	if (!c->group->settings.ordered)
		return MQS_OK;
	if ((rc = mqs_group_state(c->group, v, err)) == MQS_OK)
		*held = v[MQS_GROUP_PARKED] > 0;
	return rc;
}

int
mqs_embedded_consumer_claim(struct mqs_consumer *c, size_t max, size_t *count, int *held,
    struct mqs_error *err)
{
	size_t room, settled;
	int rc, again;

	*count = 0;
	c->held_back = 0;
	if (held != NULL)
		*held = 0;
	if (max > 0 && c->quiet) {
		c->quiet = 0;
		return MQS_NOTHING;
	}
	if (c->look_own && (rc = mqs_deliveries_recount(c, err)) != MQS_OK)
		return rc;
	room = c->prefetch > c->held ? c->prefetch - c->held : 0;
	/* What is about to be settled makes room in the same transaction. */
	settled = mqs_collected(c);
	room += settled < c->held ? settled : c->held;
	if (room > c->prefetch)
		room = c->prefetch;
	if (room > MQS_CLAIM_MAX)
		room = MQS_CLAIM_MAX;
	/* Held back, if there is something to be held back from. */
	if (held != NULL && max > 0 && room == 0 &&
	    (rc = anything(c, mqs_judged_now(c->spool), held, err)) != MQS_OK)
		return rc;
	do {
		rc = claim_some(c, max < room ? max : room, count, &again, err);
		if (rc != MQS_OK)
			return mqs_full_disk_advise(c->spool, rc, err);
	} while (again && !mqs_interrupted(&c->spool->options));
	if (held != NULL && c->held_back)
		*held = 1;
	if (c->look_own && (rc = mqs_deliveries_recount(c, err)) != MQS_OK)
		return rc;
	if (held != NULL && max > 0 && *count == 0 && !*held && c->held > 0 &&
	    (rc = awaited(c, held, err)) != MQS_OK)
		return rc;
	mqs_consumer_line(c, *count, max > 0 && room > 0);
	if (max == 0)
		return MQS_OK;
	c->unmatched.waiting = *count == 0;
	return *count > 0 ? MQS_OK : MQS_NOTHING;
}

int
mqs_claim_pass_unmatched(struct mqs_consumer *c, struct mqs_error *err)
{
	struct mqs_claim cl = { .c = c, .max = 1, .survey = 1 };

	return mqs_unmatched_due(c) == 0 ? MQS_OK : run(&cl, 0, err);
}

int
mqs_embedded_consumer_flush(struct mqs_consumer *c, struct mqs_error *err)
{
	size_t none;

	if (mqs_collected(c) == 0)
		return MQS_OK;
	return mqs_embedded_consumer_claim(c, 0, &none, NULL, err);
}
