/*
 * replay_latest.h - finding the newest message of each key in memory
 *
 * A table of hashes with open addressing.  A slot holds the hash of a key and the id of the
 * newest message of that key so far.  Two keys may have the same hash, so the key is read
 * from the log again, by that id, before it is believed to be the same.
 *
 * A slot takes 16 bytes, and between three eighths and three quarters of the slots are used:
 * that is 22 to 43 bytes a key, and half as much again while the table grows.  In the end
 * the table is made into a list of ids, 8 bytes each, in its own memory.
 */
#ifndef MQS_EMBEDDED_REPLAY_LATEST_H
#define MQS_EMBEDDED_REPLAY_LATEST_H

#include "embedded/queue/log.h"

struct mqs_latest_slot {
	uint64_t	hash;		/* without its last bit, which says that the body is empty */
	uint64_t	id;		/* 0: the slot is free */
};

/* { 0 } has no key. */
struct mqs_latest {
	struct mqs_latest_slot	*slots;
	size_t			 n, cap;
};

/*
 * Takes a message that is newer than all before it.  tx is a transaction of the log in which
 * all of them are there.
 */
int	mqs_latest_add(struct mqs_latest *, struct mqs_tx *tx, const struct mqs_message *,
	    struct mqs_error *err);
/*
 * Ends the search: gives the ids of the newest messages, ascending, without those whose
 * body is empty.  The list is the caller's, to be freed; the table is { 0 } again.
 */
void	mqs_latest_list(struct mqs_latest *, uint64_t **ids, size_t *n);
void	mqs_latest_free(struct mqs_latest *);

#endif
