/*
 * admin_trim.h - removing messages from a queue now, as retention allows
 *
 * Publishers trim as they go (publish_trim.h); this is for a queue to which nobody
 * publishes, and for purging.  It goes in transactions of bounded size, so that
 * publishers need not wait long.
 */
#ifndef MQS_EMBEDDED_ADMIN_TRIM_H
#define MQS_EMBEDDED_ADMIN_TRIM_H

#include "embedded/spool.h"

/*
 * Removes messages until no more may go, and adds to *count how many those were.
 * everything: all messages with ids below floor; else those that retention lets go and
 * every group has settled.
 */
int	mqs_admin_trim_all(struct mqs_spool *, struct mqs_log *, uint64_t floor, int everything,
	    uint64_t *count, struct mqs_error *err);

#endif
