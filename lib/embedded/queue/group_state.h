/*
 * group_state.h - the numbers that a group keeps about itself, and what follows from them
 *
 * They are kept under "state" (queue/state_values.h) in the group's file, change in the
 * same transaction as what they count, and are shown on the group's status page.
 */
#ifndef MQS_EMBEDDED_QUEUE_GROUP_STATE_H
#define MQS_EMBEDDED_QUEUE_GROUP_STATE_H

#include "embedded/queue/group.h"

/* Reads the state in a snapshot of its own. */
int	mqs_group_state(struct mqs_group *, uint64_t v[MQS_GROUP_VALUES], struct mqs_error *err);
/* Reads the state in a transaction of the group's file. */
int	mqs_group_read(struct mqs_tx *, uint64_t v[MQS_GROUP_VALUES], struct mqs_error *err);
/*
 * MQS_OK if that generation was committed and no crash can undo it; the group is synced for
 * that if need be, once for each generation.  MQS_NOTHING if it was not committed.
 */
int	mqs_group_generation_stands(struct mqs_group *, uint64_t generation, struct mqs_error *err);
/*
 * 1 if the group has seen messages that the log does not know.  Then the log is an older
 * copy that was restored, or was rolled back.  The log's state must not have been read
 * before the group's.
 */
int	mqs_group_ahead(const uint64_t v[MQS_GROUP_VALUES], const uint64_t lv[MQS_LOG_VALUES]);
/* The number of messages beyond the cursor that the group has not looked at. */
uint64_t mqs_group_unlooked(const uint64_t v[MQS_GROUP_VALUES], const uint64_t lv[MQS_LOG_VALUES]);
/* The number of messages that the group has yet to settle: those, and what is leased or held. */
uint64_t mqs_group_unsettled(const uint64_t v[MQS_GROUP_VALUES], const uint64_t lv[MQS_LOG_VALUES]);
/* The bytes of their bodies. */
uint64_t mqs_group_unsettled_bytes(const uint64_t v[MQS_GROUP_VALUES], const uint64_t lv[MQS_LOG_VALUES]);

#endif
