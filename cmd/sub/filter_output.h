/* sub/filter_output.h - what a command printed, made into messages of another queue */
#ifndef MQ_CMD_SUB_FILTER_OUTPUT_H
#define MQ_CMD_SUB_FILTER_OUTPUT_H

#include "message/envelope.h"
#include "message/framing.h"
#include "mqspool.h"
#include "sub/arena.h"

struct filter_output {
	struct mqs_publisher *publisher;
	struct mqs_slice delim;		/* of records; empty: all is one message */
	int		 json;		/* records are envelopes */
	struct mqs_slice key, headers;	/* of all messages, or to fill what envelopes lack */
	uint32_t	 input;		/* number of the input in the batch, for filter_output_refused */
	struct arena	 arena;		/* copies of the records in the batch, until the flush */
	char		 fault[MQS_ERROR_TEXT];	/* why the last output is no messages */
	int		 broken;	/* it is, but they break the schema of their queue */

	struct mqs_envelope envelope;	/* reused for each record */
	struct mqs_buf	 filled;
	unsigned long long number;	/* of the current record */
	unsigned	 large;		/* large bodies so far */
	struct mqs_message long_message; /* the record that comes in pieces */
};

/*
 * Sends the messages in a file to the publisher.  MQS_EDATA: the file can't be parsed into
 * messages, or (broken) they break the schema; fault says why.  MQS_EBUSY: the batch has no room for all of them.  After
 * any error some of them may have been sent.
 */
int	filter_output_send(struct filter_output *, int fd, struct mqs_error *err);
/*
 * The flush has refused the message with this tag, since it breaks a schema that was set after
 * it was sent: fault says so, and the number of its input is returned.
 */
uint32_t filter_output_refused(struct filter_output *, uint64_t tag, const char *queue,
	    const char *why);
void	filter_output_free(struct filter_output *);

#endif
