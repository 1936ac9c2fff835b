/*
 * consume_examine.h - looks at messages one at a time for a claim, and moves the cursors
 *
 * consume_outcome.h decides what becomes of each message.
 *
 * Cursors.  The main cursor passes over the whole log once, in order.  Messages with a
 * priority above 0 are in an index of the log as well.  Each priority above 0 has its own
 * cursor over that index, which runs ahead of the main cursor, so that urgent messages are
 * delivered first.  When the main cursor comes to a message that the cursor of its priority
 * has passed, it passes it and does nothing else.
 *
 * Invariant: the main cursor never passes a message that the cursor of its priority has not
 * passed.  AHEAD is the number of messages that the cursors of the priorities have passed
 * and the main cursor has not.
 *
 * The index is not read while the last message with a priority is one that the group knows
 * (PRIORITISED), so a queue without priorities does not pay for them.
 *
 * Damage.  Verifying a checksum means reading the body, which is too slow here.  Instead the
 * claim relies on order: it starts at a cursor that is right, ids ascend and ordinals count
 * up by one, and the checksum of the last record is verified.  If any of that fails, the
 * transaction is begun again, and then each new record is verified (queue/log_walk.h).
 *
 * A damaged message is taken under the id that the walk gives it, and is found damaged again
 * when it is to be handed out.  So the messages before it are delivered first.  Missing
 * messages end the claim, until the group skips an id among them (mq-ctl skip).
 */
#ifndef MQS_EMBEDDED_CONSUME_EXAMINE_H
#define MQS_EMBEDDED_CONSUME_EXAMINE_H

#include "embedded/consume_select.h"
#include "embedded/queue/group_held.h"

/* Looks at a message that is held as ready. */
int	mqs_examine_ready(struct mqs_claim *, const struct mqs_held *, struct mqs_error *err);
/* The same for a consumer that does not want all messages; the others stay held. */
int	mqs_examine_ready_wanted(struct mqs_claim *, const struct mqs_held *, struct mqs_error *err);
/*
 * Looks at the next record beyond the main cursor, where the claim's reader is:
 * MQS_NOTHING at the end.
 */
int	mqs_examine_next(struct mqs_claim *, struct mqs_error *err);
/* Moves the main cursor to the end of the log, when no record is left beyond it. */
int	mqs_examine_end(struct mqs_claim *, struct mqs_error *err);
/*
 * Verifies the last record that was looked at, so that the main cursor stands at a right
 * place.
 */
int	mqs_examine_last(struct mqs_claim *, struct mqs_error *err);
/*
 * Looks at a message of the index, which the main cursor has yet to reach.  MQS_NOTHING: the
 * entry of the index is damaged; the main cursor will come to the message.
 */
int	mqs_examine_ahead(struct mqs_claim *, uint64_t id, unsigned priority, struct mqs_error *err);

#endif
