/*
 * forget.c - see forget.h
 *
 * All within the caller's transaction: a crash leaves the group as it was, or
 * without what was removed.
 */
#include "queue/batch.h"
#include "queue/forget.h"

static int
forget_leases(struct mqs_group_tx *gtx, uint64_t *count, struct mqs_error *err)
{
	uint64_t lease = 0;
	size_t i;
	int rc;

	while ((rc = mqs_batch_next(gtx->tx, &lease, err)) == MQS_OK) {
		if ((rc = mqs_batch_load(gtx, lease, err)) != MQS_OK)
			return rc;
		for (i = 0; i < gtx->batch->n; i++)
			if (!mqs_batch_settled(gtx->batch, i)) {
				mqs_batch_mark(gtx, i);
				++*count;
			}
		if ((rc = mqs_batch_store(gtx, err)) != MQS_OK)
			return rc;
	}
	return rc == MQS_NOTHING ? MQS_OK : rc;
}

static int
forget_held(struct mqs_group_tx *gtx, size_t max, uint64_t *count, int *more,
    struct mqs_error *err)
{
	static const enum mqs_class classes[] = {
		MQS_READY, MQS_WAITING, MQS_PARKED
	};
	struct mqs_held h;
	size_t n = 0;
	unsigned c;
	int rc;

	*more = 0;
	for (c = 0; c < 3; c++)
		while ((rc = mqs_group_first_held(gtx, classes[c], &h, err)) != MQS_NOTHING) {
			if (rc != MQS_OK || (rc = mqs_group_unhold(gtx, &h, err)) != MQS_OK)
				return rc;
			++*count;
			if (++n == max) {
				*more = 1;
				return MQS_OK;
			}
		}
	return MQS_OK;
}

int
mqs_group_forget(struct mqs_group_tx *gtx, size_t max, uint64_t *count, int *more,
    struct mqs_error *err)
{
	int rc;

	if ((rc = forget_leases(gtx, count, err)) != MQS_OK)
		return rc;
	return forget_held(gtx, max, count, more, err);
}
