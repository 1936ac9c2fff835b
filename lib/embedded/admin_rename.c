/*
 * admin_rename.c - giving a queue another name
 *
 * It is one rename of the directory (store/queue_dir_rename.c), with the queue to oneself.
 * Everything that identifies the queue is in its files: its UUID, its groups and their
 * generations.  So the markers that filters have left in other queues go on to stand for
 * it.
 */
#include "base/error.h"
#include "embedded/spool.h"
#include "embedded/store/queue_dir_rename.h"

int
mqs_embedded_rename(struct mqs_spool *spool, const char *queue, const char *name,
    struct mqs_error *err)
{
	struct mqs_dir dir;
	int rc;

	mqs_spool_forget(spool, queue);
	rc = mqs_dir_open_sole(&dir, spool->path, queue, err);
	if (rc == MQS_EBUSY)
		return mqs_fail(err, rc, "%s: stop what uses it, then rename it",
		    err == NULL ? queue : err->text);
	if (rc != MQS_OK)
		return rc;
	rc = mqs_dir_rename(&dir, spool->path, name, err);
	mqs_dir_close(&dir);
	return rc;
}
