/*
 * group_key_order.h - ordered groups: one message of a key at a time
 *
 * engine/key_order.h has the rules; this keeps their tables in the group's file, for groups
 * whose setting `ordered' is on.  The table `busy' says for each key which of its messages is
 * out: under a lease, ready, or waiting for a retry.  The other messages of the key that the
 * group has looked at are held as parked, sorted by the hash of the key and then by id.  A
 * delayed message takes part only once it is due; then it is out or parked, like a new one.
 *
 * All of this changes within the caller's transaction, so a crash leaves the state before
 * it.
 */
#ifndef MQS_EMBEDDED_QUEUE_GROUP_KEY_ORDER_H
#define MQS_EMBEDDED_QUEUE_GROUP_KEY_ORDER_H

#include "embedded/queue/group_held.h"
#include "engine/key_order.h"

/*
 * Asks whether a message that is in none of the group's tables may go out.  1 in *out: it
 * may, and its key, if it has one, is busy with it from now on.  0: it has been parked.
 */
int	mqs_group_key_enter(struct mqs_group_tx *, const struct mqs_entry *, int *out, struct mqs_error *err);
/* Tells that a message is settled for good.  If it was out, the next one of its key goes out. */
int	mqs_group_key_leave(struct mqs_group_tx *, const struct mqs_entry *, struct mqs_error *err);
/* Makes up to max waiting messages that are due ready, or parks them; *count is how many. */
int	mqs_group_key_ripen(struct mqs_group_tx *, int64_t now, size_t max, size_t *count, struct mqs_error *err);

#endif
