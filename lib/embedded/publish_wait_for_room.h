/*
 * publish_wait_for_room.h - a publisher waits for room in a queue, or on its disk
 *
 * No transaction is open while it waits.  Consumers make room by settling, and every commit
 * of theirs changes a group's status page; the publisher watches all of these.  A consumer
 * that was killed between its commit and its page leaves an old page.  So the publisher opens
 * the group that allows no more, if it may, and refreshes the page: when it begins to wait,
 * and then once a second.
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
	int		 looked;	/* the queue was looked at again since the group's page was refreshed */
};

/* Begins; wait is how long the publisher waits in all, -1 for ever. */
void	mqs_publish_wait_init(struct mqs_publish_wait *, struct mqs_spool *, struct mqs_log *, int64_t wait);
/*
 * Waits while the queue is full, and returns when it is worth looking again.  MQS_EFULL: the
 * queue rejects (overflow=reject), or the time is over; MQS_EINTR.
 */
int	mqs_publish_wait_for_room(struct mqs_publish_wait *, const struct mqs_log_room *, struct mqs_error *err);
/*
 * Waits while appending so many messages, with so many bytes in the log, would leave less
 * than min-free of the disk free.  It waits only if a time was given, since perhaps nobody
 * ever makes room on a disk.
 */
int	mqs_publish_wait_for_disk(struct mqs_publish_wait *, uint64_t messages, uint64_t bytes,
	    struct mqs_error *err);
/* Ends it. */
void	mqs_publish_wait_done(struct mqs_publish_wait *);

#endif
