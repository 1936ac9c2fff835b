/*
 * key_order.h - one message of a key at a time: which of a key's messages goes out next
 *
 * An ordered group hands out at most one message of each key.  That message is said to be
 * out, and its key to be busy with it, until it is settled for good: a retry keeps the
 * key.  A message whose key is busy is parked.  When the message that is out is settled,
 * the first parked one of the key takes its place.  The empty key has no order.
 *
 * Keys are compared by a hash of 64 bits.  Two keys of the same hash wait for each other,
 * and no more than that.
 *
 * The engine keeps the tables, in a file or in memory, and says how to get at them.
 * Invariants, after each call that returned MQS_OK: whoever is named busy is out; whoever
 * is parked has a key that is busy.  After an error the engine undoes what was changed
 * (its transaction is aborted), or drops all of it.
 */
#ifndef MQS_ENGINE_KEY_ORDER_H
#define MQS_ENGINE_KEY_ORDER_H

#include "mqspool.h"

/* An engine's tables; `in' is what mqs_key_order_enter and _leave were given. */
struct mqs_key_order {
	/* *id: the message with which a key is busy; MQS_NOTHING: it is not. */
	int	(*busy)(void *in, uint64_t key, uint64_t *id, struct mqs_error *err);
	int	(*set_busy)(void *in, uint64_t key, uint64_t id, struct mqs_error *err);
	int	(*set_idle)(void *in, uint64_t key, struct mqs_error *err);
	/* Makes the first parked message of a key deliverable: its *id, or MQS_NOTHING. */
	int	(*unpark)(void *in, uint64_t key, uint64_t *id, struct mqs_error *err);
};

/* What orders a message: the hash of its key, never 0; 0 for the empty key. */
uint64_t mqs_key_hash(const struct mqs_message *);

/*
 * A message wants to go out.  *out: it may, and its key, if it has one, is now busy with
 * it; otherwise the engine parks it.
 */
int	mqs_key_order_enter(const struct mqs_key_order *, void *in, uint64_t key,
	    uint64_t id, int *out, struct mqs_error *err);
/* A message is settled for good.  Nothing happens if its key was not busy with it. */
int	mqs_key_order_leave(const struct mqs_key_order *, void *in, uint64_t key,
	    uint64_t id, struct mqs_error *err);

#endif
