/*
 * group_key_order.h - one message of a key at a time, in a group whose setting `ordered' is on
 *
 * engine/key_order.h has the rules.  Table busy says for each key which of its messages is
 * out: under a lease, ready, or waiting to be tried again.  The others that the group has
 * looked at are parked, sorted by the hash of their key and then by id.  A message that is
 * delayed has no place until it is due; then it is parked or out like a new one.
 *
 * All of this changes within the caller's transaction, so a crash leaves the state before
 * it.
 */
#ifndef MQS_EMBEDDED_QUEUE_GROUP_KEY_ORDER_H
#define MQS_EMBEDDED_QUEUE_GROUP_KEY_ORDER_H

#include "embedded/queue/group_held.h"
#include "engine/key_order.h"

/*
 * An entry that is in none of the group's tables wants to go out.  *out: it may (it
 * has no key, or its key is now busy with it); otherwise it has been parked.
 */
int	mqs_group_key_enter(struct mqs_group_tx *, const struct mqs_entry *, int *out, struct mqs_error *err);
/* An entry that was out is settled for good.  Nothing, if it was not out. */
int	mqs_group_key_leave(struct mqs_group_tx *, const struct mqs_entry *, struct mqs_error *err);
/* Up to max of the waiting whose time has come are ready, or parked; *count of them. */
int	mqs_group_key_ripen(struct mqs_group_tx *, int64_t now, size_t max, size_t *count, struct mqs_error *err);

#endif
