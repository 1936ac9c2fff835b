/*
 * log_limits.h - how much a queue may take: max-messages, max-bytes, min-free
 *
 * What counts is what is not settled: of the group that has most of it, or, where there
 * is no group, all that is retained.  It is read from the groups' pages, and only when
 * it may matter: a look that finds U of `max-messages' at ordinal O promises room up to
 * ordinal O + max - U (likewise for bytes), which the state keeps as MQS_LOG_ROOM_ORDINAL
 * and MQS_LOG_ROOM_BYTES, and up to there nobody looks again.  That holds because each
 * message adds one at most to any group; whatever adds otherwise (a new group, a rewind,
 * another limit) sets both to 0, under the log's write lock.  A crash between making a
 * group and that leaves a promise that is too good, for `max' messages at most.
 *
 * A page that can't be believed counts as everything retained, until somebody opens its
 * group.  What a consumer took off a page after it was read only makes more room.
 */
#ifndef MQS_EMBEDDED_QUEUE_LOG_LIMITS_H
#define MQS_EMBEDDED_QUEUE_LOG_LIMITS_H

#include "embedded/queue/log_retention.h"
#include "embedded/queue/log_tx.h"

/* What may be appended now; UINT64_MAX: no limit. */
struct mqs_log_room {
	uint64_t	messages, bytes;
	/* Which groups leave no more than that; "": none does, or there is none. */
	char		messages_group[MQS_NAME_MAX + 1];
	char		bytes_group[MQS_NAME_MAX + 1];
};

/* What was promised; looks at nothing. */
void	mqs_limits_promised(const struct mqs_log_tx *, struct mqs_log_room *);
/* Looks at the groups, and promises anew. */
int	mqs_limits_measure(struct mqs_log_tx *, struct mqs_log_room *, struct mqs_error *err);
/*
 * overflow=drop-oldest: removes from the front (what is settled and retained is removed,
 * too) until so much can be appended, as far as one transaction goes; *dropped of them
 * were not settled by every group.  *room is what there is then.
 */
int	mqs_limits_drop_oldest(struct mqs_log_tx *, uint64_t messages, uint64_t bytes,
	    struct mqs_log_room *room, struct mqs_trimmed *, uint64_t *dropped,
	    struct mqs_error *err);
/*
 * MQS_EFULL if so many messages, with so many bytes in the log, would leave less than
 * min-free of the disk.  By default that is 5 % of it, at most 64M, and at least what the
 * first consumer of a queue needs: the files of a new group and of a new dead-letter queue.
 * Free pages in the log's own file do not count, since nobody knows how many a commit finds.
 */
int	mqs_limits_check_disk(const struct mqs_log *, uint64_t messages, uint64_t bytes,
	    struct mqs_error *err);
/* Says that a queue is full: MQS_EFULL. */
int	mqs_limits_full(const struct mqs_log *, const struct mqs_log_room *, struct mqs_error *err);

#endif
