/*
 * common/binding_options.h - the bindings of a group: a set, in memory and in GROUP.group.mdb
 *
 * Table bindings: number, 8 bytes big-endian, from 0 -> a binding's normal form
 * (message/binding.h).  It is written as a whole, in one transaction with the digest in
 * the group's state, by which others tell whether what they know of it still holds.
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
	uint64_t		 hash;		/* of it */
};

/* { 0 } is the empty set, which matches everything. */
struct mqs_bindings {
	struct mqs_bound	*list;
	size_t			 n, cap;
	size_t			 bytes;
};

/* Adds one, checked; one that is there already changes nothing. */
int	mqs_bindings_add(struct mqs_bindings *, const struct mqs_binding *, struct mqs_error *err);
/* MQS_NOTHING if it is not there. */
int	mqs_bindings_remove(struct mqs_bindings *, const struct mqs_binding *, struct mqs_error *err);
void	mqs_bindings_free(struct mqs_bindings *);

/* 1 if a message is for the group. */
int	mqs_bindings_match(const struct mqs_bindings *, const struct mqs_message *);
/* Depends on what is in the set, not on its order; 0 for the empty set only. */
uint64_t mqs_bindings_digest(const struct mqs_bindings *);

/* Replaces the set by what is stored; after an error it is empty. */
int	mqs_bindings_load(struct mqs_bindings *, struct mqs_tx *, struct mqs_error *err);
/* Replaces what is stored by the set. */
int	mqs_bindings_store(const struct mqs_bindings *, struct mqs_tx *, struct mqs_error *err);

#endif
