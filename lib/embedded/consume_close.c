/*
 * consume_close.c - closing a consumer: releases what it still holds
 *
 * One transaction releases what was not handed out, without counting an attempt, and gives up
 * the place as active consumer of an exclusive group.  After its commit the owner file is
 * removed.  A crash before the commit leaves what any dead consumer leaves, for
 * consume_reclaim.h.
 */
#include <unistd.h>

#include "base/clock.h"
#include "embedded/consume_admission.h"
#include "embedded/consume_claim.h"
#include "embedded/consume_deliveries.h"
#include "embedded/consume_touch.h"
#include "embedded/group_remove_expired.h"
#include "embedded/settle.h"

/* Returns how many entries of a lease, the first ones, were handed out under MQS_MANUAL. */
static size_t
handed_of(const struct mqs_consumer *c, uint64_t lease, size_t n)
{
	const struct mqs_delivery *last;

	if (!(c->flags & MQS_MANUAL) || c->handed == 0)
		return 0;
	last = &c->deliveries[c->handed - 1];
	if (lease < last->lease)
		return n;
	return lease == last->lease ? last->index + 1 : 0;
}

static int
release_lease(struct mqs_consumer *c, struct mqs_settle_tx *stx, uint64_t lease,
    struct mqs_error *err)
{
	struct mqs_batch *b;
	size_t i;
	int rc;

	if ((rc = mqs_batch_load(&stx->gtx, lease, err)) != MQS_OK)
		return rc == MQS_NOTHING ? MQS_OK : rc;
	b = stx->gtx.batch;
	for (i = handed_of(c, lease, b->n); i < b->n; i++) {
		if (mqs_batch_settled(b, i))
			continue;
		stx->gtx.v[MQS_GROUP_RELEASED]++;
		if ((rc = mqs_settle_take_back(stx, i, 0, NULL, err)) != MQS_OK)
			return rc;
	}
	if (b->head.unsettled > 0 && !(b->head.flags & MQS_LEASE_GONE)) {
		if (!(b->head.flags & MQS_LEASE_TIMED))
			b->head.due = (uint64_t)mqs_later(mqs_boottime(),
			    c->group->settings.lease);
		b->head.flags |= MQS_LEASE_GONE;
		b->changed = 1;
	}
	return MQS_OK;
}

/* Releases what is held, and gives up being the active consumer. */
static int
give_up(struct mqs_consumer *c, struct mqs_error *err)
{
	struct mqs_settle_tx stx;
	size_t i;
	int rc;

	if ((rc = mqs_settle_begin(&stx, c->spool, c->group, &c->reader, 0, err)) != MQS_OK)
		return rc;
	for (i = 0; i < c->nown && rc == MQS_OK; i++)
		rc = release_lease(c, &stx, c->own[i].lease, err);
	if (rc != MQS_OK) {
		mqs_settle_abort(&stx);
		return rc;
	}
	if (mqs_admission_is_active(c, stx.gtx.v))
		stx.gtx.v[MQS_GROUP_ACTIVE] = stx.gtx.v[MQS_GROUP_ACTIVE_BOOT] = 0;
	return mqs_settle_commit(&stx, err);
}

int
mqs_embedded_consumer_close(struct mqs_consumer *c, struct mqs_error *err)
{
	int rc;

	if (c->body != -1)
		close(c->body);
	c->body = -1;
	if ((rc = mqs_embedded_consumer_flush(c, err)) != MQS_OK ||
	    (rc = mqs_deliveries_recount(c, err)) != MQS_OK)
		return rc;
	mqs_log_reader_rest(&c->reader);
	/* Nothing is lost without it, so a full disk is no reason to fail. */
	if (!(c->flags & MQS_TEMP))
		(void)mqs_claim_pass_unmatched(c, NULL);
	if (c->flags & MQS_TEMP)
		rc = mqs_group_remove_temporary(c->group, err);
	else if (c->nown > 0 || c->active)
		rc = give_up(c, err);
	else
		rc = mqs_consumer_touch(c, err);
	if (rc != MQS_OK)
		return rc;
	c->nown = c->held = 0;
	mqs_owner_free(c->owner, 1);
	c->owner = NULL;
	return MQS_OK;
}
