/*
 * settle.h - settling deliveries: acknowledge, retry, release, reject, extend
 *
 * Each function works within a transaction that the caller begins and commits
 * (settle_transaction.h), so that any number of deliveries of one group is settled by one
 * commit.  A message that has used up its attempts becomes a dead letter
 * (dead_letter_make.h).
 */
#ifndef MQS_EMBEDDED_SETTLE_H
#define MQS_EMBEDDED_SETTLE_H

#include "embedded/settle_request.h"
#include "embedded/settle_transaction.h"

/*
 * Carries out one request.  What is wrong with this delivery alone stands in
 * request->code; an error that is returned means that the caller must abort.
 */
int	mqs_settle_delivery(struct mqs_settle_tx *, struct mqs_settle_request *, struct mqs_error *err);
/*
 * Takes back entry i of the loaded batch: its consumer is gone, or its lease ran out.
 * counted: a handler had started, so that this was an attempt.  If it was the last one,
 * the message becomes a dead letter, for that reason; else it is ready for delivery.
 */
int	mqs_settle_take_back(struct mqs_settle_tx *, size_t i, int counted, const char *reason,
	    struct mqs_error *err);

#endif
