/* pub/call.h - mq-pub --call: publishing one message, and waiting for the reply */
#ifndef MQ_CMD_PUB_CALL_H
#define MQ_CMD_PUB_CALL_H

#include <stdint.h>

#include "base/bytes.h"
#include "mqspool.h"
#include "pub/batch.h"

struct pub_call {
	struct mqs_call	*call;		/* NULL until there is a mailbox */
	int64_t		 wait;		/* for the reply, ns; -1: for ever */
	int64_t		 until;		/* CLOCK_BOOTTIME; 0: for ever */
	int64_t		 expires;	/* of the message, by the clock that $MQ_NOW shifts; 0: never */
	int		 taken;		/* there is a message already */
};

/* Makes the mailbox and adds its address to the headers; `wait' runs from now. */
void	call_begin(struct pub_call *, struct mqs_spool *, const char *queue,
	    struct mqs_buf *headers);
/* Makes a message a call (it expires with the wait): NULL, or why it can't be one. */
const char *call_fill(struct pub_call *, struct mqs_message *);
/*
 * After the input was published: waits for the reply, prints it, and returns the exit
 * status.  Without a reply the tool ends.
 */
int	call_finish(struct pub_call *, const struct batch *);

#endif
