/*
 * admin_delete.c - deleting a queue, or a group of it
 *
 * Files are removed under the log's write lock, so that nobody publishes or trims
 * meanwhile.  A crash leaves some of the files; deleting again removes the rest.
 */
#include "base/error.h"
#include "embedded/queue/group_delete.h"
#include "embedded/queue/log_tx.h"
#include "embedded/spool.h"

/* A queue whose log can't be opened can still be removed. */
static int
delete_damaged(struct mqs_spool *spool, const char *queue, struct mqs_error *err)
{
	struct mqs_dir dir;
	int rc;

	if ((rc = mqs_dir_open_remains(&dir, spool->path, queue, err)) != MQS_OK)
		return rc;
	rc = mqs_dir_delete(&dir, spool->path, err);
	mqs_dir_close(&dir);
	return rc;
}

int
mqs_embedded_delete(struct mqs_spool *spool, const char *queue, const char *group,
    struct mqs_error *err)
{
	struct mqs_log_tx ltx;
	struct mqs_log *log;
	int rc;

	rc = mqs_spool_log(spool, queue, 0, &log, err);
	if ((rc == MQS_EDAMAGED || rc == MQS_EVERSION) && group == NULL)
		return delete_damaged(spool, queue, err);
	if (rc != MQS_OK || (rc = mqs_log_begin(&ltx, log, 0, err)) != MQS_OK)
		return rc;
	if (group != NULL)
		rc = mqs_group_delete(log, group, err);
	else
		rc = mqs_dir_delete(&log->dir, spool->path, err);
	mqs_log_abort(&ltx);
	mqs_spool_forget(spool, queue);
	return rc;
}
