/*
 * consume_outcome.h - decides what becomes of a message that a claim looks at
 *
 *	passed		the message is for another group, or no binding matches it
 *	expired		its time to live is over: dropped, or made a dead letter
 *	held, waiting	it is delayed, and not due yet
 *	parked		the group is ordered, and another message of its key is out
 *	held, ready	this consumer does not want it (c->wanted): it stays for others
 *	taken		else
 */
#ifndef MQS_EMBEDDED_CONSUME_OUTCOME_H
#define MQS_EMBEDDED_CONSUME_OUTCOME_H

#include "embedded/consume_select.h"

/* 1 if a message is for a group: by its bindings, or because it is for that group alone. */
int	mqs_outcome_is_for(const struct mqs_group *, const struct mqs_record *);
/* Decides about a message that the group has not looked at before. */
int	mqs_outcome_new(struct mqs_claim *, const struct mqs_record *, struct mqs_error *err);
/*
 * Takes a message; while the claim surveys all new messages (consume_select.c), holds it
 * as ready instead.
 */
int	mqs_outcome_give(struct mqs_claim *, const struct mqs_entry *, struct mqs_error *err);
/* The same if the consumer wants the message; else holds it as ready, for others. */
int	mqs_outcome_give_wanted(struct mqs_claim *, const struct mqs_entry *, const struct mqs_message *,
	    struct mqs_error *err);
/* Takes a message in any case. */
static inline void
mqs_outcome_take(struct mqs_claim *cl, const struct mqs_entry *e)
{
	cl->entries[cl->n++] = *e;
}
/* 1 if this consumer wants a message; it is asked once about each. */
int	mqs_outcome_wanted(struct mqs_claim *, const struct mqs_entry *, const struct mqs_message *);
/* 1 if the time to live of a message is over. */
int	mqs_outcome_is_expired(const struct mqs_claim *, const struct mqs_message *);
/* The same, or an error.  Verifies the record first, because an expired message is dropped. */
int	mqs_outcome_expired(struct mqs_claim *, struct mqs_record *, struct mqs_error *err);
/* Drops an expired message, or makes it a dead letter. */
int	mqs_outcome_expire(struct mqs_claim *, const struct mqs_entry *, struct mqs_error *err);

#endif
