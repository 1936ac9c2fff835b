/*
 * group_tx.h - a writing transaction of a group
 *
 * Begin reads the state into v; callers change tables and v together.  Commit writes what
 * follows from the change (the loaded batch, the floor, the time of the next due message)
 * and the state, commits, and then writes the status page, which wakes waiters.
 *
 * The floor is the least of: cursor + 1, the first id in the table `first', the first id
 * in `held'.  Everything below it is settled.  It takes three look-ups, not a scan.
 *
 * The durable floor is the floor of the previous commit, or this one's if that is less.
 * Each commit flushes what the previous one wrote (MDB_NOMETASYNC), and the loss of power
 * may undo the last commit only.  So no crash brings back a message below the durable
 * floor.
 *
 * Lock order in the whole library: a group's write lock before a log's, never the other
 * way round; the gate last.
 */
#ifndef MQS_EMBEDDED_QUEUE_GROUP_TX_H
#define MQS_EMBEDDED_QUEUE_GROUP_TX_H

#include "embedded/queue/group.h"

struct mqs_batch;

struct mqs_group_tx {
	struct mqs_group *group;
	struct mqs_tx	*tx;
	uint64_t	 v[MQS_GROUP_VALUES];
	uint64_t	 now;		/* the real clock, when it began */
	/* The class of the last ack that was counted, and its ids (queue/group_count_acks.h): */
	unsigned	 ack_class;
	uint64_t	 ack_first, ack_ids;	/* the first, and how many; at first 0 */
	struct mqs_batch *batch;	/* the batch that is loaded (queue/lease_batch.h), or NULL */
};

/* Waits for the group's write lock, and begins. */
int	mqs_group_begin(struct mqs_group_tx *, struct mqs_group *, struct mqs_error *err);
/* Commits, then writes the page.  The transaction is over, also on error. */
int	mqs_group_commit(struct mqs_group_tx *, struct mqs_error *err);
/*
 * Commits a state whose floor may be lower than before.  The caller holds the log's write
 * lock, so that nothing is trimmed meanwhile.  The page is lowered and synced before the
 * commit; when this returns MQS_OK the group's file is synced as well.
 */
int	mqs_group_commit_lower(struct mqs_group_tx *, struct mqs_error *err);
/* Ends the transaction and changes nothing. */
void	mqs_group_abort(struct mqs_group_tx *);

#endif
