/* redrive_state.h - a redrive at work; see redrive.h */
#ifndef MQS_AMQP_REDRIVE_STATE_H
#define MQS_AMQP_REDRIVE_STATE_H

#include "amqp/consumer.h"
#include "amqp/redrive.h"

struct mqs_amqp_redrive {
	struct mqs_spool	*spool;
	const char		*queue;
	const struct mqs_redrive_options *options;
	struct mqs_redriven	*out;
	struct mqs_amqp_redrive_targets targets;
	struct mqs_consumer	*c;
	uint64_t		 generation;	/* of the consumer's channel */
	uint64_t		 passed, others; /* that were passed over in it; others are no letters */
	uint64_t		 left;		/* in the group at the end */
	uint64_t		 seen;		/* deliveries, when something was last seen to come, */
	int64_t			 seen_at;	/* by mqs_boottime; 0: never */
	uint64_t		 acked;		/* letters, when a copy was last refused */
	int64_t			 refused_at;	/* since when no other comes, by mqs_boottime; 0: never */
	uint32_t		 ready, consumers;
	int			 failed;	/* the first error about a group where letters died */
	struct mqs_error	 why;
	char			 name[MQS_AMQP_NAME_SIZE];	/* of the group `redrive' */
	int			 taken;		/* it is there */
};

/* Takes all letters, or as many as were asked for, and waits for their copies. */
int	mqs_amqp_redrive_letters(struct mqs_amqp_redrive *, struct mqs_error *err);
/* Asks for ready and consumers. */
int	mqs_amqp_redrive_count(struct mqs_amqp_redrive *, struct mqs_amqp_connection *, struct mqs_error *err);

#endif
