/* sub/filter.h - mq-sub --to: publishing what commands print, exactly once */
#ifndef MQ_CMD_SUB_FILTER_H
#define MQ_CMD_SUB_FILTER_H

#include "mqspool.h"
#include "sub/filter_output.h"
#include "sub/handler.h"
#include "sub/sub.h"

/* An input whose outputs are in the batch, to be settled once they are published. */
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
	size_t		 refused;	/* of these: whose output a flush has refused, SIZE_MAX: none */
	int64_t		 due;		/* when the batch is published, at the latest */
};

/* Opens the queue that the outputs go to. */
int	filter_init(struct filter *, struct sub *, struct mqs_error *err);
/* Frees it; inputs whose outputs were not published are not settled. */
void	filter_free(struct filter *);
/*
 * Gives a command the file for its output, and keeps the key and headers for --copy-meta.
 * MQS_NOTHING: the outputs of this message were published before, and it was acked.
 */
int	filter_prepare(struct filter *, struct handler *, const struct mqs_message *,
	    struct mqs_error *err);
/*
 * A command has ended with 0.  MQS_NOTHING: its outputs are in the batch, and filter_flush
 * settles the message and frees the run.  MQS_OK: its outputs can't be published, and the
 * caller settles the message as `how' says.
 */
int	filter_take(struct filter *, struct handler *, struct mqs_settlement *how,
	    struct mqs_error *err);
/*
 * Publishes the batch, then settles its inputs; filter_flush_due: if it is time to.  If the
 * queue has got a schema meanwhile that an output breaks, its input is rejected, and the
 * others are released.
 */
int	filter_flush(struct filter *, struct mqs_error *err);
int	filter_flush_due(struct filter *, struct mqs_error *err);
/* How long, in ns, until it is time to publish: -1 if there is nothing to. */
int64_t	filter_patience(const struct filter *);

#endif
