/*
 * log_large_body.h - the bodies of a log's messages that are files in blob/
 *
 * A body that another log's message is to share is on stable storage in its new place
 * before the record that names it is appended, and stays locked until that is committed.
 * A crash in between leaves a file, or a second name of one, which mqs_blob_sweep
 * removes.
 */
#ifndef MQS_EMBEDDED_QUEUE_LOG_LARGE_BODY_H
#define MQS_EMBEDDED_QUEUE_LOG_LARGE_BODY_H

#include "embedded/queue/log.h"
#include "embedded/store/blob.h"

/*
 * Brings the body of another log's record into this log, before the record is appended here.
 * The file gets a second name if possible (a hard link), else it is copied.  The record then
 * names the new one.  The caller frees *blob after the commit.
 */
int	mqs_log_adopt(struct mqs_log *, struct mqs_log *from, struct mqs_record *,
	    struct mqs_blob **blob, struct mqs_error *err);
/* Opens the body of a record: *fd; MQS_NOTHING if the message was removed meanwhile. */
int	mqs_log_body(struct mqs_log *, const struct mqs_record *, int verify, int *fd, struct mqs_error *err);

#endif
