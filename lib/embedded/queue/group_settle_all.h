/*
 * group_settle_all.h - settling at once all that a group has looked at
 *
 * For a purge, and for a group whose log was restored from an older copy.  Leases
 * end, held messages go; the cursor stays where it is.
 */
#ifndef MQS_EMBEDDED_QUEUE_GROUP_SETTLE_ALL_H
#define MQS_EMBEDDED_QUEUE_GROUP_SETTLE_ALL_H

#include "embedded/queue/group_tx.h"

/*
 * Adds to *count how many messages that were.  *more: there may be more than `max' held
 * ones, which is as many as this transaction should take.
 */
int	mqs_group_settle_all(struct mqs_group_tx *, size_t max, uint64_t *count, int *more,
	    struct mqs_error *err);

#endif
