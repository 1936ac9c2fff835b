/*
 * consume_reclaim.h - takes back the messages that dead consumers held
 */
#ifndef MQS_EMBEDDED_CONSUME_RECLAIM_H
#define MQS_EMBEDDED_CONSUME_RECLAIM_H

#include "embedded/consume_state.h"
#include "embedded/settle_transaction.h"

/*
 * 1 in *wanted if some lease must be taken back; c->lease_due becomes the time of the next
 * one.
 */
int	mqs_reclaim_wanted(struct mqs_consumer *, int *wanted, struct mqs_error *err);
/* Takes back what dead consumers held, within the caller's transaction. */
int	mqs_reclaim(struct mqs_consumer *, struct mqs_settle_tx *, struct mqs_error *err);
/* After it was committed: removes the owner files of the dead that no lease names any more. */
int	mqs_reclaim_owner_files(struct mqs_consumer *, struct mqs_error *err);

#endif
