/*
 * pub/refused.h - records that break the schema of the queue
 *
 * The library says so when the batch is flushed, long after the record was read.  Without
 * --reject-to, the first one ends the run.  With it, the record is written to that file: of
 * a plain record the message has every byte; an envelope is kept until the flush.
 */
#ifndef MQ_CMD_PUB_REFUSED_H
#define MQ_CMD_PUB_REFUSED_H

#include "base/bytes.h"
#include "mqspool.h"
#include "pub/reject.h"

struct refused {
	struct reject	*reject;	/* NULL: no --reject-to */
	struct mqs_slice key_delim;	/* between key and body of a record; empty: no -K */
	int		 json;		/* records are envelopes */
	struct mqs_buf	*receipts;	/* lines to print, from which those of refused records go */

	struct mqs_buf	 lines;		/* envelopes of the batch, */
	struct mqs_buf	 entries;	/* and where each is */
	size_t		 next;		/* the entry to look at first */
	size_t		 cut;		/* bytes that went from receipts for the entries before it */
	uint64_t	 count;		/* records of this batch that were put aside */
	uint64_t	 number;	/* the record that ends the run; 0: none does */
	char		 why[MQS_ERROR_TEXT];
};

/*
 * Keeps the envelope of a record that was added to the batch, where it may be needed.
 * receipt: where in `receipts' its receipt stands.
 */
void	refused_keep(struct refused *, uint64_t number, struct mqs_slice line, size_t receipt);
/* What mqs_publisher_options.refused does; tag is the record's number. */
int	refused_record(struct refused *, uint64_t tag, const struct mqs_message *, const char *why);
/* The batch was flushed. */
void	refused_flushed(struct refused *);
void	refused_free(struct refused *);

#endif
