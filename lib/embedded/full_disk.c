/*
 * full_disk.c - see full_disk.h
 *
 * On a disk that is quite full only what removes files makes room: deleting a queue or a
 * group needs no commit.  Purging and trimming do, for which there may be no room, and
 * they leave a queue's own file as large as it is.
 */
#include <sys/statvfs.h>

#include "base/error.h"
#include "embedded/full_disk.h"

#define ENOUGH	(UINT64_C(1) << 20)	/* with more free, something else is full */

int
mqs_full_disk_advise(const struct mqs_spool *spool, int rc, struct mqs_error *err)
{
	struct statvfs st;

	if (rc != MQS_EFULL || err == NULL || statvfs(spool->path, &st) == -1 ||
	    (uint64_t)st.f_bavail * st.f_frsize >= ENOUGH)
		return rc;
	return mqs_fail(err, rc, "%s; 'mq-ctl delete' of a queue or group that nobody "
	    "needs makes room", err->text);
}
