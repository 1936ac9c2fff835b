/*
 * replay_key_index.h - reading messages of one key, or the newest of each, by the index of keys
 *
 * The index can be turned off at any time, and is then of no use any more.  So the state is
 * read in each snapshot in which the index is used.
 */
#ifndef MQS_EMBEDDED_REPLAY_KEY_INDEX_H
#define MQS_EMBEDDED_REPLAY_KEY_INDEX_H

#include "embedded/queue/log_reader.h"
#include "embedded/replay_bounds.h"

#define MQS_KEY_IDS	64	/* looked up at a time */

/* The ids of messages that may have a key, ascending. */
struct mqs_key_ids {
	uint64_t	hash;
	uint64_t	from;		/* the next id wanted */
	uint64_t	ids[MQS_KEY_IDS];
	size_t		n, next;
};

/* Begins with the first id that is within the bounds. */
void	mqs_key_ids_init(struct mqs_key_ids *, const struct mqs_replay_bounds *);
/*
 * Gives the next id, which may be of another key with the same hash: MQS_NOTHING if there is
 * none now.  MQS_ECONFIG, without text: the index is not whole; read on from `from' without it.
 */
int	mqs_key_ids_next(struct mqs_key_ids *, struct mqs_log_reader *, uint64_t *id,
	    struct mqs_error *err);
/*
 * Moves the beginning, so that only the last so many messages within the bounds are left.
 * MQS_ECONFIG as above.
 */
int	mqs_key_ids_last(struct mqs_key_ids *, struct mqs_log_reader *,
	    const struct mqs_replay_bounds *, uint64_t last, struct mqs_error *err);

/*
 * 1 if the newest message of each key can be told by the index: it is whole, and whether a
 * message matches depends on its key alone.
 */
int	mqs_newest_by_index(struct mqs_log_reader *, const struct mqs_replay_bounds *,
	    struct mqs_error *err);
/*
 * 1 if a message of the reader's snapshot is the newest of its key, of those within the
 * bounds; else 0.  MQS_EBUSY: the index was turned off meanwhile.
 */
int	mqs_is_newest(struct mqs_log_reader *, const struct mqs_replay_bounds *,
	    const struct mqs_message *, struct mqs_error *err);

#endif
