/*
 * consumer_copies.h - retries, dead letters, redriving: a copy is confirmed, then the original is acked
 *
 * consumer_copies.c	the caller: begins copies
 * consumer_copies_mend.c	the caller: ends copies, and sends them again where something went wrong
 * consumer_copies_send.c	the thread: sends them, and hears of confirms
 *
 * A retry is a copy with mq-attempt + 1, which waits in the delays (delay.h) for this group
 * alone.  A dead letter is a copy that is published to the dead-letter queue.  A letter that is redriven
 * (redrive.h) is a copy for the group where it died.  Copies have a channel of
 * their own: what the broker refuses there does not end the deliveries.  It is opened for the first copy.
 *
 * Steps: the delivery is COPYING; the copy is sent; it is confirmed; the ack of the original is
 * ordered, in the same moment under the lock.  A loss leaves, at each step: the original, and
 * perhaps the copy as well.  Copies whose original was lost are not sent again, because the
 * original comes again.
 *
 * WHAT GOES WRONG  A copy that no queue takes, one that the broker refuses, a channel that it closes
 * (somebody deleted an exchange): after a pause, delays and dead-letter queue are made again if they
 * are not there, and the copy is sent again; the others stay as they are.  Only if the channel was
 * closed, it is opened anew, and all copies that are not confirmed are sent again.  A copy that was
 * returned is known by its exchange, its key and its size: others that have the same may be sent
 * twice.  For which copy the broker closed a channel is not known (one that is too large, or goes where
 * the user may not write).  So one at a time is sent until there is none to send; then it is known
 * of the next, which comes after all others.
 * Why is one notice, until a copy is confirmed again: so somebody can mend what this can't, such as a dead-letter queue that has neither a stream nor a group.  A consumer that is closed
 * meanwhile tries for a moment; then it fails, and the originals go back to the queue.  Who waits for
 * the queue's end waits no longer for what was refused all the time (_hopeful).
 *
 * What is neither confirmed nor refused for long breaks the connection (stall.h).
 *
 * A copy has the delivery's memory from when it begins: a body may be on its way when the delivery is
 * lost.
 */
#ifndef MQS_AMQP_CONSUMER_COPIES_H
#define MQS_AMQP_CONSUMER_COPIES_H

#include <sys/queue.h>

#include "amqp/consumer.h"
#include "amqp/message_id.h"
#include "amqp/properties_table.h"
#include "amqp/stall.h"
#include "engine/dead_letter.h"

enum mqs_amqp_copy_kind {
	MQS_AMQP_COPY_RETRY,
	MQS_AMQP_COPY_DEAD,
	MQS_AMQP_COPY_REDRIVE
};

/* Where a letter is redriven to: three texts in one buffer. */
struct mqs_amqp_copy_target {
	const char	*queue, *group;
	const char	*id;		/* that it had there */
};

struct mqs_amqp_copy {
	struct mqs_amqp_held	*held;		/* NULL: it was acked */
	TAILQ_ENTRY(mqs_amqp_copy) entry;
	enum mqs_amqp_copy_kind	 kind;
	int64_t			 delay;		/* of a retry */
	char			 id[MQS_ID_SIZE];	/* of a dead letter */
	struct mqs_buf		 text;		/* headers of a dead letter; of a redrive, its target */
	uint64_t		 tag;		/* which publication it is; 0: not sent */
	int			 refused;	/* that publication; its confirm counts for nothing */
	int			 closes;	/* the broker closed the channel for it */
	void			*map;		/* its body, of a file */
	size_t			 map_len;
	int			 asked;		/* by receipt, with that ticket */
	uint64_t		 ticket;
	uint64_t		 order;		/* that acks the original */
	uint64_t		 generation;	/* of the original */
};

TAILQ_HEAD(mqs_amqp_copy_list, mqs_amqp_copy);

