/*
 * reclaim.c - what dead consumers held comes back
 *
 * For each lease whose owner's file is not locked any more:
 *
 *	- a message that a run had started: counted, and deliverable once its
 *	  handler has ended too;
 *	- under MQS_MANUAL, a message that had been handed out: kept until the
 *	  group's `lease' has passed since the owner was first seen gone, then
 *	  counted;
 *	- all else: deliverable at once, uncounted.
 *
 * A lease with a time of its own (MQS_LEASE_TIMED) runs out at that time, alive or
 * not; one of another boot is its owner's death.  An extended message is kept until
 * its own time.  A missing owner file means dead with nothing started.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "engine/consumer.h"

#define ORPHAN_LOOK	((uint64_t)MQS_SECOND)	/* how often, where time ran out */

/* What is known of the owner of a lease. */
struct fate {
	enum mqs_owner_life	 life;
	struct mqs_owner_left	 left;
};

static int
look(struct mqs_consumer *c, uint64_t owner, uint64_t boot, struct fate *f,
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

/* 1 if a lease's own time has come. */
static int
ran_out(const struct mqs_batch *b)
{
	return b->flags & (MQS_LEASE_TIMED | MQS_LEASE_GONE) && b->due != 0 &&
	    b->due <= (uint64_t)mqs_boottime();
}

/* ------------------------------------------------------------ looking -- */

/* 1 if a lease's owner lives, or is known to be gone: all that is left waits. */
static int
nothing_to_do(const struct mqs_batch *b, const struct fate *f)
{
	return f->life == MQS_OWNER_LIVES || b->flags & MQS_LEASE_GONE;
}

/*
 * How many of a lease's messages an orphan works on that did not settle its own:
 * those are kept, and no others.
 */
static int
orphaned(struct mqs_tx *tx, struct mqs_batch *b, const struct fate *f, size_t *n,
    struct mqs_error *err)
{
	const uint64_t lease = b->lease;
	const struct mqs_owner_slot *s = f->left.slots, *end = s + f->left.nslots;
	int rc, loaded = 0;

	*n = 0;
	for (; s < end; s++) {
		if (s->lease != lease || !s->alive)
			continue;
		if (!loaded && (rc = mqs_batch_read(tx, lease, b, err)) != MQS_OK)
			return rc == MQS_NOTHING ? MQS_OK : rc;
		loaded = 1;
		if (mqs_batch_find(b, s->id) >= 0)
			++*n;
	}
	return MQS_OK;
}

static int
wanted_one(struct mqs_consumer *c, struct mqs_tx *tx, uint64_t lease,
    struct mqs_batch *b, int *wanted, struct mqs_error *err)
{
	struct fate f;
	size_t alive;
	int rc;

	if ((rc = mqs_batch_head(tx, lease, b, err)) != MQS_OK)
		return rc == MQS_NOTHING ? MQS_OK : rc;
	if (b->flags & (MQS_LEASE_TIMED | MQS_LEASE_GONE)) {
		if (b->boot != mqs_boot() || ran_out(b))
			*wanted = 1;
		else
			note_due(c, b->due);
	}
	if (*wanted)
		return MQS_OK;
	if ((rc = look(c, b->owner, b->boot, &f, err)) != MQS_OK)
		return rc;
	if ((rc = orphaned(tx, b, &f, &alive, err)) == MQS_OK)
		*wanted = !nothing_to_do(b, &f) && b->unsettled > alive;
	mqs_owner_left_free(&f.left);
	return rc;
}

int
mqs_reclaim_wanted(struct mqs_consumer *c, int *wanted, struct mqs_error *err)
{
	struct mqs_batch *b;
	struct mqs_tx *tx;
	uint64_t lease = 0;
	int rc;

	*wanted = 0;
	c->lease_due = 0;
	if ((b = calloc(1, sizeof(*b))) == NULL)
		return mqs_fail_errno(err, "lease");
	if ((rc = mqs_tx_read(c->group->db, &tx, err)) != MQS_OK) {
		free(b);
		return rc;
	}
	while (!*wanted && (rc = mqs_batch_next(tx, &lease, err)) == MQS_OK)
		if ((rc = wanted_one(c, tx, lease, b, wanted, err)) != MQS_OK)
			break;
	mqs_tx_abort(tx);
	free(b);
	return rc == MQS_NOTHING ? MQS_OK : rc;
}

/* ------------------------------------------------------------ taking -- */

static const struct mqs_owner_slot *
slot_of(const struct fate *f, uint64_t lease, uint64_t id)
{
	size_t i;

	for (i = 0; i < f->left.nslots; i++)
		if (f->left.slots[i].lease == lease && f->left.slots[i].id == id)
			return &f->left.slots[i];
	return NULL;
}

static int
handed_out(const struct mqs_batch *b, const struct fate *f, size_t i)
{
	if (!(b->flags & MQS_LEASE_MANUAL))
		return 0;
	if (b->lease != f->left.handed_lease)
		return b->lease < f->left.handed_lease;
	return i < f->left.handed_count;
}

/* 1 if the message was given more time, which has not passed. */
static int
extended(struct mqs_consumer *c, struct mqs_pass *pass, size_t i, int *more,
    struct mqs_error *err)
{
	const struct mqs_batch *b = pass->gtx.batch;
	uint64_t due = 0;
	int rc;

	*more = 0;
	if (!(b->flags & MQS_LEASE_EXTENDED) || b->boot != mqs_boot())
		return MQS_OK;
	if ((rc = mqs_batch_extended(&pass->gtx, b->lease, b->entries[i].id,
	    &due, err)) != MQS_OK)
		return rc;
	*more = due > (uint64_t)mqs_boottime();
	if (*more)
		note_due(c, due);
	return MQS_OK;
}

/* Takes back all of a lease whose time has come, but what orphans work on. */
static int
take_all(struct mqs_consumer *c, struct mqs_pass *pass, const struct fate *f,
    struct mqs_error *err)
{
	struct mqs_batch *b = pass->gtx.batch;
	const struct mqs_owner_slot *slot;
	int rc, more, kept = 0;
	size_t i;

	for (i = 0; i < b->n; i++) {
		if (mqs_batch_settled(b, i))
			continue;
		if ((rc = extended(c, pass, i, &more, err)) != MQS_OK)
			return rc;
		slot = slot_of(f, b->lease, b->entries[i].id);
		if (slot != NULL && slot->alive) {
			note_due(c, (uint64_t)mqs_boottime() + ORPHAN_LOOK);
			kept = 1;
		} else if (more)
			kept = 1;
		else if ((rc = mqs_pass_return(pass, i, 1, err)) != MQS_OK)
			return rc;
	}
	if (kept) {	/* look again when extensions or orphans end, not at once */
		b->due = (uint64_t)c->lease_due;
		b->changed = 1;
	}
	return MQS_OK;
}

/* Takes back what a dead owner had not begun; keeps what still goes on. */
static int
take_dead(struct mqs_consumer *c, struct mqs_pass *pass, const struct fate *f,
    struct mqs_error *err)
{
	struct mqs_batch *b = pass->gtx.batch;
	const struct mqs_owner_slot *slot;
	int rc, more, kept = 0;
	size_t i;

	for (i = 0; i < b->n; i++) {
		if (mqs_batch_settled(b, i))
			continue;
		slot = slot_of(f, b->lease, b->entries[i].id);
		if (slot != NULL && slot->alive)
			continue;
		if ((rc = extended(c, pass, i, &more, err)) != MQS_OK)
			return rc;
		if (handed_out(b, f, i) || more) {
			kept = 1;
			continue;
		}
		if ((rc = mqs_pass_return(pass, i, slot != NULL && slot->started,
		    err)) != MQS_OK)
			return rc;
	}
	if (!kept)
		return MQS_OK;
	if (!(b->flags & MQS_LEASE_TIMED))
		b->due = (uint64_t)mqs_later(mqs_boottime(), c->group->settings.lease);
	b->flags |= MQS_LEASE_GONE;
	b->changed = 1;
	note_due(c, b->due);
	return MQS_OK;
}

static int
reclaim_one(struct mqs_consumer *c, struct mqs_pass *pass, uint64_t lease,
    struct mqs_error *err)
{
	struct mqs_batch *b;
	struct fate f;
	int rc, over = 0;

	if ((rc = mqs_batch_load(&pass->gtx, lease, err)) != MQS_OK)
		return rc == MQS_NOTHING ? MQS_OK : rc;
	b = pass->gtx.batch;
	if (b->flags & (MQS_LEASE_TIMED | MQS_LEASE_GONE)) {
		over = b->boot != mqs_boot() || ran_out(b);
		if (!over)
			note_due(c, b->due);
	}
	if ((rc = look(c, b->owner, b->boot, &f, err)) != MQS_OK)
		return rc;
	if (over)
		rc = take_all(c, pass, &f, err);
	else if (!nothing_to_do(b, &f))
		rc = take_dead(c, pass, &f, err);
	mqs_owner_left_free(&f.left);
	return rc;
}

int
mqs_reclaim(struct mqs_consumer *c, struct mqs_pass *pass, struct mqs_error *err)
{
	uint64_t lease = 0;
	int rc;

	c->lease_due = 0;
	for (;;) {
		/* The cursor reads the table: what is loaded must be in it. */
		if ((rc = mqs_batch_store(&pass->gtx, err)) != MQS_OK)
			return rc;
		rc = mqs_batch_next(pass->gtx.tx, &lease, err);
		if (rc == MQS_NOTHING)
			return MQS_OK;
		if (rc != MQS_OK || (rc = reclaim_one(c, pass, lease, err)) != MQS_OK)
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
	struct mqs_batch *b;
	struct mqs_tx *tx;
	uint64_t lease = 0;
	int rc;

	*refers = 0;
	if ((b = calloc(1, sizeof(*b))) == NULL)
		return mqs_fail_errno(err, "lease");
	if ((rc = mqs_tx_read(c->group->db, &tx, err)) != MQS_OK) {
		free(b);
		return rc;
	}
	while (!*refers && (rc = mqs_batch_next(tx, &lease, err)) == MQS_OK) {
		if ((rc = mqs_batch_head(tx, lease, b, err)) < 0)
			break;
		*refers = b->owner == owner;
	}
	mqs_tx_abort(tx);
	free(b);
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

	if (owner >> 32 != mqs_family_of(col->c->group->name) ||
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
mqs_reclaim_collect(struct mqs_consumer *c, struct mqs_error *err)
{
	struct collection col = { c, err };

	return mqs_owner_each(&c->group->log->dir, collect_one, &col, err);
}
