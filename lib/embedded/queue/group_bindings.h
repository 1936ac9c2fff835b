/*
 * group_bindings.h - the set of bindings of a group (message/bindings.h) in GROUP.group.mdb
 *
 * Table bindings: number, 8 bytes big-endian, from 0 -> the normal form of a binding
 * (message/binding.h).  The table is written as a whole.  The same transaction stores a
 * digest of the set in the group's state.  Others, who have read the bindings before, tell by
 * the digest whether they must read them again.
 */
#ifndef MQS_EMBEDDED_QUEUE_GROUP_BINDINGS_H
#define MQS_EMBEDDED_QUEUE_GROUP_BINDINGS_H

#include "embedded/store/lmdb/entry.h"
#include "message/bindings.h"

/* Replaces the set by the stored one; after an error it is empty. */
int	mqs_bindings_load(struct mqs_bindings *, struct mqs_tx *, struct mqs_error *err);
/* Replaces the stored set by this one. */
int	mqs_bindings_store(const struct mqs_bindings *, struct mqs_tx *, struct mqs_error *err);

#endif
