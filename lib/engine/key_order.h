/*
 * key_order.h - ordered groups: one message of a key at a time
 *
 * An ordered group hands out at most one message of each key.  That message is said to be
 * out, and its key to be busy with it, until it is settled for good: a retry keeps the
 * key.  A message whose key is busy is parked.  When the message that is out is settled,
 * the first parked one of the key takes its place.  The empty key has no order.
 *
 * Keys are compared by a hash of 64 bits.  If two keys have the same hash, their messages
 * wait for each other; nothing else happens.
 *
 * The engine keeps the tables, in a file or in memory, and gives functions to read and
 * change them.  After each call that returned MQS_OK, the message with which a key is busy
 * is out, and the key of each parked message is busy.  After an error the engine must undo
 * the changes (by aborting its transaction), or drop its tables.
 */
#ifndef MQS_ENGINE_KEY_ORDER_H
#define MQS_ENGINE_KEY_ORDER_H

#include "mqspool.h"

/* The engine's functions; each gets the `in' that mqs_key_order_enter or _leave was given. */
struct mqs_key_order {
	/* Finds the message with which a key is busy: *id, or MQS_NOTHING if it is not busy. */
	int	(*busy)(void *in, uint64_t key, uint64_t *id, struct mqs_error *err);
	int	(*set_busy)(void *in, uint64_t key, uint64_t id, struct mqs_error *err);
	int	(*set_idle)(void *in, uint64_t key, struct mqs_error *err);
	/* Makes the first parked message of a key deliverable: its *id, or MQS_NOTHING. */
	int	(*unpark)(void *in, uint64_t key, uint64_t *id, struct mqs_error *err);
};

/* Returns the hash of a message's key, which is never 0; or 0 for the empty key. */
uint64_t mqs_key_hash(const struct mqs_message *);

/*
 * Asks whether a message may go out.  1 in *out: it may, and its key, if it has one, is busy
 * with it from now on.  0: the engine must park it.
 */
int	mqs_key_order_enter(const struct mqs_key_order *, void *in, uint64_t key,
	    uint64_t id, int *out, struct mqs_error *err);
/*
 * Tells that a message is settled for good.  If its key was busy with it, the next one
 * goes out.
 */
int	mqs_key_order_leave(const struct mqs_key_order *, void *in, uint64_t key,
	    uint64_t id, struct mqs_error *err);

#endif
