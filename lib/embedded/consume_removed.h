/*
 * consume_removed.h - messages that were removed before the cursor came to them
 *
 * A limit with overflow=drop-oldest removes from the front of the log, whoever has yet to
 * look.  What a group keeps of messages beyond its cursor (those of a priority that were
 * looked at ahead, those that were skipped) goes with them when the cursor passes the
 * place: found out then, since whoever removed them opened no group.
 */
#ifndef MQS_EMBEDDED_CONSUME_REMOVED_H
#define MQS_EMBEDDED_CONSUME_REMOVED_H

#include "embedded/queue/group_held.h"
#include "embedded/queue/log_reader.h"

/*
 * The cursor moves next to a message with that id and ordinal (UINT64_MAX and the one
 * behind the last: to the end), which is not the one behind it.  The reader is of the
 * log whose state lv is; it stays where it is.
 */
int	mqs_cursor_pass_removed(struct mqs_group_tx *, struct mqs_log_reader *, const uint64_t lv[MQS_LOG_VALUES],
	    uint64_t id, uint64_t ordinal, struct mqs_error *err);

#endif
