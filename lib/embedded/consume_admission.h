/*
 * consume_admission.h - whether a consumer may be given messages now
 *
 * Three things can prevent it although there are messages: the queue or the group is paused;
 * the group has max-leased deliveries out; or the group is exclusive, and another consumer
 * is the active one.  To a consumer, a pause is like an empty queue.  The other two count as
 * being held back, so that it does not end (mq-sub -e) because of them.
 *
 * The transaction decides.  The preview before it only avoids transactions that would give
 * nothing.  It goes by settings that may be old, and in doubt lets the transaction decide.
 *
 * Exclusive groups: the state names the owner file of the active consumer.  While that
 * consumer lives, or a handler of it, the others stand by.  After that, the first one whose
 * transaction comes becomes the active one.  A consumer that closes gives its place up; one
 * that crashes leaves the name of a dead owner, which counts as none.
 */
#ifndef MQS_EMBEDDED_CONSUME_ADMISSION_H
#define MQS_EMBEDDED_CONSUME_ADMISSION_H

#include "embedded/consume_state.h"
#include "embedded/queue/group_tx.h"

/*
 * Looks before a transaction.  *work says whether there are messages.  It becomes 0 if this
 * consumer would not be given them now (then c->held_back says whether it is held back), and
 * 1 if it could become the active consumer.  1 in *paused: queue or group is paused.
 */
int	mqs_admission_preview(struct mqs_consumer *, const uint64_t v[MQS_GROUP_VALUES],
	    const uint64_t lv[MQS_LOG_VALUES], int *work, int *paused, struct mqs_error *err);
/*
 * Decides within a transaction: lowers *max to the number of messages that may be given, and
 * makes this the active consumer of an exclusive group if there is none.
 */
int	mqs_admission_grant(struct mqs_consumer *, struct mqs_group_tx *,
	    const uint64_t lv[MQS_LOG_VALUES], size_t *max, struct mqs_error *err);
/* 1 if the group's state names this consumer as the active one. */
int	mqs_admission_is_active(const struct mqs_consumer *, const uint64_t v[MQS_GROUP_VALUES]);

#endif
