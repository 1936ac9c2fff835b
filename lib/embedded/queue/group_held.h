/*
 * group_held.h - messages that a group has looked at and that wait for something
 *
 * A held message is in one of four classes, each with a sort key:
 *
 *	waiting	not due yet (delayed, or to be retried); sorted by the time when it is due
 *	ready	may be delivered now; sorted by 9 - priority
 *	parked	another message of its key is out (queue/group_key_order.h); sorted by the
 *		hash of the key
 *	skipped	settled before the cursor came to it; it goes when the cursor passes it
 *
 * Two tables hold it: `held', by id, with what is known of the message, and `order', by
 * class and sort key.  Both change together, and with them the counters of the classes
 * and of the bytes in the state.
 */
#ifndef MQS_EMBEDDED_QUEUE_GROUP_HELD_H
#define MQS_EMBEDDED_QUEUE_GROUP_HELD_H

#include "embedded/queue/group_entry.h"
#include "embedded/queue/group_tx.h"

enum mqs_class {
	MQS_WAITING = 1,
	MQS_READY = 2,
	MQS_PARKED = 3,
	MQS_SKIPPED = 4
};

struct mqs_held {
	struct mqs_entry entry;
	enum mqs_class	class;
	uint64_t	sort;
};

/* Holds a message. */
int	mqs_group_hold(struct mqs_group_tx *, const struct mqs_held *, struct mqs_error *err);
/* Holds a message as ready, in the place that its priority gives it. */
int	mqs_group_hold_ready(struct mqs_group_tx *, const struct mqs_entry *, struct mqs_error *err);
/* Ends holding a message; it must be held just so. */
int	mqs_group_unhold(struct mqs_group_tx *, const struct mqs_held *, struct mqs_error *err);
/* Finds the first message of a class, in its order: MQS_NOTHING if there is none. */
int	mqs_group_first_held(struct mqs_group_tx *, enum mqs_class, struct mqs_held *, struct mqs_error *err);
/* Finds the first message of a class that has this sort key. */
int	mqs_group_held_with(struct mqs_group_tx *, enum mqs_class, uint64_t sort, struct mqs_held *, struct mqs_error *err);
/* The first of a class that comes after that sort key and id. */
int	mqs_group_next_held(struct mqs_group_tx *, enum mqs_class, uint64_t sort, uint64_t id,
	    struct mqs_held *, struct mqs_error *err);
/* Counts the waiting messages that are due at a time; in any transaction of the group's file. */
int	mqs_group_count_due(struct mqs_tx *, int64_t now, uint64_t *n, struct mqs_error *err);
/* Finds a held message by its id. */
int	mqs_group_held(struct mqs_group_tx *, uint64_t id, struct mqs_held *, struct mqs_error *err);
/* Decodes a value of the table `held'. */
int	mqs_held_decode(struct mqs_held *, uint64_t id, struct mqs_slice value, struct mqs_error *err);

#endif
