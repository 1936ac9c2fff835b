/*
 * publish_trim.h - a publisher removes old messages, as retention allows
 *
 * There is no daemon that could do it.  Each publisher removes up to twice as many messages
 * as it appended, so that the cost is spread over the publishers and trimming keeps up with
 * them: within the transaction that appends, and, where that would take too long, in further
 * ones.
 */
#ifndef MQS_EMBEDDED_PUBLISH_TRIM_H
#define MQS_EMBEDDED_PUBLISH_TRIM_H

#include "embedded/publish_batch.h"
#include "embedded/queue/log_retention.h"

/*
 * Removes up to max messages within the publisher's transaction, if there is anything to
 * remove.
 */
int	mqs_publish_trim(struct mqs_publisher *, struct mqs_log_tx *, size_t max,
	    struct mqs_trimmed *, struct mqs_error *err);
/*
 * Removes up to max more, in transactions of its own, if the first could not do it all.  The batch is
 * published by then, so an error here is not reported: the next publisher meets it again.
 */
void	mqs_publish_trim_more(struct mqs_publisher *, size_t max);

#endif
