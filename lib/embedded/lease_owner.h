/*
 * lease_owner.h - the owner of a lease: whether it lives, and what it had begun
 *
 * An owner is a consumer; its owner file (store/owner.h) says both.
 */
#ifndef MQS_EMBEDDED_LEASE_OWNER_H
#define MQS_EMBEDDED_LEASE_OWNER_H

#include "embedded/queue/lease_batch.h"
#include "embedded/store/owner.h"

struct mqs_lease_owner {
	enum mqs_owner_life	 life;
	struct mqs_owner_left	 left;
};

/* Finds the handler that works, or worked, on a message; NULL if there is none. */
const struct mqs_owner_slot *mqs_lease_owner_slot(const struct mqs_lease_owner *, uint64_t lease, uint64_t id);
/* 1 if entry i was handed out under MQS_MANUAL, so that it outlives its consumer. */
int	mqs_lease_owner_handed_out(const struct mqs_lease_owner *, const struct mqs_batch *, size_t i);
/* 1 if a lease ends at a time: it was given one, or its owner was seen dead. */
int	mqs_lease_has_deadline(const struct mqs_lease *);
/* 1 if that time has come, or the lease is of another boot. */
int	mqs_lease_has_expired(const struct mqs_lease *);
/*
 * Finds when entry i comes back if nobody settles it, by the wall clock; 0: when its consumer
 * ends.
 */
int	mqs_lease_until(struct mqs_tx *, const struct mqs_batch *, size_t i, int64_t *until,
	    struct mqs_error *err);

#endif
