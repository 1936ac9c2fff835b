/*
 * state_values.h - the numbers that a log or a group keeps about itself
 *
 * They are stored in the main table under "state", as a row of MQS_STATE_MAX 8-byte
 * little-endian numbers.  The row is replaced as a whole, by the transaction that changes
 * what the numbers count.  Numbers without a meaning are 0, so that a later version can give
 * them one without changing the format.  The last number is the XXH3-64 of those before it:
 * what is delivered, and what may be removed, follows from the row, and it is verified
 * whenever it is read.
 */
#ifndef MQS_EMBEDDED_QUEUE_STATE_VALUES_H
#define MQS_EMBEDDED_QUEUE_STATE_VALUES_H

#include "embedded/store/lmdb/entry.h"

#define MQS_STATE_MAX	64	/* numbers, as many as a status page has */
#define MQS_STATE_USABLE	63	/* of these, without the checksum */

/* Stores the first n numbers, at most MQS_STATE_USABLE, and 0 for the others. */
int	mqs_state_put(struct mqs_tx *, const uint64_t *v, unsigned n, struct mqs_error *err);
/* Reads the first n; MQS_EDAMAGED if the row is not there, or has another length or checksum. */
int	mqs_state_get(struct mqs_tx *, uint64_t *v, unsigned n, struct mqs_error *err);
/* Decodes the first n of a row that was found somewhere: 0, or -1 if it is damaged. */
int	mqs_state_decode(struct mqs_slice row, uint64_t *v, unsigned n);

#endif
