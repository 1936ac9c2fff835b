/*
 * admin_compaction.h - compacting what is in a queue already
 *
 * Publishers compact as they go (queue/log_compaction.h).  This is for a queue that has
 * messages when compaction is turned on, and for what publishers have left.  It goes in
 * transactions of bounded size; a crash between two leaves what was not yet removed to the
 * next mq-ctl set or trim.
 */
#ifndef MQS_EMBEDDED_ADMIN_COMPACTION_H
#define MQS_EMBEDDED_ADMIN_COMPACTION_H

#include "embedded/spool.h"

/*
 * If the queue is one that is compacted: removes all messages that newer ones have replaced,
 * and tombstones that may go; adds to *count how many those were.
 */
int	mqs_admin_compaction(struct mqs_spool *, struct mqs_log *, uint64_t *count,
	    struct mqs_error *err);

#endif
