/*
 * bindings.h - the set of bindings of a group, in memory
 *
 * No binding is in it twice, whatever the order of its headers.
 */
#ifndef MQS_MESSAGE_BINDINGS_H
#define MQS_MESSAGE_BINDINGS_H

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
/* Reports that a set lacks a binding, as it would be written on a command line: MQS_ENOENT. */
int	mqs_bindings_fail_missing(const struct mqs_binding *, struct mqs_error *err);
/* 1 if a setting of groups is a binding: "binding=TEXT". */
int	mqs_bindings_is_pair(const char *pair);
/* Adds the binding that such a setting is; an empty TEXT adds none.  MQS_ECONFIG: it makes no sense. */
int	mqs_bindings_add_pair(struct mqs_bindings *, const char *pair, struct mqs_error *err);
/* Frees the set, which is empty then. */
void	mqs_bindings_free(struct mqs_bindings *);

/* 1 if a binding matches the message, or the set is empty. */
int	mqs_bindings_match(const struct mqs_bindings *, const struct mqs_message *);
/* As mqs_binding_match_first. */
int	mqs_bindings_match_first(const struct mqs_bindings *, const struct mqs_message *);
/* Returns a hash of the set, whatever the order of its bindings; 0 for the empty set only. */
uint64_t mqs_bindings_digest(const struct mqs_bindings *);

#endif
