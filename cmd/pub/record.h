/* pub/record.h - records of mq-pub's input made into messages */
#ifndef MQ_CMD_PUB_RECORD_H
#define MQ_CMD_PUB_RECORD_H

#include "message/envelope.h"
#include "message/framing.h"
#include "mqspool.h"
#include "pub/batch.h"
#include "pub/call.h"
#include "pub/delivery_options.h"
#include "pub/read_ahead.h"
#include "pub/reject.h"

struct recorder {
	struct batch	*batch;
	struct reject	*reject;	/* NULL: the first bad record ends the run */
	struct mqs_message base;	/* key and headers that were given as options */
	struct delivery_options	 delivery;		/* and what else they say of each message */
	char		 key_delim[MQS_DELIM_MAX];
	size_t		 key_delim_len;	/* 0: no -K */
	int		 json;
	int		 keep;		/* records do not stay until the batch is flushed */

	const char	*source;	/* "stdin", a file's name, "command line" */
	const char	*unit;		/* "record", "message"; NULL: the source is one */
	uint64_t	 number;	/* of the record that is being read */
	struct pub_call	*call;		/* NULL: no --call */
	int		 bad_status;	/* what a bad record ends the run with */

	struct mqs_envelope envelope;	/* reused for each record */
	struct mqs_buf	 headers;	/* an envelope's, with those of base */
	struct mqs_message long_message; /* the record that comes in pieces */
	int		 long_bad;	/* it is bad; its remainder is passed over */
};

/* Takes a whole record, or a piece of one, as mqs_split_next gives them. */
void	record_take(struct recorder *, enum mqs_piece, struct mqs_slice);
/* Takes some of n pieces, one at least: how many.  Like ones are taken together. */
size_t	record_take_some(struct recorder *, const struct piece *, size_t n);
/* Drops a record of which the last piece has not come. */
void	record_drop(struct recorder *);
/*
 * The current record is bad for this reason.  Returns only with --reject-to; else
 * what came before it is published, and the tool ends.
 */
void	record_bad(struct recorder *, const char *reason);
void	record_free(struct recorder *);

#endif
