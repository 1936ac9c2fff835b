/*
 * group.h - a group: a named reader of a queue, kept in GROUP.group.mdb
 *
 * Tables of GROUP.group.mdb (numbers as in queue/log.h):
 *
 *	main		"format" 4 bytes, "log" the log's UUID, "state" (enum
 *			mqs_group_value, see queue/state_values.h), "set:NAME" a
 *			setting's text
 *	bindings	number -> a binding (queue/group_bindings.h)
 *	batch		lease -> the messages handed out together; never changes
 *	lease		lease -> its changing state (queue/lease_batch.h)
 *	first		id of a batch's first message, lease -> checksum of both 4
 *	extended	lease, id -> due 8, checksum 4: messages that were given more time
 *	held		id -> class 1, sort key 8, varints: attempts * 16 + priority,
 *			size; then, in an ordered group, the hash of its key 8; checksum 4
 *	order		class 1, sort key 8 (big-endian), id -> nothing
 *	busy		hash of a key -> id of its message that is out
 *			(queue/group_key_order.h)
 *	markers		as in the log: what became of that dead letter is in this
 *			group (redrive_return.h)
 *
 * For a group, every message ever published is in exactly one of these places:
 *
 *	beyond the cursor	not looked at yet
 *	in a batch, bit clear	leased: handed out and not settled
 *	in held			waiting, ready or parked (queue/group_held.h)
 *	in none of them		settled, or not for this group
 *
 * One exception: a message that is skipped before the cursor comes to it is settled, and
 * held as skipped until the cursor passes it.
 *
 * All of this changes in one transaction (queue/group_tx.h).  A crash in the middle leaves
 * the state before it.  The loss of power may undo the last commit as well, so that what
 * it settled is delivered again.
 */
#ifndef MQS_EMBEDDED_QUEUE_GROUP_H
#define MQS_EMBEDDED_QUEUE_GROUP_H

#include "embedded/queue/group_bindings.h"
#include "embedded/queue/log.h"

#define MQS_GROUP_FORMAT	1u

enum {
	MQS_GROUP_BINDINGS = 1,
	MQS_GROUP_BATCH,
	MQS_GROUP_LEASE,
	MQS_GROUP_FIRST,
	MQS_GROUP_EXTENDED,
	MQS_GROUP_HELD,
	MQS_GROUP_ORDER,
	MQS_GROUP_BUSY,
	MQS_GROUP_MARKERS
};

enum mqs_group_value {
	MQS_GROUP_FLOOR,	/* below this id, every message is settled */
	MQS_GROUP_DURABLE_FLOOR,	/* the same, even after any crash (queue/group_tx.h) */
	MQS_GROUP_GENERATION,	/* when the group was made, in ns; each rewind adds 1 */
	MQS_GROUP_CURSOR,	/* the main cursor: the last id that was looked at */
	MQS_GROUP_ORDINAL,	/* the ordinal of that message */
	MQS_GROUP_BYTES,	/* bytes of bodies ever appended, up to that message */
	MQS_GROUP_LAST_LEASE,
	MQS_GROUP_LEASED,	/* messages under a lease */
	MQS_GROUP_LEASED_BYTES,
	MQS_GROUP_WAITING,	/* messages held, by class (queue/group_held.h) */
	MQS_GROUP_READY,
	MQS_GROUP_PARKED,
	MQS_GROUP_HELD_BYTES,
	MQS_GROUP_NEXT_DUE,	/* when the first waiting message is due, wall clock; 0: none */
	MQS_GROUP_SETTINGS,	/* counts changes of settings */
	MQS_GROUP_DELIVERED,	/* from here to DROPPED: messages ever counted so */
	MQS_GROUP_ACKED,
	MQS_GROUP_RETRIED,
	MQS_GROUP_RELEASED,
	MQS_GROUP_REJECTED,
	MQS_GROUP_DEAD,
	MQS_GROUP_EXPIRED,
	MQS_GROUP_DROPPED,	/* removed from the log before they were settled */
	MQS_GROUP_CURSORS,	/* nine cursors, of priorities 1 to 9 (consume_examine.h) */
	MQS_GROUP_PRIORITISED = MQS_GROUP_CURSORS + 9,	/* MQS_LOG_PRIORITISED when these had come to the end */
	MQS_GROUP_AHEAD,	/* messages that those have passed and the main cursor has not */
	MQS_GROUP_AHEAD_BYTES,
	MQS_GROUP_SKIPPED,	/* held as skipped: settled ahead of the main cursor */
	MQS_GROUP_FILTERED,	/* ever passed because no binding matched */
	MQS_GROUP_DIGEST,	/* of the bindings; 0: there are none, so every message matches */
	MQS_GROUP_PAUSED,	/* 1: no message is given out */
	MQS_GROUP_ACTIVE,	/* exclusive group: owner file of the active consumer; 0: none */
	MQS_GROUP_ACTIVE_BOOT,	/* the boot in which it was made */
	MQS_GROUP_TEMP,		/* temporary group: owner file of its consumer; else 0 */
	MQS_GROUP_TEMP_BOOT,
	MQS_GROUP_USED,		/* when a consumer last committed, wall clock */
	MQS_GROUP_EXPIRES,	/* the setting `expires', for readers of the page; ns, 0: never */
	MQS_GROUP_DELIVERED_BYTES,	/* of the bodies of those that DELIVERED counts */
	MQS_GROUP_ACKED_BYTES,	/* see queue/group_count_acks.h, as for these: */
	MQS_GROUP_ACK_LATENCY,	/* sum of the times from publishing to acknowledging, in us */
	MQS_GROUP_ACK_CLASSES,	/* acknowledged messages, by the class of that time */
	MQS_GROUP_VALUES = MQS_GROUP_ACK_CLASSES + MQS_LATENCY_CLASSES
};

struct mqs_group {
	struct mqs_log	*log;		/* borrowed */
	char		 name[MQS_NAME_MAX + 1];
	struct mqs_db	*db;
	int		 page;		/* descriptor of GROUP.group.stat */
	struct mqs_group_settings settings;
	struct mqs_bindings bindings;
	uint64_t	 settings_seen;	/* MQS_GROUP_SETTINGS when both were loaded */
	uint64_t	 generation_synced;	/* a generation that no crash can undo; 0: none known */
};

/* Opens a group and refreshes its page.  MQS_ENOENT: there is none. */
int	mqs_group_open(struct mqs_group **out, struct mqs_log *, const char *name, struct mqs_error *err);
/* Closes it; NULL is fine. */
void	mqs_group_close(struct mqs_group *);

#endif
