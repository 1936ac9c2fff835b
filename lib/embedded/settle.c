/* settle.c - see settle.h */
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "embedded/queue/group_key_order.h"
#include "embedded/settle.h"
#include "engine/retry.h"

int
mqs_want_set(struct mqs_want *w, const struct mqs_settlement *s, uint64_t id,
    uint64_t lease, struct mqs_error *err)
{
	memset(w, 0, sizeof(*w));
	if (s->verb < MQS_ACK || s->verb > MQS_EXTEND)
		return mqs_fail(err, MQS_EINVAL, "message %llu: settled by no such verb",
		    (unsigned long long)id);
	w->verb = s->verb;
	w->id = id;
	w->lease = lease;
	w->delay = s->delay;
	if (s->reason != NULL && (w->reason = strdup(s->reason)) == NULL)
		return mqs_fail_errno(err, "settling");
	if (s->detail != NULL && (w->detail = strdup(s->detail)) == NULL) {
		mqs_want_free(w);
		return mqs_fail_errno(err, "settling");
	}
	return MQS_OK;
}

void
mqs_want_free(struct mqs_want *w)
{
	free(w->reason);
	free(w->detail);
	w->reason = w->detail = NULL;
}

int
mqs_want_compare(const void *a, const void *b)
{
	const struct mqs_want *x = a, *y = b;

	if (x->lease != y->lease)
		return x->lease < y->lease ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* --------------------------------------------------------------- pass -- */

int
mqs_pass_begin(struct mqs_pass *pass, struct mqs_spool *spool,
    struct mqs_group *group, struct mqs_log_reader *reader, int keep,
    struct mqs_error *err)
{
	memset(pass, 0, sizeof(*pass));
	pass->spool = spool;
	pass->group = group;
	pass->reader = reader;
	pass->keep = keep;
	return mqs_group_begin(&pass->gtx, group, err);
}

static void
free_blobs(struct mqs_pass *pass, int keep)
{
	while (pass->nblobs > 0)
		mqs_blob_free(pass->blobs[--pass->nblobs], keep);
}

void
mqs_pass_abort(struct mqs_pass *pass)
{
	if (pass->dead_log != NULL)
		mqs_log_abort(&pass->dead);
	pass->dead_log = NULL;
	free_blobs(pass, 0);
	mqs_group_abort(&pass->gtx);
}

/*
 * Large bodies stay locked until the commit, or a sweep could find them unreferenced
 * and remove them.  A relaxed log is synced: what is settled after this must not
 * outlast it.
 */
int
mqs_pass_bury(struct mqs_pass *pass, struct mqs_error *err)
{
	struct mqs_log *log = pass->dead_log;
	struct mqs_error why;
	int rc;

	if (log == NULL)
		return MQS_OK;
	pass->dead_log = NULL;
	pass->dead_bytes = 0;
	rc = mqs_log_commit(&pass->dead, &why);
	free_blobs(pass, rc == MQS_OK);
	if (rc == MQS_OK && log->settings.relaxed)
		rc = mqs_db_sync(log->db, &why);
	if (rc == MQS_OK)
		return MQS_OK;
	pass->dead_failed = 1;
	return mqs_fail(err, rc, "%s/%s: dead letters: %s", pass->group->log->dir.name,
	    pass->group->name, why.text);
}

int
mqs_pass_commit(struct mqs_pass *pass, struct mqs_error *err)
{
	int rc;

	if ((rc = mqs_pass_bury(pass, err)) != MQS_OK) {
		mqs_group_abort(&pass->gtx);
		return rc;
	}
	pass->gtx.v[MQS_GROUP_USED] = (uint64_t)mqs_now();
	return mqs_group_commit(&pass->gtx, err);
}

/* ------------------------------------------------------------ one way -- */

static int64_t
backoff(const struct mqs_group_settings *s, uint64_t attempts)
{
	uint32_t random;

	mqs_random(&random, sizeof(random));
	return mqs_retry_delay(s->backoff_min, s->backoff_max, attempts, random);
}

static int
retry(struct mqs_pass *pass, const struct mqs_entry *e,
    const struct mqs_want *w, struct mqs_error *err)
{
	const struct mqs_group_settings *s = &pass->group->settings;
	struct mqs_held h = { *e, MQS_WAITING, 0 };
	int64_t delay = w->delay;

	pass->gtx.v[MQS_GROUP_RETRIED]++;
	if (++h.entry.attempts >= s->max_attempts)
		return mqs_pass_dead(pass, e, h.entry.attempts, w->reason, w->detail,
		    err);
	if (delay < 0)
		delay = backoff(s, h.entry.attempts);
	h.sort = (uint64_t)mqs_later(mqs_judged_now(pass->spool), delay);
	return mqs_group_hold(&pass->gtx, &h, err);
}

static int
carry_out(struct mqs_pass *pass, const struct mqs_entry *e,
    const struct mqs_want *w, struct mqs_error *err)
{
	uint64_t *v = pass->gtx.v;

	switch (w->verb) {
	case MQS_ACK:
		v[MQS_GROUP_ACKED]++;
		return mqs_group_key_leave(&pass->gtx, e, err);
	case MQS_RETRY:
		return retry(pass, e, w, err);
	case MQS_RELEASE:
		v[MQS_GROUP_RELEASED]++;
		return mqs_group_hold_ready(&pass->gtx, e, err);
	case MQS_REJECT:
		v[MQS_GROUP_REJECTED]++;
		return mqs_pass_dead(pass, e, e->attempts + 1,
		    w->reason == NULL ? "rejected" : w->reason, w->detail, err);
	case MQS_EXTEND:
		break;
	}
	return mqs_fail(err, MQS_EINVAL, "settling: no such verb");
}

int
mqs_pass_settle(struct mqs_pass *pass, struct mqs_want *w, struct mqs_error *err)
{
	struct mqs_entry e;
	long i = -1;
	int rc;

	w->code = MQS_ESTALE;
	if ((rc = mqs_batch_load(&pass->gtx, w->lease, err)) < 0)
		return rc;
	if (rc == MQS_NOTHING || (i = mqs_batch_find(pass->gtx.batch, w->id)) < 0)
		return MQS_OK;
	w->code = MQS_OK;
	if (w->verb == MQS_EXTEND)
		return mqs_batch_extend(&pass->gtx, w->lease, w->id,
		    (uint64_t)mqs_later(mqs_boottime(), w->delay), err);
	e = pass->gtx.batch->entries[i];
	mqs_batch_mark(&pass->gtx, (size_t)i);
	pass->kept = 0;
	rc = carry_out(pass, &e, w, err);
	if (pass->kept)
		w->code = pass->keep;
	return rc;
}

int
mqs_pass_return(struct mqs_pass *pass, size_t i, int counted, const char *reason,
    struct mqs_error *err)
{
	struct mqs_entry e = pass->gtx.batch->entries[i];

	mqs_batch_mark(&pass->gtx, i);
	if (counted && e.attempts + 1 >= pass->group->settings.max_attempts)
		return mqs_pass_dead(pass, &e, e.attempts + 1, reason, NULL, err);
	if (counted)
		e.attempts++;
	return mqs_group_hold_ready(&pass->gtx, &e, err);
}
