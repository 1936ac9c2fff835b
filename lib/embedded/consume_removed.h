/*
 * consume_removed.h - messages that were removed before the main cursor came to them
 *
 * With overflow=drop-oldest a publisher removes messages from the front of the log, whether
 * groups have looked at them or not, and without opening any group.  A group may have counted
 * some of these already: messages that a cursor of a priority has passed, and messages that
 * were skipped.  When the main cursor passes the place, this module corrects these counts,
 * and counts the others as dropped.
 */
#ifndef MQS_EMBEDDED_CONSUME_REMOVED_H
#define MQS_EMBEDDED_CONSUME_REMOVED_H

#include "embedded/queue/group_held.h"
#include "embedded/queue/log_reader.h"

/*
 * Called before the main cursor moves to a message with that id and ordinal, where ordinals
 * are left out in between.  For a move to the end of the log, the id is UINT64_MAX, and the
 * ordinal the last one + 1.  The reader is of the log, whose state is lv; it does not move.
 */
int	mqs_cursor_pass_removed(struct mqs_group_tx *, struct mqs_log_reader *, const uint64_t lv[MQS_LOG_VALUES],
	    uint64_t id, uint64_t ordinal, struct mqs_error *err);

/*
 * The same in a log that was compacted, where newer messages have replaced those in between.
 * They are not counted as dropped.  What the group had counted of them, it counts until its
 * cursor comes to the end of the log.
 */
int	mqs_cursor_pass_replaced(struct mqs_group_tx *, uint64_t id, struct mqs_error *err);

#endif
