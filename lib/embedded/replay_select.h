/*
 * replay_select.h - a reader: what it keeps in memory, and which messages it gives
 *
 * Records come from one of three places: the list of what a group has looked at and not
 * settled (replay_group.h), the index of keys, or the log in its order.
 *
 * A reader of the newest messages (latest) gives, in the order of their ids, those of which
 * the index of keys says that they are the newest of their key (replay_key_index.h).  Where
 * there is no such index, it first reads everything, in one snapshot, to find the newest
 * (replay_latest.h), and then gives them from a list of ids.
 */
#ifndef MQS_EMBEDDED_REPLAY_SELECT_H
#define MQS_EMBEDDED_REPLAY_SELECT_H

#include "embedded/queue/log_reader.h"
#include "embedded/replay_bounds.h"
#include "embedded/replay_group.h"
#include "embedded/replay_key_index.h"
#include "embedded/replay_latest.h"
#include "embedded/spool.h"
#include "embedded/store/wake.h"

struct mqs_reader {
	struct mqs_handle	 handle;	/* the seam's; first */
	struct mqs_spool	*spool;
	struct mqs_log		*log;
	struct mqs_log_reader	 reader;
	struct mqs_wake		*wake;
	int			 body;		/* of the message handed out, or -1 */
	uint64_t		 damaged;	/* id of the damaged message told of, or 0 */
	struct mqs_replay_bounds bounds;
	struct mqs_replay_group	 group;		/* what a group has yet to settle; empty: all of the queue */
	enum {
		MQS_REPLAY_ALL,
		MQS_REPLAY_LATEST,		/* the newest are to be found */
		MQS_REPLAY_NEWEST,		/* the index tells which are the newest */
		MQS_REPLAY_LISTED		/* group.ids are all that is wanted */
	}			 which;
	int			 whole_queue;	/* not what a group has yet to settle */
	int			 everything;	/* from some place on, all of the queue */
	int			 by_index;	/* of_key says what is read */
	struct mqs_key_ids	 of_key;
	struct mqs_latest	 newest;
};

/*
 * Gives the next record that is wanted, its body not opened.  On MQS_EDAMAGED
 * `damaged' is the id of the message, if it is one.
 */
int	mqs_replay_select(struct mqs_reader *, struct mqs_record *, struct mqs_error *err);

#endif
