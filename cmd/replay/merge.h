/* replay/merge.h - the messages of several queues in the order of their time */
#ifndef MQ_CMD_REPLAY_MERGE_H
#define MQ_CMD_REPLAY_MERGE_H

#include <poll.h>

#include "base/bytes.h"
#include "message/envelope.h"
#include "mqspool.h"

/* One queue, or what one group has yet to settle. */
struct source {
	struct mqs_reader *reader;
	char		 queue[MQS_NAME_MAX + 1];
	char		 group[MQS_NAME_MAX + 1];	/* "" if none */
	struct mqs_envelope_place place;
	char		 uuid[MQS_UUID_SIZE];	/* of the queue, if place names it */
	struct mqs_message head;	/* its earliest message, not yet printed */
	enum {
		HEAD_WANTED,
		HEAD_DRY,	/* the reader has no more (for now) */
		HEAD_BORROWED,	/* from the reader */
		HEAD_KEPT	/* copied */
	} state;
	uint64_t	 damaged;	/* seq of the last damaged message; 0: none yet */
	struct mqs_buf	 kept;		/* what a kept head points to */
	char		 id[MQS_ID_SIZE];	/* of a kept head, if it is text */
	int		 kept_fd;	/* its large body, or -1 */
};

struct merge {
	struct source	*sources;
	size_t		 n;
	int		 identify;	/* places have the UUIDs of queues */
	uint64_t	 damaged;	/* messages that were reported and passed over */
	struct pollfd	*wait;		/* following: one a source, and stdout */
};

/* Room for n sources: 0, or -1 with errno ENOMEM. */
int	merge_init(struct merge *, size_t n);
/* Opens the reader of the i-th source, whose queue and group are filled in. */
int	merge_open(struct merge *, size_t i, struct mqs_spool *,
	    const struct mqs_reader_options *, struct mqs_error *err);
/*
 * Gives the source with the earliest head; of equal times, the source that was named
 * first.  Print the head, then call merge_take.  MQS_NOTHING: no source has more.  Damaged
 * messages are reported, counted and passed over.
 */
int	merge_next(struct merge *, struct source **, struct mqs_error *err);
void	merge_take(struct source *);
/*
 * Lets all readers rest; call it before anything that may block.  Heads that are borrowed
 * from a reader are copied first.
 */
int	merge_rest(struct merge *, struct mqs_error *err);
/*
 * Lets all readers rest, then waits until one may have more: MQS_OK (it may have none),
 * MQS_ETIMEOUT after timeout_ms (-1: never), or MQS_NOTHING when the reader of the
 * descriptor `out' has gone away.
 */
int	merge_wait(struct merge *, int out, int timeout_ms, struct mqs_error *err);
/* Has merge_next ask those readers again that had no more. */
void	merge_again(struct merge *);
void	merge_free(struct merge *);

#endif
