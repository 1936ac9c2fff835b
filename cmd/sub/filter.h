/* sub/filter.h - mq-sub --to: what commands print is published, exactly once */
#ifndef MQ_CMD_SUB_FILTER_H
#define MQ_CMD_SUB_FILTER_H

#include "mqspool.h"
#include "sub/filter_output.h"
#include "sub/handler.h"
#include "sub/sub.h"

/* A command that has ended well: its outputs are in the batch, its input waits for them. */
struct filtered {
	uint64_t	 seq, lease;
	struct mqs_run	*run;
};

struct filter {
	struct sub	*sub;
	struct filter_output output;
	int			 never;		/* the last output can never fit the limits */
	struct filtered	*waiting;
	size_t		 n;
	int64_t		 due;		/* when they should be published, at the latest */
};

/* Opens the queue that the outputs go to. */
int	filter_init(struct filter *, struct sub *, struct mqs_error *err);
/* Frees it; inputs whose outputs were not published are not settled. */
void	filter_free(struct filter *);
/*
 * Gives a command the file for its output, and keeps what --copy-meta copies; or
 * MQS_NOTHING: the outputs of this message are there, and it was acked.
 */
int	filter_prepare(struct filter *, struct handler *, const struct mqs_message *,
	    struct mqs_error *err);
/*
 * A command has ended with 0.  MQS_NOTHING: its outputs are in the batch, and the rest is
 * filter_flush's, its run too; MQS_OK: they are not, `how' (with its reason) says what is
 * to be done about the message.
 */
int	filter_take(struct filter *, struct handler *, struct mqs_settlement *how,
	    struct mqs_error *err);
/* Publishes the batch, then settles what it was made of; _due: if it is time to. */
int	filter_flush(struct filter *, struct mqs_error *err);
int	filter_flush_due(struct filter *, struct mqs_error *err);
/* How long, in ns, until it is time to: -1 if there is nothing to publish. */
int64_t	filter_patience(const struct filter *);

#endif
