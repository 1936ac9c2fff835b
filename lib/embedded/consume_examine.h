/*
 * consume_examine.h - the messages that a claim looks at, one at a time
 *
 * consume_outcome.h says what becomes of each.
 *
 * The cursor passes over the log once.  Messages with a priority above 0 are also in an
 * index of the log, over which each priority has a cursor of its own, which runs ahead:
 * when the cursor comes to such a message that its own one has passed, it only passes.
 * AHEAD counts those in between.  Invariant: the cursor passes no message of a priority
 * that its own one has not.  While the queue's last message with a priority is the one
 * that the group knows, the index is not looked at.
 *
 * Damage.  Bodies are not read here, so checksums are not verified.  What is relied on is
 * the order: from a cursor that is right, through ids that ascend and ordinals that count up
 * by one, to a last record whose checksum is verified.  Where that fails, the transaction
 * is begun again, and then each new record is verified (queue/log_walk.h).  A damaged
 * message is taken, under the id that the walk gives it, and is found damaged once more
 * when it is to be handed out: so what is in front of it is delivered first.  Messages that
 * are missing end the claim, until the group skips an id among theirs.
 */
#ifndef MQS_EMBEDDED_CONSUME_EXAMINE_H
#define MQS_EMBEDDED_CONSUME_EXAMINE_H

#include "embedded/consume_select.h"
#include "embedded/queue/group_held.h"

/* One that is held as ready. */
int	mqs_examine_ready(struct mqs_claim *, const struct mqs_held *, struct mqs_error *err);
/* The same for a consumer that does not want all: others stay where they are. */
int	mqs_examine_ready_wanted(struct mqs_claim *, const struct mqs_held *, struct mqs_error *err);
/* The next record beyond the cursor, where the claim's reader is: MQS_NOTHING at the end. */
int	mqs_examine_next(struct mqs_claim *, struct mqs_error *err);
/* Nothing is left beyond the cursor: it moves to the log's end. */
int	mqs_examine_end(struct mqs_claim *, struct mqs_error *err);
/* Called when enough was looked at: the place where the cursor now stands must be sure. */
int	mqs_examine_last(struct mqs_claim *, struct mqs_error *err);
/*
 * One of the index, to which the cursor has yet to come.  MQS_NOTHING: the entry is damaged;
 * the cursor will come to the message that it was of.
 */
int	mqs_examine_ahead(struct mqs_claim *, uint64_t id, unsigned priority, struct mqs_error *err);

#endif
