/* pub/call.h - mq-pub --call: one message, and the reply to it */
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
	int64_t		 expires;	/* the message's, by the judged clock; 0: never */
	int		 taken;		/* a message was */
};

/* Opens the mailbox and adds its header; the time that was given runs from now. */
void	call_begin(struct pub_call *, struct mqs_spool *, const char *queue,
	    struct mqs_buf *headers);
/* Why a message can't be called with, or NULL; gives it what a call's has. */
const char *call_fill(struct pub_call *, struct mqs_message *);
/*
 * All of the input was published: waits for the reply and prints it: the exit status.
 * Ends the tool if there is none.
 */
int	call_finish(struct pub_call *, const struct batch *);

#endif
