/*
 * log_segment.h - when a log begins another segment, and how its front is removed
 *
 * The table of messages is segmented (store/lmdb/segments.h): it is made of up to
 * MQS_LOG_SEGMENTS tables.  A transaction that appends begins another one when the newest
 * takes an eighth of what is retained, or of what `retain-bytes' allows, and at least 8 MiB
 * (mqs_log_segment_min) and at most MQS_LOG_SEGMENT_MAX.  So a small log has one.
 *
 * What is removed from the front of a log with several is hidden, and its pages are given up
 * when the whole oldest segment has been removed.  The file is larger by up to one segment for
 * that.  Where the oldest is much larger than a segment should be (it grew while all tables
 * were in use, or more was retained before) that would be too much: its messages are deleted.
 * So are those of a log that has only one.
 *
 * A log with compact=key begins no other segment, since its messages are removed anywhere.
 */
#ifndef MQS_EMBEDDED_QUEUE_LOG_SEGMENT_H
#define MQS_EMBEDDED_QUEUE_LOG_SEGMENT_H

#include "embedded/queue/log_tx.h"

#define MQS_LOG_SEGMENT_MAX	(UINT64_C(128) << 20)

/* Called before messages are appended: begins another segment if the newest is full. */
int	mqs_log_segment_begin(struct mqs_log_tx *, struct mqs_error *err);
/* 1 in *hides if what is removed from the front is to be hidden, 0 if it is to be deleted. */
int	mqs_log_segment_hides(struct mqs_log_tx *, int *hides, struct mqs_error *err);

#endif