struct mqs_amqp_copies {
	struct mqs_amqp_channel	*channel;
	char			 dead_queue[MQS_DEAD_LETTER_NAME];
	int			 stays;		/* what dies here stays in this queue's stream */
	int			 has_delays, want_delays;	/* levels that were made, or seen; to be made */
	int			 has_dead;	/* it was made, or seen */
	uint64_t		 generation;	/* of the consumer, when they were made; another: look again */
	int			 made_dead;	/* by the last job */
	int			 remake;	/* they were made, and something was missing */
	struct mqs_amqp_ids	 ids;
	struct mqs_amqp_incoming incoming;
	struct mqs_amqp_stall	 stall;
	int64_t			 mend_at;	/* by mqs_boottime; 0: nothing is to be mended */
	int64_t			 wrong_since;	/* by mqs_boottime; 0: nothing is wrong, or a copy was confirmed since */
	struct mqs_amqp_properties properties;	/* the thread's */
	amqp_pool_t		 pool;		/* the thread's */
	/* Under the lock: */
	struct mqs_amqp_copy_list unsent;	/* those whose original was lost are its first */
	struct mqs_amqp_copy_list sent;		/* by their tags */
	struct mqs_amqp_copy_list done;		/* confirmed, or their original was lost */
	size_t			 pending;	/* of unsent and sent: their original was not lost */
	uint64_t		 acked;		/* originals, ever */
	uint64_t		 published;	/* on the channel */
	int			 broken;	/* something is to be mended; nothing is sent until then */
	int			 closed;	/* the channel is to be opened anew */
	int			 careful;	/* one copy at a time is sent */
	struct mqs_error	 why;
	int			 told;		/* why, since a copy last was confirmed */
};

/*
 * Sees to it that a settlement's copy can be made: makes what is missing on the cluster.  May wait.
 */
int	mqs_amqp_copies_ready(struct mqs_consumer *, const struct mqs_settlement *, struct mqs_error *err);
/*
 * Begins the copy that settles a delivery: RETRY or REJECT.  ticket: of a receipt's request, or
 * NULL.  With the lock held, after _ready.
 */
int	mqs_amqp_copies_begin(struct mqs_consumer *, struct mqs_amqp_held *,
	    const struct mqs_settlement *, const uint64_t *ticket, struct mqs_error *err);
/*
 * Begins to redrive the delivery that was read last, to a group that has a binding at the delays.
 * Without the lock.
 */
int	mqs_amqp_copies_redrive(struct mqs_consumer *, const struct mqs_message *,
	    const struct mqs_amqp_copy_target *, struct mqs_error *err);
/*
 * 1 if a settlement ends a delivery in a queue of dead letters, where no copy is made: the message
 * is in the queue's stream, and there it stays.  With the lock held, after _ready.
 */
int	mqs_amqp_copies_stay(const struct mqs_consumer *, const struct mqs_amqp_held *,
	    const struct mqs_settlement *);
/* 1 if what a settlement settles is not to be tried again. */
int	mqs_amqp_copies_end(const struct mqs_consumer *, const struct mqs_amqp_held *,
	    const struct mqs_settlement *);
/* After how long a settlement has a message tried again. */
int64_t	mqs_amqp_copies_delay(const struct mqs_consumer *, const struct mqs_amqp_held *,
	    const struct mqs_settlement *);
/* Makes what copies need, dead letters or retries, with so many levels of delays.  May wait. */
int	mqs_amqp_copies_make_ready(struct mqs_consumer *, int dead, int levels, struct mqs_error *err);
/* Frees a copy, and not the delivery. */
void	mqs_amqp_copy_free(struct mqs_amqp_copy *);
/* consumer_copies_mend.c */
/* Mends what went wrong, and ends what is done. */
int	mqs_amqp_copies_service(struct mqs_consumer *, struct mqs_error *err);
/* How many are on their way. */
size_t	mqs_amqp_copies_pending(struct mqs_consumer *);
/* Whether some are on their way for which it is worth while to wait: none was refused for long. */
int	mqs_amqp_copies_hopeful(struct mqs_consumer *);
/* When something is mended, by mqs_boottime; 0: nothing is to be. */
int64_t	mqs_amqp_copies_mend_at(const struct mqs_consumer *);
/* Returns what went wrong last. */
int	mqs_amqp_copies_why(struct mqs_consumer *, struct mqs_error *err);
void	mqs_amqp_copies_free(struct mqs_consumer *);

/* consumer_copies_send.c */
extern const struct mqs_amqp_events mqs_amqp_copies_events;
/* Says that what was sent is to be sent again: all of it, or what was refused.  With the lock held. */
void	mqs_amqp_copies_unsend(struct mqs_amqp_copies *, int all);

#endif
