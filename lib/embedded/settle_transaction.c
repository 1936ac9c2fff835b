/* settle_transaction.c - see settle_transaction.h */
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "embedded/settle_transaction.h"

int
mqs_settle_begin(struct mqs_settle_tx *stx, struct mqs_spool *spool,
    struct mqs_group *group, struct mqs_log_reader *reader, int keep,
    struct mqs_error *err)
{
	memset(stx, 0, sizeof(*stx));
	stx->spool = spool;
	stx->group = group;
	stx->reader = reader;
	stx->keep = keep;
	return mqs_group_begin(&stx->gtx, group, err);
}

static void
free_blobs(struct mqs_settle_tx *stx, int keep)
{
	while (stx->nblobs > 0)
		mqs_blob_free(stx->blobs[--stx->nblobs], keep);
}

void
mqs_settle_abort(struct mqs_settle_tx *stx)
{
	if (stx->dead_log != NULL)
		mqs_log_abort(&stx->dead);
	stx->dead_log = NULL;
	free_blobs(stx, 0);
	mqs_group_abort(&stx->gtx);
}

/*
 * Large bodies stay locked until the commit, or a sweep could find them unreferenced
 * and remove them.  A relaxed log is synced: what is settled after this must not
 * outlast it.
 */
int
mqs_settle_commit_dead(struct mqs_settle_tx *stx, struct mqs_error *err)
{
	struct mqs_log *log = stx->dead_log;
	struct mqs_error why;
	int rc;

	if (log == NULL)
		return MQS_OK;
	stx->dead_log = NULL;
	stx->dead_bytes = 0;
	rc = mqs_log_commit(&stx->dead, &why);
	free_blobs(stx, rc == MQS_OK);
	if (rc == MQS_OK && log->settings.relaxed)
		rc = mqs_db_sync(log->db, &why);
	if (rc == MQS_OK)
		return MQS_OK;
	stx->dead_failed = 1;
	return mqs_fail(err, rc, "%s/%s: dead letters: %s", stx->group->log->dir.name,
	    stx->group->name, why.text);
}

int
mqs_settle_commit(struct mqs_settle_tx *stx, struct mqs_error *err)
{
	int rc;

	if ((rc = mqs_settle_commit_dead(stx, err)) != MQS_OK) {
		mqs_group_abort(&stx->gtx);
		return rc;
	}
	stx->gtx.v[MQS_GROUP_USED] = (uint64_t)mqs_now();
	return mqs_group_commit(&stx->gtx, err);
}
