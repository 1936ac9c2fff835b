/*
 * admin_pause.c - pausing queues and groups
 *
 * A number in the state of the log or the group says that it is paused.  Every claim reads it
 * inside its transaction, so no transaction that commits after the pause gives messages out.
 * The end of a pause is a commit as well, and its status page wakes the consumers.  A group
 * is synced, so that the loss of power does not undo the pause.
 */
#include "embedded/queue/group_tx.h"
#include "embedded/queue/log_tx.h"
#include "embedded/spool.h"

static int
pause_queue(struct mqs_log *log, uint64_t on, struct mqs_error *err)
{
	struct mqs_log_tx ltx;
	int rc;

	if ((rc = mqs_log_begin(&ltx, log, 0, err)) != MQS_OK)
		return rc;
	ltx.v[MQS_LOG_PAUSED] = on;
	return mqs_log_commit(&ltx, err);
}

static int
pause_group(struct mqs_group *group, uint64_t on, struct mqs_error *err)
{
	struct mqs_group_tx gtx;
	int rc;

	if ((rc = mqs_group_begin(&gtx, group, err)) != MQS_OK)
		return rc;
	gtx.v[MQS_GROUP_PAUSED] = on;
	if ((rc = mqs_group_commit(&gtx, err)) != MQS_OK)
		return rc;
	return mqs_db_sync(group->db, err);
}

int
mqs_embedded_pause(struct mqs_spool *spool, const char *queue, const char *group, int on,
    struct mqs_error *err)
{
	struct mqs_group *g;
	struct mqs_log *log;
	int rc;

	if (group == NULL) {
		if ((rc = mqs_spool_log(spool, queue, 0, &log, err)) == MQS_OK)
			rc = pause_queue(log, on != 0, err);
	} else if ((rc = mqs_spool_group(spool, queue, group, 0, NULL, &g,
	    err)) == MQS_OK)
		rc = pause_group(g, on != 0, err);
	return rc;
}
