/*
 * forget.c - see forget.h
 *
 * All within the caller's transaction: a crash leaves the group as it was, or
 * without what was removed.  The parked go first, so that nothing is left that could
 * take the place of one that was out of its key.
 */
#include "queue/batch.h"
#include "queue/forget.h"
#include "queue/order.h"

static int
forget_leases(struct mqs_group_tx *gtx, uint64_t *count, struct mqs_error *err)
{
	uint64_t lease = 0;
	size_t i;
	int rc;

	while ((rc = mqs_batch_next(gtx->tx, &lease, err)) == MQS_OK) {
		if ((rc = mqs_batch_load(gtx, lease, err)) != MQS_OK)
			return rc;
		for (i = 0; i < gtx->batch->n; i++) {
			if (mqs_batch_settled(gtx->batch, i))
				continue;
			mqs_batch_mark(gtx, i);
			++*count;
			if ((rc = mqs_order_leave(gtx, &gtx->batch->entries[i], err)) != MQS_OK)
				return rc;
		}
		if ((rc = mqs_batch_store(gtx, err)) != MQS_OK)
			return rc;
	}
	return rc == MQS_NOTHING ? MQS_OK : rc;
}

/* Up to *max of one class, and *max less so many. */
static int
forget_held(struct mqs_group_tx *gtx, enum mqs_class class, size_t *max,
    uint64_t *count, struct mqs_error *err)
{
	struct mqs_held h;
	int rc;

	for (; *max > 0; --*max) {
		rc = mqs_group_first_held(gtx, class, &h, err);
		if (rc == MQS_NOTHING)
			return MQS_OK;
		if (rc != MQS_OK || (rc = mqs_group_unhold(gtx, &h, err)) != MQS_OK ||
		    (rc = mqs_order_leave(gtx, &h.entry, err)) != MQS_OK)
			return rc;
		++*count;
	}
	return MQS_OK;
}

int
mqs_group_forget(struct mqs_group_tx *gtx, size_t max, uint64_t *count, int *more,
    struct mqs_error *err)
{
	int rc;

	if ((rc = forget_held(gtx, MQS_PARKED, &max, count, err)) != MQS_OK ||
	    (max > 0 && (rc = forget_leases(gtx, count, err)) != MQS_OK) ||
	    (rc = forget_held(gtx, MQS_READY, &max, count, err)) != MQS_OK ||
	    (rc = forget_held(gtx, MQS_WAITING, &max, count, err)) != MQS_OK)
		return rc;
	*more = max == 0;
	return MQS_OK;
}
