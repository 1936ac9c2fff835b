/*
 * replay_group.h - the list of what a group has yet to settle, for a reader
 *
 * The list is made once, from one snapshot of the group, and takes 8 bytes a message.  It has
 * the messages that the group has looked at and not settled: leased ones and held ones.
 * What lies beyond the group's cursor is not listed, and is read from the log, except
 *
 *	- messages of a priority that the group has looked at ahead of its cursor: they are
 *	  in the list, or settled;
 *	- messages that were skipped ahead of the cursor.
 */
#ifndef MQS_EMBEDDED_REPLAY_GROUP_H
#define MQS_EMBEDDED_REPLAY_GROUP_H

#include "embedded/queue/group.h"

/* { 0 } is the list of no group: nothing was looked at or skipped. */
struct mqs_replay_group {
	const char	*queue;		/* its name, for messages */
	uint64_t	 urgent[9];	/* the group's cursors of priorities 1 to 9 */
	uint64_t	*ids;		/* ascending */
	size_t		 nids, ids_cap;
	size_t		 next_id;	/* index of the next one to be read */
	uint64_t	*skipped;	/* beyond the cursor, ascending */
	size_t		 nskipped;
};

/*
 * Makes the list; the messages behind *cursor are to be read from the log.  *ordinal: of the
 * message at the cursor.
 */
int	mqs_replay_group_list(struct mqs_replay_group *, struct mqs_group *, uint64_t *cursor,
	    uint64_t *ordinal, struct mqs_error *err);
/* 1 if a message behind the cursor was skipped. */
int	mqs_replay_group_skipped(const struct mqs_replay_group *, uint64_t id);
/* 1 if a message behind the cursor was looked at, because of its priority. */
int	mqs_replay_group_looked_at(const struct mqs_replay_group *, const struct mqs_message *);
void	mqs_replay_group_free(struct mqs_replay_group *);

#endif
