/*
 * log_limits.h - the limits of a queue: max-messages, max-bytes, min-free
 *
 * The first two limit the messages that are not settled yet.  The group with the most of
 * them counts.  In a queue without groups, all retained messages count.
 *
 * The numbers are on the groups' status pages.  Reading these for each message would be
 * slow, so a publisher that reads them promises room to those who come after.  If U messages
 * are unsettled at ordinal O, there is room up to ordinal O + max - U, because each message
 * adds at most one to any group.  The log's state keeps this as MQS_LOG_ROOM_ORDINAL (and
 * MQS_LOG_ROOM_BYTES for bytes); up to there no publisher reads the pages again.
 *
 * A new group, a rewind or another limit can add more at once.  Each of them sets both
 * numbers to 0, under the log's write lock.  A crash between making a group and that leaves
 * a promise that is too large, by at most `max' messages.
 *
 * For a group whose page can't be believed, everything that is retained counts, until
 * somebody opens the group.  A page that is a little old does no harm: consumers have only
 * made more room since.
 */
#ifndef MQS_EMBEDDED_QUEUE_LOG_LIMITS_H
#define MQS_EMBEDDED_QUEUE_LOG_LIMITS_H

#include "embedded/queue/log_retention.h"
#include "embedded/queue/log_tx.h"

/* How much may be appended now; UINT64_MAX: no limit. */
struct mqs_log_room {
	uint64_t	messages, bytes;
	/* The groups with the most unsettled messages and bytes; "" if there is no group. */
	char		messages_group[MQS_NAME_MAX + 1];
	char		bytes_group[MQS_NAME_MAX + 1];
};

/* Returns the room that was promised, without reading any page. */
void	mqs_limits_promised(const struct mqs_log_tx *, struct mqs_log_room *);
/* Reads the groups' pages, and promises the room that it finds. */
int	mqs_limits_measure(struct mqs_log_tx *, struct mqs_log_room *, struct mqs_error *err);
/*
 * For overflow=drop-oldest: removes the oldest messages, settled or not, until so much can be
 * appended, or until the transaction is as large as it may get.  *dropped is how many of
 * them some group had not settled.  *room is the room that there is afterwards.
 */
int	mqs_limits_drop_oldest(struct mqs_log_tx *, uint64_t messages, uint64_t bytes,
	    struct mqs_log_room *room, struct mqs_trimmed *, uint64_t *dropped,
	    struct mqs_error *err);
/*
 * MQS_EFULL if appending so many messages, with so many bytes in the log, would leave less
 * than min-free of the disk free.  The default of min-free is 5 % of the disk, at most 64M,
 * and at least what the first consumer of a queue needs: the files of a new group and of a
 * new dead-letter queue.  Free pages inside the log's file do not count, since nobody knows
 * how many of them a commit can use.
 */
int	mqs_limits_check_disk(const struct mqs_log *, uint64_t messages, uint64_t bytes,
	    struct mqs_error *err);
/* The bytes that the disk has free, and how many the setting min-free keeps of them. */
int	mqs_limits_disk(const struct mqs_log *, uint64_t *bytes_free, uint64_t *min_free, struct mqs_error *err);
/* Reports that a queue is full, and which limit it has reached: MQS_EFULL. */
int	mqs_limits_full(const struct mqs_log *, const struct mqs_log_room *, struct mqs_error *err);

#endif
