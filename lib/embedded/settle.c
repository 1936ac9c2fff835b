/* settle.c - see settle.h */
#include <bsd/stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "embedded/dead_letter_make.h"
#include "embedded/queue/group_count_acks.h"
#include "embedded/queue/group_key_order.h"
#include "embedded/settle.h"
#include "engine/retry.h"

static int64_t
backoff(const struct mqs_group_settings *s, uint64_t attempts)
{
	uint32_t random;

	arc4random_buf(&random, sizeof(random));
	return mqs_retry_delay(s->backoff_min, s->backoff_max, attempts, random);
}

static int
retry(struct mqs_settle_tx *stx, const struct mqs_entry *e,
    const struct mqs_settle_request *w, struct mqs_error *err)
{
	const struct mqs_group_settings *s = &stx->group->settings;
	struct mqs_held h = { *e, MQS_WAITING, 0 };
	int64_t delay = w->delay;

	stx->gtx.v[MQS_GROUP_RETRIED]++;
	if (++h.entry.attempts >= s->max_attempts)
		return mqs_dead_letter_make(stx, e, h.entry.attempts, w->reason, w->detail,
		    err);
	if (delay < 0)
		delay = backoff(s, h.entry.attempts);
	h.sort = (uint64_t)mqs_later(mqs_judged_now(stx->spool), delay);
	return mqs_group_hold(&stx->gtx, &h, err);
}

static int
carry_out(struct mqs_settle_tx *stx, const struct mqs_entry *e,
    const struct mqs_settle_request *w, struct mqs_error *err)
{
	uint64_t *v = stx->gtx.v;

	switch (w->verb) {
	case MQS_ACK:
		mqs_count_ack(&stx->gtx, e);
		return mqs_group_key_leave(&stx->gtx, e, err);
	case MQS_RETRY:
		return retry(stx, e, w, err);
	case MQS_RELEASE:
		v[MQS_GROUP_RELEASED]++;
		return mqs_group_hold_ready(&stx->gtx, e, err);
	case MQS_REJECT:
		v[MQS_GROUP_REJECTED]++;
		return mqs_dead_letter_make(stx, e, e->attempts + 1,
		    w->reason == NULL ? "rejected" : w->reason, w->detail, err);
	case MQS_EXTEND:
		break;
	}
	return mqs_fail(err, MQS_EBUG, "settling: verb %d", (int)w->verb);
}

int
mqs_settle_delivery(struct mqs_settle_tx *stx, struct mqs_settle_request *w, struct mqs_error *err)
{
	struct mqs_entry e;
	long i = -1;
	int rc;

	w->code = MQS_ESTALE;
	if ((rc = mqs_batch_load(&stx->gtx, w->lease, err)) < 0)
		return rc;
	if (rc == MQS_NOTHING || (i = mqs_batch_find(stx->gtx.batch, w->id)) < 0)
		return MQS_OK;
	w->code = MQS_OK;
	if (w->verb == MQS_EXTEND)
		return mqs_batch_extend(&stx->gtx, w->lease, w->id,
		    (uint64_t)mqs_later(mqs_boottime(), w->delay), err);
	e = stx->gtx.batch->entries[i];
	mqs_batch_mark(&stx->gtx, (size_t)i);
	stx->kept = 0;
	rc = carry_out(stx, &e, w, err);
	if (stx->kept)
		w->code = stx->keep;
	return rc;
}

int
mqs_settle_take_back(struct mqs_settle_tx *stx, size_t i, int counted, const char *reason,
    struct mqs_error *err)
{
	struct mqs_entry e = stx->gtx.batch->entries[i];

	mqs_batch_mark(&stx->gtx, i);
	if (counted && e.attempts + 1 >= stx->group->settings.max_attempts)
		return mqs_dead_letter_make(stx, &e, e.attempts + 1, reason, NULL, err);
	if (counted)
		e.attempts++;
	return mqs_group_hold_ready(&stx->gtx, &e, err);
}
