/*
 * publish_large.h - a large body that is written piece by piece before it is published
 *
 * It is a file in blob/ from the start.  When its message is sent, the file passes to the
 * batch; a crash before the commit leaves a file that mqs_blob_sweep removes.
 */
#ifndef MQS_EMBEDDED_PUBLISH_LARGE_H
#define MQS_EMBEDDED_PUBLISH_LARGE_H

#include "embedded/embedded.h"
#include "embedded/store/blob.h"

struct mqs_large {
	struct mqs_handle	 handle;	/* the seam's; first */
	struct mqs_blob		*blob;
	uint64_t		 max;	/* bytes */
	const char		*queue;	/* its name, for messages */
};

/* Says that a message is longer than a setting allows: MQS_EDATA. */
int	mqs_message_too_long(const char *queue, uint64_t max, const char *setting,
	    struct mqs_error *err);

#endif
