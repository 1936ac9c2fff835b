/*
 * group_page_open.c - opening the status page of a group, which is made only beside its file
 *
 * A page without its group's file means that the file was lost (queue/group_missing.h).  So no
 * page may be made for a group that is being deleted: who deletes holds the gate, removes the
 * page first and then the file, and a page is made under the gate while the file is there.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>

#include "base/error.h"
#include "embedded/store/group_page_open.h"
#include "embedded/store/lock.h"
#include "embedded/store/status_page.h"

int
mqs_group_page_open(const struct mqs_dir *dir, const char *group, int *fd, struct mqs_error *err)
{
	char file[MQS_NAME_MAX + 16];
	int rc;

	(void)snprintf(file, sizeof(file), "%s.group.stat", group);
	if ((rc = mqs_gate_take(dir->gate, NULL, dir->name, err)) != MQS_OK)
		return rc;
	if (mqs_dir_has_group(dir, group))
		rc = mqs_page_open(dir, file, 1, fd, err);
	else
		rc = mqs_fail(err, MQS_ENOENT, "%s/%s: no such group", dir->name, group);
	mqs_gate_give(dir->gate);
	return rc;
}
