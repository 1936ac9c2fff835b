/*
 * consume_reclaim.c - takes back the messages that dead consumers held
 *
 * A consumer is dead when its owner file is not locked any more, or is missing.  Of each of
 * its leases, a message
 *
 *	- on which a handler had started comes back once that handler has ended, too; this
 *	  counts as an attempt;
 *	- that was handed out under MQS_MANUAL is kept for the group's `lease', from the
 *	  moment when the consumer was first seen dead; then it comes back, and counts;
 *	- of any other kind comes back at once, and does not count.
 *
 * A lease with MQS_LEASE_TIMED ends at its time, whether its consumer lives or not.  A lease
 * of another boot is of a dead consumer.  A message that was extended is kept until the time
 * that it was given.  If the owner file is missing, no handler had started.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "embedded/consume_reclaim.h"
#include "embedded/lease_owner.h"
#include "embedded/queue/group_file.h"
#include "embedded/queue/lease_extension.h"
#include "embedded/settle.h"

#define ORPHAN_LOOK	((uint64_t)MQS_SECOND)	/* how often, where time ran out */

static int
look(struct mqs_consumer *c, uint64_t owner, uint64_t boot, struct mqs_lease_owner *f,
    struct mqs_error *err)
{
	int rc;

	memset(f, 0, sizeof(*f));
	if (owner == mqs_owner_name(c->owner) && boot == mqs_boot()) {
		f->life = MQS_OWNER_LIVES;
		return MQS_OK;
	}
	rc = mqs_owner_look(&c->group->log->dir, owner, &f->life, &f->left, err);
	return rc;
}

static void
note_due(struct mqs_consumer *c, uint64_t due)
{
	if (due != 0 && (c->lease_due == 0 || (int64_t)due < c->lease_due))
		c->lease_due = (int64_t)due;
}

/* ------------------------------------------------------------ looking -- */

/* 1 if the owner of a lease lives, or was seen dead before: what is left of the lease waits. */
static int
nothing_to_do(const struct mqs_lease *l, const struct mqs_lease_owner *f)
{
	return f->life == MQS_OWNER_LIVES || l->flags & MQS_LEASE_GONE;
}

/* Counts the unsettled messages of a lease on which handlers of a dead consumer still work. */
static int
orphaned(struct mqs_tx *tx, uint64_t lease, const struct mqs_lease_owner *f, size_t *n,
    struct mqs_error *err)
{
	const struct mqs_owner_slot *s = f->left.slots, *end = s + f->left.nslots;
	struct mqs_batch *b = NULL;
	int rc = MQS_OK;

	*n = 0;
	for (; s < end && rc == MQS_OK; s++) {
		if (s->lease != lease || !s->alive)
			continue;
		if (b == NULL && (b = calloc(1, sizeof(*b))) == NULL)
			return mqs_fail_errno(err, "lease");
		if (b->head.lease == 0)
			rc = mqs_batch_read(tx, lease, b, err);
		if (rc == MQS_OK && mqs_batch_find(b, s->id) >= 0)
			++*n;
	}
	free(b);
	return rc < 0 ? rc : MQS_OK;
}

static int
wanted_one(struct mqs_consumer *c, struct mqs_tx *tx, uint64_t lease, int *wanted,
    struct mqs_error *err)
{
	struct mqs_lease l;
	struct mqs_lease_owner f;
	size_t alive;
	int rc;

	if ((rc = mqs_batch_head(tx, lease, &l, err)) != MQS_OK)
		return rc == MQS_NOTHING ? MQS_OK : rc;
	if (mqs_lease_has_expired(&l))
		*wanted = 1;
	else if (mqs_lease_has_deadline(&l))
		note_due(c, l.due);
	if (*wanted)
		return MQS_OK;
	if ((rc = look(c, l.owner, l.boot, &f, err)) != MQS_OK)
		return rc;
	if ((rc = orphaned(tx, lease, &f, &alive, err)) == MQS_OK)
		*wanted = !nothing_to_do(&l, &f) && l.unsettled > alive;
	mqs_owner_left_free(&f.left);
	return rc;
}

int
mqs_reclaim_wanted(struct mqs_consumer *c, int *wanted, struct mqs_error *err)
{
	struct mqs_tx *tx;
	uint64_t lease = 0;
	int rc;

	*wanted = 0;
	c->lease_due = 0;
	if ((rc = mqs_tx_read(c->group->db, &tx, err)) != MQS_OK)
		return rc;
	while (!*wanted && (rc = mqs_batch_next(tx, &lease, err)) == MQS_OK)
		if ((rc = wanted_one(c, tx, lease, wanted, err)) != MQS_OK)
			break;
	mqs_tx_abort(tx);
	return rc == MQS_NOTHING ? MQS_OK : rc;
}

/* ------------------------------------------------------------ taking -- */

/* 1 in *more if the message was given more time, and that has not passed. */
static int
extended(struct mqs_consumer *c, struct mqs_settle_tx *stx, size_t i, int *more,
    struct mqs_error *err)
{
	const struct mqs_batch *b = stx->gtx.batch;
	uint64_t due = 0;
	int rc;

	*more = 0;
	if (!(b->head.flags & MQS_LEASE_EXTENDED) || b->head.boot != mqs_boot())
		return MQS_OK;
	if ((rc = mqs_lease_extension(stx->gtx.tx, b->head.lease, b->entries[i].id,
	    &due, err)) != MQS_OK)
		return rc;
	*more = due > (uint64_t)mqs_boottime();
	if (*more)
		note_due(c, due);
	return MQS_OK;
}

/*
 * Takes back entry i of the loaded batch, unless it must be kept; then *kept becomes 1.
 * over: the lease has run out, so this counts as an attempt in any case.
 */
