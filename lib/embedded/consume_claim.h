/* consume_claim.h - what a consumer that ends has to write, beside what it gives back */
#ifndef MQS_EMBEDDED_CONSUME_CLAIM_H
#define MQS_EMBEDDED_CONSUME_CLAIM_H

#include "embedded/consume_state.h"

/*
 * Lets the cursor pass what the consumer has passed in memory (consume_unmatched.h), if
 * there is any.  Of what came since, it holds as ready what matches.
 */
int	mqs_claim_pass_unmatched(struct mqs_consumer *, struct mqs_error *err);

#endif
