/*
 * group_bindings.h - the set of bindings of a group, in memory and in GROUP.group.mdb
 *
 * Table bindings: number, 8 bytes big-endian, from 0 -> the normal form of a binding
 * (message/binding.h).  The table is written as a whole.  The same transaction stores a
 * digest of the set in the group's state.  Others, who have read the bindings before, tell by
 * the digest whether they must read them again.
 */
#ifndef MQS_EMBEDDED_QUEUE_GROUP_BINDINGS_H
#define MQS_EMBEDDED_QUEUE_GROUP_BINDINGS_H

#include "embedded/store/lmdb/entry.h"
#include "message/binding.h"

#define MQS_BINDINGS_MAX	4096			/* of a group */
#define MQS_BINDINGS_BYTES	((size_t)1 << 20)	/* all of them together */

struct mqs_bound {
	struct mqs_binding	 binding;	/* points into normal */
	struct mqs_buf		 normal;
	uint64_t		 hash;		/* of the normal form */
};

/* { 0 } is the empty set, which matches everything. */
struct mqs_bindings {
	struct mqs_bound	*list;
	size_t			 n, cap;
	size_t			 bytes;
};

/* Checks a binding and adds it; nothing changes if it is in the set already. */
int	mqs_bindings_add(struct mqs_bindings *, const struct mqs_binding *, struct mqs_error *err);
/* Removes a binding; MQS_NOTHING if it is not in the set. */
int	mqs_bindings_remove(struct mqs_bindings *, const struct mqs_binding *, struct mqs_error *err);
/* Frees the set, which is empty then. */
void	mqs_bindings_free(struct mqs_bindings *);

/* 1 if a binding matches the message, or the set is empty. */
int	mqs_bindings_match(const struct mqs_bindings *, const struct mqs_message *);
/* Returns a hash of the set, whatever the order of its bindings; 0 for the empty set only. */
uint64_t mqs_bindings_digest(const struct mqs_bindings *);

/* Replaces the set by the stored one; after an error it is empty. */
int	mqs_bindings_load(struct mqs_bindings *, struct mqs_tx *, struct mqs_error *err);
/* Replaces the stored set by this one. */
int	mqs_bindings_store(const struct mqs_bindings *, struct mqs_tx *, struct mqs_error *err);

#endif
