/* publish_trim.c - see publish_trim.h */
#include "embedded/publish_trim.h"
#include "embedded/queue/log_compaction.h"
#include "embedded/store/lmdb/db.h"

int
mqs_publish_trim(struct mqs_publisher *p, struct mqs_log_tx *ltx, size_t max,
    struct mqs_trimmed *t, struct mqs_error *err)
{
	int64_t now = mqs_judged_now(p->spool);
	uint64_t floor;
	int rc;

	if (p->log->settings.compact)
		return mqs_compaction_expire(ltx, now, max, t, err);
	t->records = t->nblobs = 0;
	t->more = 0;
	if (!mqs_trim_wanted(p->log, ltx->v, now))
		return MQS_OK;
	/* Else a reader that was killed would keep the space for itself. */
	if ((rc = mqs_db_check_readers(p->log->db, err)) != MQS_OK ||
	    (rc = mqs_trim_floor(p->log, ltx->v, &floor, err)) != MQS_OK)
		return rc;
	return mqs_trim_some(ltx, now, floor, max, 0, t, err);
}

void
mqs_publish_trim_more(struct mqs_publisher *p, size_t max)
{
	struct mqs_trimmed t;
	struct mqs_log_tx ltx;

	while (max > 0 && mqs_log_begin(&ltx, p->log, 0, NULL) == MQS_OK) {
		if (mqs_publish_trim(p, &ltx, max, &t, NULL) != MQS_OK || t.records == 0) {
			mqs_log_abort(&ltx);
			return;
		}
		if (mqs_log_commit(&ltx, NULL) != MQS_OK)
			return;
		(void)mqs_trim_unlink(p->log, &t, NULL);
		max -= t.records < max ? t.records : max;
	}
}
