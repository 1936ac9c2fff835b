/*
 * group_settle_all.c - see group_settle_all.h
 *
 * All within the caller's transaction: a crash leaves the group as it was, or
 * without what was removed.  The parked go first: as long as one of them is left, so is
 * the message of its key that is out, at whose end it would be its turn.
 */
#include "embedded/queue/group_key_order.h"
#include "embedded/queue/group_settle_all.h"
#include "embedded/queue/lease_batch.h"

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
			if ((rc = mqs_group_key_leave(gtx, &gtx->batch->entries[i], err)) != MQS_OK)
				return rc;
		}
		if ((rc = mqs_batch_store(gtx, err)) != MQS_OK)
			return rc;
	}
	return rc == MQS_NOTHING ? MQS_OK : rc;
}

/* The class's held messages, up to `max' of all classes; *n counts them. */
static int
forget_class(struct mqs_group_tx *gtx, enum mqs_class class, size_t max, size_t *n,
    struct mqs_error *err)
{
	struct mqs_held h;
	int rc;

	while (*n < max) {
		rc = mqs_group_first_held(gtx, class, &h, err);
		if (rc == MQS_NOTHING)
			return MQS_OK;
		if (rc != MQS_OK || (rc = mqs_group_unhold(gtx, &h, err)) != MQS_OK ||
		    (rc = mqs_group_key_leave(gtx, &h.entry, err)) != MQS_OK)
			return rc;
		++*n;
	}
	return MQS_OK;
}

int
mqs_group_settle_all(struct mqs_group_tx *gtx, size_t max, uint64_t *count, int *more,
    struct mqs_error *err)
{
	size_t n = 0, skipped = 0;
	int rc;

	/* Those are settled already. */
	if ((rc = forget_class(gtx, MQS_SKIPPED, SIZE_MAX, &skipped, err)) != MQS_OK ||
	    (rc = forget_class(gtx, MQS_PARKED, max, &n, err)) != MQS_OK)
		return rc;
	if (gtx->v[MQS_GROUP_PARKED] == 0 &&
	    ((rc = forget_leases(gtx, count, err)) != MQS_OK ||
	    (rc = forget_class(gtx, MQS_READY, max, &n, err)) != MQS_OK ||
	    (rc = forget_class(gtx, MQS_WAITING, max, &n, err)) != MQS_OK))
		return rc;
	*count += n;
	*more = gtx->v[MQS_GROUP_PARKED] + gtx->v[MQS_GROUP_READY] +
	    gtx->v[MQS_GROUP_WAITING] > 0;
	return MQS_OK;
}
