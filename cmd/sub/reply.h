/* sub/reply.h - sending what a command prints to the caller who published its message */
#ifndef MQ_CMD_SUB_REPLY_H
#define MQ_CMD_SUB_REPLY_H

#include "mqspool.h"
#include "sub/handler.h"
#include "sub/sub.h"

/*
 * MQS_OK: run the command; if a caller waits, its output is kept in a file.  MQS_NOTHING:
 * the caller has its reply already, and the message was acked.
 */
int	reply_prepare(struct sub *, struct handler *, const struct mqs_message *,
	    struct mqs_error *);
/* The command has ended: sends the reply, if a caller waits, and makes `how' an ack. */
void	reply_send(struct sub *, const struct handler *, struct mqs_settlement *how);

#endif
