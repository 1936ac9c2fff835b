/* ack/settle_receipts.h - receipts, from operands or from stdin, and their settling */
#ifndef MQ_CMD_ACK_SETTLE_RECEIPTS_H
#define MQ_CMD_ACK_SETTLE_RECEIPTS_H

#include "base/bytes.h"
#include "message/envelope.h"
#include "mqspool.h"

struct ack {
	const struct mqs_settlement *settlement; /* what is done with every receipt */
	int		 json;		/* every record of stdin is an envelope */
	char		 delim;		/* what ends a record of stdin */
	uint64_t	 settled;	/* deliveries */
	int		 status;	/* what the tool shall leave with */

	struct mqs_settler *settler;	/* these are private */
	struct mqs_buf	 receipts;	/* of the batch; a receipt's tag is its place there */
	struct mqs_buf	 held;		/* a long envelope that comes in pieces */
	struct mqs_envelope envelope;
	uint64_t	 number;	/* of the record */
};

/* Set the first three fields, the others zero.  All end the tool on failure. */
void	ack_open(struct ack *, struct mqs_spool *);
/* Settle n receipts, or those on stdin: 1, or 0 if a signal asked to stop before the end. */
int	ack_operands(struct ack *, char **receipts, int n);
int	ack_stdin(struct ack *);
void	ack_close(struct ack *);

#endif
