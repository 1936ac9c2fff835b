/*
 * group_remove_expired.h - removes the groups of a queue that have expired
 *
 * queue/group_temporary.h says which groups these are.  Publishers remove them when they trim.
 * This is for others: opening a consumer, and mq-ctl trim.  The page of another boot tells
 * nothing, so the group is opened first, which refreshes the page.
 */
#ifndef MQS_EMBEDDED_GROUP_REMOVE_EXPIRED_H
#define MQS_EMBEDDED_GROUP_REMOVE_EXPIRED_H

#include "embedded/spool.h"

/* Removes all groups of a queue that have expired, or lost their consumer. */
int	mqs_group_remove_all_expired(struct mqs_spool *, struct mqs_log *, struct mqs_error *err);
/* Removes a temporary group when its consumer closes. */
int	mqs_group_remove_temporary(struct mqs_group *, struct mqs_error *err);

#endif
