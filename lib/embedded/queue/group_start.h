/*
 * group_start.h - where a group's cursors stand in the log when it is made, or moved
 *
 * All cursors (the main one and those of the priorities) are put at the same place.  The
 * state also keeps the bytes ever appended up to the cursor: all bytes ever appended,
 * less the bytes behind the place.  So only what lies behind it is read, in one
 * snapshot, and the result stays true whatever is appended or trimmed afterwards.
 */
#ifndef MQS_EMBEDDED_QUEUE_GROUP_START_H
#define MQS_EMBEDDED_QUEUE_GROUP_START_H

#include "embedded/queue/group.h"

/* Where a new group starts. */
struct mqs_start {
	enum {
		MQS_START_OLDEST,
		MQS_START_NEWEST,
		MQS_START_ID,
		MQS_START_TIME,
		MQS_START_LAST	/* before the last so many messages */
	} at;
	uint64_t	id;
	int64_t		time;
	uint64_t	last;
};

/* Reads a start from the text of a consumer's options. */
int	mqs_group_start_of(struct mqs_start *, const struct mqs_consumer_options *, struct mqs_error *err);
/*
 * Sets the cursors in a group's state so that the group looks next at the message that the
 * start names.
 */
int	mqs_group_place(struct mqs_log *, const struct mqs_start *, uint64_t v[MQS_GROUP_VALUES], struct mqs_error *err);
/* Puts the cursors before the oldest message of a log in that state. */
void	mqs_group_to_oldest(uint64_t v[MQS_GROUP_VALUES], const uint64_t lv[MQS_LOG_VALUES]);
/* Puts the cursors behind the newest message. */
void	mqs_group_to_end(uint64_t v[MQS_GROUP_VALUES], const uint64_t lv[MQS_LOG_VALUES]);

#endif