static int
take_one(struct mqs_consumer *c, struct mqs_settle_tx *stx, const struct mqs_lease_owner *f,
    int over, size_t i, int *kept, struct mqs_error *err)
{
	const struct mqs_batch *b = stx->gtx.batch;
	const struct mqs_owner_slot *slot = mqs_lease_owner_slot(f, b->head.lease, b->entries[i].id);
	const char *reason = over && f->life == MQS_OWNER_LIVES ?
	    "lease ran out" : "consumer died";
	int rc, more;

	if ((rc = extended(c, stx, i, &more, err)) != MQS_OK)
		return rc;
	if (slot != NULL && slot->alive) {
		/* Of one that is dead, the end is an event; and it holds up no others. */
		if (!over)
			return MQS_OK;
		note_due(c, (uint64_t)mqs_boottime() + ORPHAN_LOOK);
		more = 1;
	}
	if (more || (!over && mqs_lease_owner_handed_out(f, b, i))) {
		*kept = 1;
		return MQS_OK;
	}
	return mqs_settle_take_back(stx, i, over || (slot != NULL && slot->started), reason,
	    err);
}

/* Takes back what a lease still holds.  It has run out (over), or its owner is dead. */
static int
take(struct mqs_consumer *c, struct mqs_settle_tx *stx, const struct mqs_lease_owner *f, int over,
    struct mqs_error *err)
{
	struct mqs_batch *b = stx->gtx.batch;
	int rc, kept = 0;
	size_t i;

	for (i = 0; i < b->n; i++)
		if (!mqs_batch_settled(b, i) &&
		    (rc = take_one(c, stx, f, over, i, &kept, err)) != MQS_OK)
			return rc;
	if (!kept)
		return MQS_OK;
	b->changed = 1;
	if (over) {	/* look again when extensions or orphans end, not at once */
		b->head.due = (uint64_t)c->lease_due;
		return MQS_OK;
	}
	if (!(b->head.flags & MQS_LEASE_TIMED))
		b->head.due = (uint64_t)mqs_later(mqs_boottime(), c->group->settings.lease);
	b->head.flags |= MQS_LEASE_GONE;
	note_due(c, b->head.due);
	return MQS_OK;
}

static int
reclaim_one(struct mqs_consumer *c, struct mqs_settle_tx *stx, uint64_t lease,
    struct mqs_error *err)
{
	struct mqs_batch *b;
	struct mqs_lease_owner f;
	int rc, over;

	if ((rc = mqs_batch_load(&stx->gtx, lease, err)) != MQS_OK)
		return rc == MQS_NOTHING ? MQS_OK : rc;
	b = stx->gtx.batch;
	over = mqs_lease_has_expired(&b->head);
	if (!over && mqs_lease_has_deadline(&b->head))
		note_due(c, b->head.due);
	if ((rc = look(c, b->head.owner, b->head.boot, &f, err)) != MQS_OK)
		return rc;
	if (over || !nothing_to_do(&b->head, &f))
		rc = take(c, stx, &f, over, err);
	mqs_owner_left_free(&f.left);
	return rc;
}

int
mqs_reclaim(struct mqs_consumer *c, struct mqs_settle_tx *stx, struct mqs_error *err)
{
	uint64_t lease = 0;
	int rc;

	c->lease_due = 0;
	for (;;) {
		/* The cursor reads the table: what is loaded must be in it. */
		if ((rc = mqs_batch_store(&stx->gtx, err)) != MQS_OK)
			return rc;
		rc = mqs_batch_next(stx->gtx.tx, &lease, err);
		if (rc == MQS_NOTHING)
			return MQS_OK;
		if (rc != MQS_OK || (rc = reclaim_one(c, stx, lease, err)) != MQS_OK)
			return rc;
	}
}

/* --------------------------------------------------------- collecting -- */

struct collection {
	struct mqs_consumer	*c;
	struct mqs_error	*err;
};

/* 1 in *refers if some lease names the owner. */
static int
referred(struct mqs_consumer *c, uint64_t owner, int *refers,
    struct mqs_error *err)
{
	struct mqs_lease head;
	struct mqs_tx *tx;
	uint64_t lease = 0;
	int rc;

	*refers = 0;
	if ((rc = mqs_tx_read(c->group->db, &tx, err)) != MQS_OK)
		return rc;
	while (!*refers && (rc = mqs_batch_next(tx, &lease, err)) == MQS_OK) {
		if ((rc = mqs_batch_head(tx, lease, &head, err)) < 0)
			break;
		*refers = rc == MQS_OK && head.owner == owner;
	}
	mqs_tx_abort(tx);
	return rc < 0 ? rc : MQS_OK;
}

/*
 * The owner is found dead first and only then looked for in a fresh snapshot: the
 * dead take no more leases, so one that is not referred to now never will be.
 */
static int
collect_one(void *arg, uint64_t owner)
{
	struct collection *col = arg;
	const struct mqs_dir *dir = &col->c->group->log->dir;
	enum mqs_owner_life life;
	int rc, refers;

	if (owner >> 32 != mqs_group_owner_family(col->c->group->name) ||
	    owner == mqs_owner_name(col->c->owner))
		return MQS_OK;
	if ((rc = mqs_owner_look(dir, owner, &life, NULL, col->err)) != MQS_OK ||
	    life != MQS_OWNER_DEAD)
		return rc;
	if ((rc = referred(col->c, owner, &refers, col->err)) != MQS_OK || refers)
		return rc;
	return mqs_owner_collect(dir, owner, col->err);
}

int
mqs_reclaim_owner_files(struct mqs_consumer *c, struct mqs_error *err)
{
	struct collection col = { c, err };

	return mqs_owner_each(&c->group->log->dir, collect_one, &col, err);
}
