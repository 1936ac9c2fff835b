/*
 * redrive.h - dead letters go back to the group where they died
 *
 * redrive.c		opens the group `redrive' of their queue, and counts what is left
 * redrive_letters.c	takes the letters from it
 * redrive_letter.c	whether a message is one that is asked for
 * redrive_survey.c	counts them, where there is no such group
 * redrive_target.c	whether the group where one died is there
 *
 * The letters of a queue QUEUE.dead that are left are what its group `redrive' has yet to settle.  The
 * first redrive that finds a letter makes that group, from the stream.
 *
 * A letter that matches becomes a copy for the group where the message died: with its key, headers and
 * body, the id that it had, as of the first attempt, without expiry, and delivered to that group alone.
 * The letter is acked when its copy was confirmed (consumer_copies.h).  All others are passed over: they
 * go back, uncounted, when the consumer ends.
 *
 * An ordered or exclusive group gives one consumer no more than a window of letters (consumer_window.c).
 * If all of these are passed over, the ones behind them can't be seen: MQS_ENOTSUP.
 *
 * A copy that a group refuses, as it does while it has no leader, is sent again for a minute, until one is
 * confirmed; then redriving fails, and the letters that are left stay.
 *
 * A KILL, or a loss, between the confirm and the ack leaves both: the message may come twice, and is
 * never lost.
 */
#ifndef MQS_AMQP_REDRIVE_H
#define MQS_AMQP_REDRIVE_H

#include "amqp/spool.h"
#include "engine/dead_letter.h"

/* The group that has the letters. */
#define MQS_AMQP_REDRIVE_GROUP	"redrive"

int	mqs_amqp_redrive(struct mqs_spool *, const char *queue, const struct mqs_redrive_options *,
	    struct mqs_redriven *, struct mqs_error *err);

/*
 * redrive_letter.c: 1 if a message is a dead letter that the options ask for.  *letter: whether it is one at all.  What is
 * in `out' points into the message.
 */
int	mqs_amqp_redrive_matches(const struct mqs_redrive_options *, const struct mqs_message *,
	    struct mqs_dead_letter *out, int *letter);

/* redrive_survey.c: counts what the stream of a queue has: as if all of it were to be redriven. */
int	mqs_amqp_redrive_survey(struct mqs_spool *, const char *queue,
	    const struct mqs_redrive_options *, struct mqs_redriven *, struct mqs_error *err);

/* Groups that were looked for; redrive_target.c. */
struct mqs_amqp_redrive_targets {
	struct mqs_amqp_redrive_target	*list;
	size_t				 n;
};

/*
 * Sees to it that copies can go to a group: MQS_OK.  MQS_ENOENT: queue or group is gone.  Each is
 * asked about once.
 */
int	mqs_amqp_redrive_target(struct mqs_amqp_redrive_targets *, struct mqs_spool *,
	    const struct mqs_dead_letter *, struct mqs_error *err);
void	mqs_amqp_redrive_targets_free(struct mqs_amqp_redrive_targets *);

#endif
