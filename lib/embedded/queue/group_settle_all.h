/*
 * group_settle_all.h - settles at once every message that a group has leased or holds
 *
 * This serves a purge, and a group whose log was replaced by an older copy.  The cursor
 * stays where it is.
 */
#ifndef MQS_EMBEDDED_QUEUE_GROUP_SETTLE_ALL_H
#define MQS_EMBEDDED_QUEUE_GROUP_SETTLE_ALL_H

#include "embedded/queue/group_tx.h"

/*
 * Ends all leases, and holds up to `max' messages no longer, which bounds the size of the
 * transaction.  Adds to *count how many messages were settled.  1 in *more: call again in
 * another transaction, since more may be held.
 */
int	mqs_group_settle_all(struct mqs_group_tx *, size_t max, uint64_t *count, int *more,
	    struct mqs_error *err);

#endif
