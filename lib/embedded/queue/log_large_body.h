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
 * Brings the body of a large record of another log into this one, to be appended: by a
 * second name for the same file where that can be, else by a copy.  The record then
 * names it; *blob is to be freed after the commit.
 */
int	mqs_log_adopt(struct mqs_log *, struct mqs_log *from, struct mqs_record *,
	    struct mqs_blob **blob, struct mqs_error *err);
/* Opens a large record's body: *fd, MQS_NOTHING if it was trimmed meanwhile. */
int	mqs_log_body(struct mqs_log *, const struct mqs_record *, int verify, int *fd, struct mqs_error *err);

#endif
