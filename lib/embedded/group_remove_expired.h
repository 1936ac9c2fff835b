/*
 * group_remove_expired.h - removing the groups whose time is over (embedded/queue/group_temporary.h)
 *
 * Publishers do it when they trim; this is for those who have no reason to: who opens a
 * consumer, or is told to clean up.  A page of another boot tells nothing, and is
 * mended first.
 */
#ifndef MQS_EMBEDDED_GROUP_REMOVE_EXPIRED_H
#define MQS_EMBEDDED_GROUP_REMOVE_EXPIRED_H

#include "embedded/spool.h"

int	mqs_group_remove_all_expired(struct mqs_spool *, struct mqs_log *, struct mqs_error *err);
/* Removes a temporary group at the end of its own consumer. */
int	mqs_group_remove_temporary(struct mqs_group *, struct mqs_error *err);

#endif
