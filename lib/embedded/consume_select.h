/*
 * consume_select.h - selects the messages that a claim takes, and their order
 */
#ifndef MQS_EMBEDDED_CONSUME_SELECT_H
#define MQS_EMBEDDED_CONSUME_SELECT_H

#include "embedded/consume_state.h"
#include "embedded/settle_transaction.h"

#define MQS_CLAIM_MAX	(16 * MQS_BATCH_MAX)	/* messages in one transaction */
/*
 * Ids ascend within a batch.  The messages of each of ten priorities are taken in
 * ascending order.
 */
#define MQS_CLAIM_LEASES	(MQS_CLAIM_MAX / MQS_BATCH_MAX + 10)

struct mqs_claim {
	struct mqs_consumer	*c;
	struct mqs_settle_tx	 stx;
	uint64_t		 lv[MQS_LOG_VALUES];	/* the log's state, as the reader sees it */
	struct mqs_entry	*entries;	/* taken, in the order in which they go out */
	size_t			 n, max;
	uint64_t		 from_sort, from_id;	/* the consumer's wanted.from_ before it */
	size_t			 passed;	/* messages looked at, taken or not */
	int			 survey;	/* new messages are held as ready; no message is taken */
	int			 closely;	/* the log is verified: an id or ordinal was out of order */
	int			 suspect;	/* it ended because of such a one */
	int			 first;		/* the message that is looked at is the first behind the cursor */
	int			 stop;		/* messages are missing behind what was taken */
	struct mqs_slice	 last;		/* the record that the cursor came to last */
	struct {
		uint64_t	number;
		size_t		n;
	}			 leases[MQS_CLAIM_LEASES];	/* of n entries each, in their order */
	size_t			 nleases;
	int64_t			 now;		/* judged */
	int			 plain_matches;	/* the bindings match a message without key and headers */
	int			 capped;	/* max was lowered by consume_admission.h */
};

/* Takes up to cl->max messages that may go out now, within the claim's transaction. */
int	mqs_claim_select(struct mqs_claim *, struct mqs_error *err);

#endif
