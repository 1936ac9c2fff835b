/*
 * publish_portion.h - the part of a batch that one transaction stores
 *
 * Where the queue is limited, a portion is as much of the batch as there is room for.  Two
 * things are never cut in two: a batch that is to be stored whole or not at all, and the
 * section of messages that came of one delivery, which is stored with its marker.
 *
 * With MQS_MANDATORY a portion also ends before the first message that no group would get.
 */
#ifndef MQS_EMBEDDED_PUBLISH_PORTION_H
#define MQS_EMBEDDED_PUBLISH_PORTION_H

#include "embedded/publish_batch.h"
#include "embedded/queue/log_compaction.h"
#include "embedded/queue/log_limits.h"

struct mqs_portion {
	size_t		 from, to;		/* messages */
	size_t		 end;			/* messages from here on must not be stored: nobody would get them */
	size_t		 first, last;		/* sections: first to last - 1 */
	uint64_t	 before;		/* the log's highest id before it */
	struct mqs_log_room	 room;
	struct mqs_trimmed trimmed;
	struct mqs_replaced replaced;		/* compact=key */
};

/*
 * Sets part->end: the whole batch, or with MQS_MANDATORY up to the first message that no
 * group would get.  MQS_ENOENT if that is the very first, or if the batch may not be cut.
 */
int	mqs_portion_end(struct mqs_publisher *, struct mqs_portion *, struct mqs_error *err);
/*
 * Chooses what this transaction stores, by the room that there is; with
 * overflow=drop-oldest, makes room.  MQS_NOTHING if there is none now; MQS_EDATA if the
 * messages would not fit even into an empty queue.
 */
int	mqs_portion_choose(struct mqs_publisher *, struct mqs_portion *, struct mqs_log_tx *,
	    struct mqs_error *err);

#endif
