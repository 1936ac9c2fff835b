/*
 * state.h - the numbers that a log or a group keeps under "state" in its main table
 *
 * A fixed row of 8-byte little-endian numbers, replaced as a whole in the transaction
 * that changes what they count.
 */
#ifndef MQS_QUEUE_STATE_H
#define MQS_QUEUE_STATE_H

#include "store/db.h"

#define MQS_STATE_MAX	64	/* numbers */

int	mqs_state_put(struct mqs_tx *, const uint64_t *v, unsigned n, struct mqs_error *err);
/* MQS_EDAMAGED if it is not there or of another length. */
int	mqs_state_get(struct mqs_tx *, uint64_t *v, unsigned n, struct mqs_error *err);

#endif
