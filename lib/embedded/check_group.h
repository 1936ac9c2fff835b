/* check_group.h - verifying the tables of one group */
#ifndef MQS_EMBEDDED_CHECK_GROUP_H
#define MQS_EMBEDDED_CHECK_GROUP_H

#include "embedded/check_finding.h"

/* Checks one group.  An error means that the check could not go on; findings are none. */
int	mqs_check_group(struct mqs_checking *, struct mqs_group *, struct mqs_error *err);

#endif
