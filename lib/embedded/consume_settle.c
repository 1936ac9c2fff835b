/* consume_settle.c - see consume_settle.h */
#include <stdlib.h>

#include "embedded/consume_settle.h"
#include "embedded/queue/group_key_order.h"
#include "embedded/settle.h"

static int
compare_own(const void *key, const void *member)
{
	uint64_t lease = *(const uint64_t *)key;
	const struct mqs_own_lease *own = member;

	return lease < own->lease ? -1 : lease > own->lease;
}

/* Whether a lease ends with that message. */
static int
is_last(const struct mqs_consumer *c, const struct mqs_ack *a)
{
	const struct mqs_own_lease *own;

	if (c->nown == 0)
		return 0;
	own = bsearch(&a->lease, c->own, c->nown, sizeof(*c->own), compare_own);
	return own != NULL && own->last == a->id;
}

/* One by one, since each lets another of its key go; up to `last' of the loaded batch. */
static int
settle_in_order(struct mqs_group_tx *gtx, size_t first, size_t last, size_t *n,
    struct mqs_error *err)
{
	size_t i;
	int rc;

	for (i = first; i <= last; i++) {
		if (mqs_batch_settled(gtx->batch, i))
			continue;
		mqs_batch_mark(gtx, i);
		++*n;
		if ((rc = mqs_group_key_leave(gtx, &gtx->batch->entries[i], err)) != MQS_OK)
			return rc;
	}
	return MQS_OK;
}

/* *n: how many were acked; others were settled elsewhere meanwhile. */
static int
settle_ack(const struct mqs_consumer *c, struct mqs_group_tx *gtx,
    const struct mqs_ack *a, size_t *n, struct mqs_error *err)
{
	const int ordered = gtx->group->settings.ordered != 0;
	long at;
	int rc;

	*n = 0;
	if (a->through && !ordered && is_last(c, a))
		return mqs_batch_finish(gtx, a->lease, n, err);
	if ((rc = mqs_batch_load(gtx, a->lease, err)) != MQS_OK)
		return rc;
	at = a->through ? mqs_batch_place(gtx->batch, a->id) :
	    mqs_batch_find(gtx->batch, a->id);
	if (at < 0)
		return MQS_OK;
	if (ordered)
		return settle_in_order(gtx, a->through ? 0 : (size_t)at, (size_t)at,
		    n, err);
	if (a->through) {
		*n = mqs_batch_mark_through(gtx, (size_t)at);
	} else {
		mqs_batch_mark(gtx, (size_t)at);
		*n = 1;
	}
	return MQS_OK;
}

int
mqs_settle_collected(const struct mqs_consumer *c, struct mqs_settle_tx *stx,
    struct mqs_error *err)
{
	struct mqs_group_tx *gtx = &stx->gtx;
	const struct mqs_ack *a = c->acks, *end = a + c->nacks;
	size_t n, i;
	int rc;

	for (; a < end; a++) {
		if ((rc = settle_ack(c, gtx, a, &n, err)) < 0)
			return rc;
		gtx->v[MQS_GROUP_ACKED] += n;
	}
	for (i = 0; i < c->nrequests; i++)
		if ((rc = mqs_settle_delivery(stx, &c->requests[i], err)) != MQS_OK)
			return rc;
	return MQS_OK;
}
