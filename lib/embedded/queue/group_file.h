/*
 * group_file.h - the files of a group: their names, and how GROUP.group.mdb is opened
 */
#ifndef MQS_EMBEDDED_QUEUE_GROUP_FILE_H
#define MQS_EMBEDDED_QUEUE_GROUP_FILE_H

#include "embedded/queue/log.h"

#define MQS_GROUP_FILE	(MQS_NAME_MAX + 16)	/* bytes of such a name, with NUL */

/* Writes the name of a file of a group; the ending is "mdb", "mdb-lock" or "stat". */
void	mqs_group_file(char buf[MQS_GROUP_FILE], const char *group, const char *ending);
/* Says how a group's database is opened.  Error messages will begin with the label. */
void	mqs_group_spec(struct mqs_db_spec *, const struct mqs_log *, const char *file, const char *label);
/* The upper half of the names of all owner files that consumers of this group make. */
uint32_t mqs_group_owner_family(const char *group);

#endif
