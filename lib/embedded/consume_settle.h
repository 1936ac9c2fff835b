/*
 * consume_settle.h - carries out the settlings that a consumer has collected
 *
 * Acks come first, then requests (consume_collect.h).  An ack of a whole lease up to its
 * last message removes the lease without decoding it.
 */
#ifndef MQS_EMBEDDED_CONSUME_SETTLE_H
#define MQS_EMBEDDED_CONSUME_SETTLE_H

#include "embedded/consume_state.h"
#include "embedded/settle_transaction.h"

/*
 * Settles all that is collected, within the caller's transaction; it stays collected until
 * the commit.
 */
int	mqs_settle_collected(const struct mqs_consumer *, struct mqs_settle_tx *, struct mqs_error *err);

#endif
