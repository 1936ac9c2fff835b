/*
 * log_retention.h - which messages may be removed from a log, and removing them
 *
 * A message may be removed when two things are true.  Retention allows it: the message is
 * older than `retain', or more than `retain-bytes' are retained.  And every group has settled
 * it: its id is below the floor of each group.  Floors are read from the groups' status pages,
 * under the log's write lock; a page that can't be believed means floor 0.
 *
 * A queue without any group keeps everything, since nothing unread is dropped, unless
 * retention was set on purpose (`retain' or `retain-bytes' is stored).  Then the settings that
 * are stored count, but the default of `retain' does not.
 *
 * A publisher removes as it appends, in the same transaction, since another commit would cost
 * as much as the first.  So that nobody waits long for that, one transaction removes for
 * MQS_TRIM_TIME at most, and at most MQS_TRIM_RECORDS records, MQS_TRIM_BYTES of bodies or
 * MQS_TRIM_BLOBS large ones; LMDB's list of free pages stays short thereby.  Large bodies are
 * unlinked after the commit; a crash before that leaves files that mqs_blob_sweep removes.
 *
 * Removing costs little where a log has several segments (queue/log_segment.h): the records are
 * hidden, and the pages of a segment are given up at once when all of it has been removed.
 *
 * A damaged message is removed like any other, not before every group has settled or skipped
 * it: by the id that queue/log_walk.h gives it, or because an intact message behind it may be
 * removed (queue/log_voucher.h).
 */
#ifndef MQS_EMBEDDED_QUEUE_LOG_RETENTION_H
#define MQS_EMBEDDED_QUEUE_LOG_RETENTION_H

#include "base/clock.h"
#include "embedded/queue/log_tx.h"

#define MQS_TRIM_RECORDS	(2 * MQS_BATCH_MESSAGES)
#define MQS_TRIM_BLOBS		1000
#define MQS_TRIM_BYTES		(UINT64_C(16) << 20)
#define MQS_TRIM_TIME		(5 * MQS_MSEC)

/* The floor where there is no group, and retention was set on purpose. */
#define MQS_FLOOR_NO_GROUP	UINT64_MAX

/* What a trimming transaction removed. */
struct mqs_trimmed {
	size_t		records;
	int		more;		/* it stopped at one of the bounds: there may be more to remove */
	size_t		nblobs;
	uint64_t	blobs[MQS_TRIM_BLOBS];
};

/*
 * 1 if retention allows removing the oldest message, where every group has settled it; now
 * is the judged clock.
 */
int	mqs_trim_wanted(const struct mqs_log *, const uint64_t v[MQS_LOG_VALUES], int64_t now);
/*
 * Finds the least floor of all groups; 0 if one is not known.  Where there is no group, it is
 * MQS_FLOOR_NO_GROUP, or 0 if everything is to be kept.
 * Groups that have expired are removed first, and do not count.  v is the log's state.  A
 * group that is ahead of it stands beside a restored log and will get everything again, so
 * its floor counts as 0.
 */
int	mqs_trim_floor(struct mqs_log *, const uint64_t v[MQS_LOG_VALUES],
	    uint64_t *floor, struct mqs_error *err);
/*
 * Removes up to max of the oldest messages, with ids below `floor', as far as retention
 * allows; with `everything' (a purge), whatever retention says.
 */
int	mqs_trim_some(struct mqs_log_tx *, int64_t now, uint64_t floor, size_t max,
	    int everything, struct mqs_trimmed *, struct mqs_error *err);
/*
 * Removes the oldest messages, settled or not, until no more than so many messages and bytes
 * are retained, or until the transaction is as large as it may get.  *dropped is how many
 * of them had ids of at least `floor'.
 */
int	mqs_trim_to_size(struct mqs_log_tx *, uint64_t messages, uint64_t bytes, uint64_t floor,
	    struct mqs_trimmed *, uint64_t *dropped, struct mqs_error *err);
/*
 * Unlinks the large bodies of removed messages, unless a backup is copying bodies
 * (store/blob_hold.h); called after the commit.
 */
int	mqs_trim_unlink(const struct mqs_log *, const struct mqs_trimmed *, struct mqs_error *err);

#endif
