/* group_page_open.h - opening the status page of a group, which is made only beside its file */
#ifndef MQS_EMBEDDED_STORE_GROUP_PAGE_OPEN_H
#define MQS_EMBEDDED_STORE_GROUP_PAGE_OPEN_H

#include "embedded/store/queue_dir.h"

/*
 * Opens GROUP.group.stat for writing, and makes it if it is not there.  MQS_ENOENT: the group's
 * file is not there.  The gate must not be held.
 */
int	mqs_group_page_open(const struct mqs_dir *, const char *group, int *fd, struct mqs_error *err);

#endif
