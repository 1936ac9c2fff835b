/*
 * consume_admission.h - whether a consumer may be given messages
 *
 * What stands in the way although there are messages: the queue or the group is paused,
 * the group holds max-leased deliveries, or (exclusive) another consumer is the active
 * one.  A pause counts as having nothing; the others as being held back.
 *
 * The transaction decides; the look before it only saves transactions that would give
 * nothing, and goes by settings that may be old: then it lets through.
 *
 * Exclusive: the state names the owner that is active.  While that lives, or a handler
 * of it does, all others stand by; then the first transaction of another takes its
 * place.  A clean close gives the place up; a crash leaves the name of a dead owner.
 */
#ifndef MQS_EMBEDDED_CONSUME_ADMISSION_H
#define MQS_EMBEDDED_CONSUME_ADMISSION_H

#include "embedded/consume_state.h"
#include "embedded/queue/group_tx.h"

/*
 * Before a transaction: *work is whether there is something to be had; it becomes 0 if
 * that is not given to this consumer now (c->held_back: it is being held back), and 1
 * if the consumer could become the active one.  *paused: nothing is given out at all.
 */
int	mqs_admission_preview(struct mqs_consumer *, const uint64_t v[MQS_GROUP_VALUES],
	    const uint64_t lv[MQS_LOG_VALUES], int *work, int *paused, struct mqs_error *err);
/* In one: lowers *max to what may be given; makes it the active consumer if it can be. */
int	mqs_admission_grant(struct mqs_consumer *, struct mqs_group_tx *,
	    const uint64_t lv[MQS_LOG_VALUES], size_t *max, struct mqs_error *err);
/* 1 if the state names this consumer as the active one. */
int	mqs_admission_is_active(const struct mqs_consumer *, const uint64_t v[MQS_GROUP_VALUES]);

#endif
