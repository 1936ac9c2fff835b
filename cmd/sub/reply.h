/* sub/reply.h - what a command prints goes back to who published its message */
#ifndef MQ_CMD_SUB_REPLY_H
#define MQ_CMD_SUB_REPLY_H

#include "mqspool.h"
#include "sub/handler.h"
#include "sub/sub.h"

/*
 * MQS_OK: run it, as one whose output goes back if somebody waits for it; MQS_NOTHING:
 * there is a reply already, and the message was acked.
 */
int	reply_prepare(struct sub *, struct handler *, const struct mqs_message *,
	    struct mqs_error *);
/* Its command has ended: replies, and changes `how' to what is left to do. */
void	reply_send(struct sub *, const struct handler *, struct mqs_settlement *how);

#endif
