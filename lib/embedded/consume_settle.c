/* consume_settle.c - see consume_settle.h */
#include <stdlib.h>

#include "embedded/consume_settle.h"
#include "embedded/queue/group_count_acks.h"
#include "embedded/queue/group_key_order.h"
#include "embedded/settle.h"

static int
compare_own(const void *key, const void *member)
{
	uint64_t lease = *(const uint64_t *)key;
	const struct mqs_own_lease *own = member;

	return lease < own->lease ? -1 : lease > own->lease;
}

/* The lease that ends with that message, or NULL. */
static const struct mqs_own_lease *
whole_lease(const struct mqs_consumer *c, const struct mqs_ack *a)
{
	const struct mqs_own_lease *own;

	if (c->nown == 0)
		return NULL;
	own = bsearch(&a->lease, c->own, c->nown, sizeof(*c->own), compare_own);
	return own != NULL && own->ids.last == a->id ? own : NULL;
}

/*
 * Settles all of a lease without a look at its messages.  MQS_NOTHING, and nothing is changed,
 * if that can't be: some of them were settled elsewhere, or they differ in the class of their
 * latency.
 */
static int
finish(struct mqs_group_tx *gtx, const struct mqs_own_lease *own, struct mqs_error *err)
{
	uint64_t bytes;
	int rc;

	if (!mqs_is_one_class(gtx, &own->ids))
		return MQS_NOTHING;
	rc = mqs_batch_finish(gtx, own->lease, own->ids.n, &bytes, err);
	if (rc == MQS_OK)
		mqs_count_acks(gtx, &own->ids, bytes);
	return rc;
}

/* One by one, since each lets another of its key go; up to `last' of the loaded batch. */
static int
settle_in_order(struct mqs_group_tx *gtx, size_t first, size_t last, struct mqs_error *err)
{
	size_t i;
	int rc;

	for (i = first; i <= last; i++) {
		if (mqs_batch_settled(gtx->batch, i))
			continue;
		mqs_batch_mark(gtx, i);
		mqs_count_ack(gtx, &gtx->batch->entries[i]);
		if ((rc = mqs_group_key_leave(gtx, &gtx->batch->entries[i], err)) != MQS_OK)
			return rc;
	}
	return MQS_OK;
}

/* Those that were settled elsewhere meanwhile are let be. */
static int
settle_ack(const struct mqs_consumer *c, struct mqs_group_tx *gtx,
    const struct mqs_ack *a, struct mqs_error *err)
{
	const int ordered = gtx->group->settings.ordered != 0;
	const struct mqs_own_lease *own;
	long at;
	int rc;

	if (a->through && !ordered && (own = whole_lease(c, a)) != NULL &&
	    (rc = finish(gtx, own, err)) != MQS_NOTHING)
		return rc;
	if ((rc = mqs_batch_load(gtx, a->lease, err)) != MQS_OK)
		return rc;
	at = a->through ? mqs_batch_place(gtx->batch, a->id) :
	    mqs_batch_find(gtx->batch, a->id);
	if (at < 0)
		return MQS_OK;
	if (ordered)
		return settle_in_order(gtx, a->through ? 0 : (size_t)at, (size_t)at, err);
	if (a->through) {
		mqs_ack_through(gtx, (size_t)at);
	} else {
		mqs_batch_mark(gtx, (size_t)at);
		mqs_count_ack(gtx, &gtx->batch->entries[at]);
	}
	return MQS_OK;
}

int
mqs_settle_collected(const struct mqs_consumer *c, struct mqs_settle_tx *stx,
    struct mqs_error *err)
{
	struct mqs_group_tx *gtx = &stx->gtx;
	const struct mqs_ack *a = c->acks, *end = a + c->nacks;
	size_t i;
	int rc;

	for (; a < end; a++)
		if ((rc = settle_ack(c, gtx, a, err)) < 0)
			return rc;
	for (i = 0; i < c->nrequests; i++)
		if ((rc = mqs_settle_delivery(stx, &c->requests[i], err)) != MQS_OK)
			return rc;
	return MQS_OK;
}
