/*
 * publish_wait_for_room.h - waiting for room in a queue or on its disk
 *
 * No transaction is open meanwhile.  What makes room ends in a group's page, all of
 * which are watched; and since a consumer can be killed between its commit and its page,
 * the group that is in the way is opened, if that is permitted, and its page refreshed:
 * when there first is no room, and then each second.
 */
#ifndef MQS_EMBEDDED_PUBLISH_WAIT_FOR_ROOM_H
#define MQS_EMBEDDED_PUBLISH_WAIT_FOR_ROOM_H

#include "embedded/queue/log_limits.h"
#include "embedded/spool.h"
#include "embedded/store/wake.h"

struct mqs_publish_wait {
	struct mqs_spool *spool;
	struct mqs_log	*log;
	struct mqs_wake	*wake;		/* NULL until it is needed */
	int64_t		 wait;		/* as asked for: -1 for ever */
	int64_t		 until;		/* mqs_boottime */
	int		 looked;	/* again, since the page in the way was refreshed */
};

void	mqs_publish_wait_init(struct mqs_publish_wait *, struct mqs_spool *, struct mqs_log *, int64_t wait);
/*
 * The queue was full: returns when to look again.  MQS_EFULL if it may not be waited for
 * (overflow=reject), or no longer; MQS_EINTR.
 */
int	mqs_publish_wait_for_room(struct mqs_publish_wait *, const struct mqs_log_room *, struct mqs_error *err);
/*
 * Waits while so many messages, with so many bytes in the log, would leave less of the
 * disk than min-free: only if a time was given, since nobody may ever make room there.
 */
int	mqs_publish_wait_for_disk(struct mqs_publish_wait *, uint64_t messages, uint64_t bytes,
	    struct mqs_error *err);
void	mqs_publish_wait_done(struct mqs_publish_wait *);

#endif
