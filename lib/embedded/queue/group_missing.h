/*
 * group_missing.h - a group's file is not there: was it lost, or is there no such group?
 *
 * Deleting a group removes its status page before its file, and a page is made only while the
 * file is there (store/group_page_open.h).  So a page without a file is left where the file was
 * lost, not where a process was killed.  Then the group is not begun anew, which would deliver
 * everything again or, with --from, skip messages.
 */
#ifndef MQS_EMBEDDED_QUEUE_GROUP_MISSING_H
#define MQS_EMBEDDED_QUEUE_GROUP_MISSING_H

#include "embedded/queue/log.h"

/* 1 if a group's page is there, but not its file. */
int	mqs_group_is_lost(const struct mqs_dir *, const char *group);
/* Fails with MQS_EDAMAGED and what helps if it is lost, else with MQS_ENOENT. */
int	mqs_group_fail_missing(const struct mqs_log *, const char *group, struct mqs_error *err);

#endif
