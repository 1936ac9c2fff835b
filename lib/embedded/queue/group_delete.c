/*
 * group_delete.c - see group_delete.h
 *
 * The page goes first.  A kill behind that leaves a group without a page, which whoever opens
 * it writes anew; a kill behind the file leaves a lock file, which the next group of this name
 * removes.  A page without a file would be a group that has lost its file (group_missing.h).
 */
#include <errno.h>
#include <unistd.h>

#include "base/error.h"
#include "embedded/queue/group_delete.h"
#include "embedded/queue/group_file.h"
#include "embedded/queue/group_missing.h"
#include "embedded/store/directory.h"

int
mqs_group_unlink(struct mqs_log *log, const char *name, struct mqs_error *err)
{
	static const char *const endings[] = { "stat", "mdb", "mdb-lock" };
	char file[MQS_GROUP_FILE];
	unsigned i;

	for (i = 0; i < 3; i++) {
		mqs_group_file(file, name, endings[i]);
		if (unlinkat(log->dir.fd, file, 0) == -1 && errno != ENOENT)
			return mqs_fail_errno(err, "%s/%s", log->dir.path, file);
	}
	return mqs_dir_sync(log->dir.fd, log->dir.path, err);
}

int
mqs_group_delete(struct mqs_log *log, const char *name, struct mqs_error *err)
{
	int rc;

	if (!mqs_dir_has_group(&log->dir, name) && !mqs_group_is_lost(&log->dir, name))
		return mqs_fail(err, MQS_ENOENT, "%s/%s: no such group",
		    log->dir.name, name);
	if ((rc = mqs_dir_gate(&log->dir, 1, err)) != MQS_OK)
		return rc;
	rc = mqs_group_unlink(log, name, err);
	if (mqs_dir_gate(&log->dir, 0, rc == MQS_OK ? err : NULL) != MQS_OK &&
	    rc == MQS_OK)
		rc = MQS_ESYSTEM;
	return rc;
}
