/*
 * stat_deliveries.c - shows the deliveries that are out, and the consumers
 *
 * The leases say which messages are out, in one snapshot of the group.  The owner files, read
 * a moment later, say how far each message has come.  A message that was settled in between
 * is still shown.  Nothing is changed, but the group is opened.
 */
#include <bsd/string.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/name.h"
#include "embedded/lease_owner.h"
#include "embedded/queue/group_file.h"
#include "embedded/receipt.h"
#include "embedded/spool_each_group.h"

struct listing {
	mqs_consumer_stat_fn	*consumer_fn;
	mqs_delivery_stat_fn	*delivery_fn;
	void			*arg;
	struct mqs_group	*group;
	struct mqs_tx		*tx;
	struct mqs_batch	*batch;
	uint64_t		 owner;		/* whose state is known */
	struct mqs_lease_owner		 holder;
	struct mqs_error	*err;
};

/* ---------------------------------------------------------- deliveries -- */

static enum mqs_delivery_state
state_of(const struct listing *l, size_t i, const struct mqs_owner_slot *slot)
{
	const struct mqs_batch *b = l->batch;
	int lives = l->holder.life == MQS_OWNER_LIVES && b->head.boot == mqs_boot();

	if (slot != NULL && slot->alive && (slot->started || !lives))
		return lives ? MQS_RUNNING : MQS_ORPHAN;
	if (mqs_lease_has_expired(&b->head) || b->head.boot != mqs_boot())
		return MQS_RETURNING;
	/* What is left of one whose owner was seen gone had been handed out. */
	if (b->head.flags & MQS_LEASE_GONE || mqs_lease_owner_handed_out(&l->holder, b, i))
		return MQS_HANDED_OUT;
	return lives ? MQS_PREFETCHED : MQS_RETURNING;
}

static int
show_delivery(const struct listing *l, size_t i)
{
	const struct mqs_batch *b = l->batch;
	const struct mqs_entry *e = &b->entries[i];
	const struct mqs_owner_slot *slot = mqs_lease_owner_slot(&l->holder, b->head.lease, e->id);
	struct mqs_delivery_stat st;
	int rc;

	memset(&st, 0, sizeof(st));
	(void)strlcpy(st.queue, l->group->log->dir.name, sizeof(st.queue));
	(void)strlcpy(st.group, l->group->name, sizeof(st.group));
	mqs_format_u64(e->id, st.id);
	mqs_receipt_format(st.queue, st.group, e->id, b->head.lease, st.receipt);
	st.attempt = e->attempts + 1;
	st.bytes = e->size;
	st.state = state_of(l, i, slot);
	if (l->holder.life == MQS_OWNER_LIVES)
		st.consumer = l->holder.left.pid;
	if (st.state == MQS_RUNNING || st.state == MQS_ORPHAN)
		st.handler = slot->pid;
	st.since = (int64_t)b->head.lease;
	if ((rc = mqs_lease_until(l->tx, b, i, &st.until, l->err)) != MQS_OK)
		return rc;
	return l->delivery_fn(l->arg, &st);
}

static int
show_lease(struct listing *l, uint64_t lease)
{
	struct mqs_batch *b = l->batch;
	size_t i;
	int rc;

	if ((rc = mqs_batch_read(l->tx, lease, b, l->err)) != MQS_OK)
		return rc == MQS_NOTHING ? MQS_OK : rc;
	if (b->head.owner != l->owner) {
		mqs_owner_left_free(&l->holder.left);
		l->owner = b->head.owner;
		if ((rc = mqs_owner_watch(&l->group->log->dir, b->head.owner, &l->holder.life,
		    &l->holder.left, l->err)) != MQS_OK)
			return rc;
	}
	for (i = 0; i < b->n; i++)
		if (!mqs_batch_settled(b, i) && (rc = show_delivery(l, i)) != MQS_OK)
			return rc;
	return MQS_OK;
}

static int
show_leases(struct listing *l)
{
	uint64_t lease = 0;
	int rc;

	while ((rc = mqs_batch_next(l->tx, &lease, l->err)) == MQS_OK)
		if ((rc = show_lease(l, lease)) != MQS_OK)
			return rc;
	return rc == MQS_NOTHING ? MQS_OK : rc;
}

/* ----------------------------------------------------------- consumers -- */

static int
count_held(struct listing *l, uint64_t owner, uint64_t *held)
{
	struct mqs_lease head;
	uint64_t lease = 0;
	int rc;

	*held = 0;
	while ((rc = mqs_batch_next(l->tx, &lease, l->err)) == MQS_OK) {
		if ((rc = mqs_batch_head(l->tx, lease, &head, l->err)) < 0)
			return rc;
		if (rc == MQS_OK && head.owner == owner)
			*held += head.unsettled;
	}
	return rc == MQS_NOTHING ? MQS_OK : rc;
}

static int
show_consumer(void *arg, uint64_t owner)
{
	struct listing *l = arg;
	struct mqs_consumer_stat st;
	struct mqs_owner_left left;
	enum mqs_owner_life life;
	size_t i;
	int rc;

	if (owner >> 32 != mqs_group_owner_family(l->group->name))
		return MQS_OK;
	memset(&st, 0, sizeof(st));
	if ((rc = mqs_owner_watch(&l->group->log->dir, owner, &life, &left, l->err)) != MQS_OK)
		return rc;
	for (i = 0; i < left.nslots; i++)
		st.running += left.slots[i].started && left.slots[i].alive;
	st.pid = left.pid;
	st.since = left.since != 0 ? left.since : MQS_UNKNOWN_TIME;
	mqs_owner_left_free(&left);
	if (life != MQS_OWNER_LIVES)
		return MQS_OK;
	(void)strlcpy(st.queue, l->group->log->dir.name, sizeof(st.queue));
	(void)strlcpy(st.group, l->group->name, sizeof(st.group));
	if ((rc = count_held(l, owner, &st.held)) != MQS_OK)
		return rc;
	return l->consumer_fn(l->arg, &st);
}

/* -------------------------------------------------------------- groups -- */

static int
show_group(void *arg, struct mqs_group *group, struct mqs_error *err)
{
	struct listing *l = arg;
	int rc;

	l->group = group;
	l->owner = 0;		/* that is nobody */
	l->err = err;
	if ((rc = mqs_tx_read(group->db, &l->tx, err)) != MQS_OK)
		return rc;
	if (l->consumer_fn != NULL)
		rc = mqs_owner_each(&group->log->dir, show_consumer, l, err);
	if (rc == MQS_OK && l->delivery_fn != NULL)
		rc = show_leases(l);
	mqs_tx_abort(l->tx);
	mqs_owner_left_free(&l->holder.left);
	return rc;
}

int
mqs_embedded_outstanding(struct mqs_spool *spool, const char *queue, const char *group,
    mqs_consumer_stat_fn *consumer_fn, mqs_delivery_stat_fn *delivery_fn,
    void *arg, struct mqs_error *err)
{
	struct listing l = {
		.consumer_fn = consumer_fn, .delivery_fn = delivery_fn, .arg = arg
	};
	int rc;

	if ((l.batch = calloc(1, sizeof(*l.batch))) == NULL)
		return mqs_fail_errno(err, "%s", spool->path);
	rc = mqs_spool_each_group(spool, queue, group, show_group, &l, err);
	free(l.batch);
	return rc;
}
