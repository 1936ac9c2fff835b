/*
 * log_retention.h - what may be removed from a log, and removing it
 *
 * A message goes when retention lets it (older than `retain', or more bytes
 * retained than `retain-bytes') and every group has settled it (its id is below
 * every group's floor).  A queue without any group keeps everything: nothing
 * unread is dropped.  Floors are read from the groups' pages under the log's
 * write lock; a page that can't be believed means floor 0.
 *
 * At most MQS_TRIM_RECORDS records or MQS_TRIM_BYTES go in one transaction, so
 * that no publisher waits long and the freelist stays short.  A crash between the
 * commit and the unlinking of large bodies leaves files that mqs_blob_sweep
 * collects.
 *
 * A damaged message stops no trimming: it goes like any other, by the id that log_walk.h
 * gives it, so not before every group has settled or skipped it.
 */
#ifndef MQS_EMBEDDED_QUEUE_LOG_RETENTION_H
#define MQS_EMBEDDED_QUEUE_LOG_RETENTION_H

#include "embedded/queue/log_tx.h"

#define MQS_TRIM_RECORDS	1000
#define MQS_TRIM_BYTES		(UINT64_C(16) << 20)

/* What a trimming transaction removed. */
struct mqs_trimmed {
	size_t		records;
	size_t		nblobs;
	uint64_t	blobs[MQS_TRIM_RECORDS];
};

/* 1 if retention would remove the oldest record, as of now (judged). */
int	mqs_trim_wanted(const struct mqs_log *, const uint64_t v[MQS_LOG_VALUES], int64_t now);
/*
 * The least floor of all groups (those whose time is over are removed, and do not
 * count); 0 if any is unknown or there are none.  v is the log's state: a group that is
 * ahead of it is beside a restored log, of which it will get everything again.
 */
int	mqs_trim_floor(struct mqs_log *, const uint64_t v[MQS_LOG_VALUES],
	    uint64_t *floor, struct mqs_error *err);
/*
 * Removes from the front up to max records with ids below `floor' that retention
 * lets go; `everything': whether it does or not (a purge).
 */
int	mqs_trim_some(struct mqs_log_tx *, int64_t now, uint64_t floor, size_t max,
	    int everything, struct mqs_trimmed *, struct mqs_error *err);
/*
 * Removes from the front, settled or not, until no more than so many messages and bytes
 * are retained, as far as one transaction goes; *dropped of them had ids of at least floor.
 */
int	mqs_trim_to_size(struct mqs_log_tx *, uint64_t messages, uint64_t bytes, uint64_t floor,
	    struct mqs_trimmed *, uint64_t *dropped, struct mqs_error *err);
/* After the commit: unlinks the large bodies. */
int	mqs_trim_unlink(const struct mqs_log *, const struct mqs_trimmed *, struct mqs_error *err);

#endif
