/*
 * consume_outcome.h - what becomes of a message that a claim looks at
 *
 * The claim takes it, or the group holds it (it is not due yet, or its key is busy), or passes
 * over it (it is for others), or it has expired.
 */
#ifndef MQS_EMBEDDED_CONSUME_OUTCOME_H
#define MQS_EMBEDDED_CONSUME_OUTCOME_H

#include "embedded/consume_select.h"

/* 1 if a message is for a group: by its bindings, or because it is for that group alone. */
int	mqs_outcome_is_for(const struct mqs_group *, const struct mqs_record *);
/* Decides about a message that the group has not looked at before. */
int	mqs_outcome_new(struct mqs_claim *, const struct mqs_record *, struct mqs_error *err);
/* The claim takes it; or, where all messages are looked at first, it is held as ready. */
int	mqs_outcome_give(struct mqs_claim *, const struct mqs_entry *, struct mqs_error *err);
/* The same if the consumer wants it; else it is held as ready, for others. */
int	mqs_outcome_give_wanted(struct mqs_claim *, const struct mqs_entry *, const struct mqs_message *,
	    struct mqs_error *err);
/* The claim takes it in any case. */
static inline void
mqs_outcome_take(struct mqs_claim *cl, const struct mqs_entry *e)
{
	cl->entries[cl->n++] = *e;
}
/* 1 if this consumer wants a message, which is asked once of each. */
int	mqs_outcome_wanted(struct mqs_claim *, const struct mqs_entry *, const struct mqs_message *);
/* 1 if its time is over. */
int	mqs_outcome_is_expired(const struct mqs_claim *, const struct mqs_message *);
/* The same, after its record was verified, since such a message is dropped unseen; or an error. */
int	mqs_outcome_expired(struct mqs_claim *, struct mqs_record *, struct mqs_error *err);
/* It has expired: it is dropped, or becomes a dead letter. */
int	mqs_outcome_expire(struct mqs_claim *, const struct mqs_entry *, struct mqs_error *err);

#endif
