/* pub/record.h - records of mq-pub's input made into messages */
#ifndef MQ_CMD_PUB_RECORD_H
#define MQ_CMD_PUB_RECORD_H

#include "message/envelope.h"
#include "message/framing.h"
#include "mqspool.h"
#include "pub/batch.h"
#include "pub/call.h"
#include "pub/delivery_options.h"
#include "pub/mirror.h"
#include "pub/read_ahead.h"
#include "pub/reject.h"

struct recorder {
	struct batch	*batch;
	struct reject	*reject;	/* NULL: the first bad record ends the run */
	struct mqs_message base;	/* key and headers from options */
	struct delivery_options	 delivery;		/* and what else they say of each message */
	char		 key_delim[MQS_DELIM_MAX];
	size_t		 key_delim_len;	/* 0: no -K */
	int		 json;
	int		 keep;		/* the buffer is reused before the flush: copy records */

	const char	*source;	/* "stdin", a file's name, "command line" */
	const char	*unit;		/* "record", "message"; NULL: all of the source is one */
	char		**paths;	/* -F: record N is the file paths[N - 1]; NULL */
	uint64_t	 number;	/* of the current record */
	struct pub_call	*call;		/* NULL: no --call */
	struct mirror	*mirror;	/* NULL: no --mirror */
	int		 bad_status;	/* what a bad record ends the run with */

	struct mqs_envelope envelope;	/* reused for each record */
	struct mqs_buf	 headers;	/* an envelope's headers and those of base */
	struct mqs_message long_message; /* the record that comes in pieces */
	int		 long_bad;	/* that record is bad: its other pieces are skipped */
};

/* Takes a whole record, or a piece of one, as mqs_split_next gives them. */
void	record_take(struct recorder *, enum mqs_piece, struct mqs_slice);
/* Takes at least one of n pieces and returns how many.  Plain records go together. */
size_t	record_take_some(struct recorder *, const struct piece *, size_t n);
/* Forgets a record whose last piece has not come. */
void	record_drop(struct recorder *);
/*
 * The current record is bad for this reason.  With --reject-to it is put aside.  Without,
 * the records before it are published and the tool ends.
 */
void	record_bad(struct recorder *, const char *reason);
/* A record that was added broke the schema: ends the tool.  For batch.bad. */
void	record_refused(void *recorder, uint64_t number, const char *why)
	    __attribute__((noreturn));
void	record_free(struct recorder *);

#endif
