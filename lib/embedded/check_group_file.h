/* check_group_file.h - verifying the pages of a queue's LMDB files, and a group with them */
#ifndef MQS_EMBEDDED_CHECK_GROUP_FILE_H
#define MQS_EMBEDDED_CHECK_GROUP_FILE_H

#include "embedded/check_finding.h"

/*
 * Verifies all pages of the log's file (group is NULL) or of a group's, and tells what is
 * wrong.  *unsafe: its entries can't be read.
 */
int	mqs_check_pages(struct mqs_checking *, struct mqs_db *, const char *group, int *unsafe,
	    struct mqs_error *err);
/* Opens a group and verifies all of it; what is wrong is told. */
int	mqs_check_group_file(struct mqs_checking *, const char *group);

#endif
