/* sub/handler_body.h - the message's body as a command's stdin */
#ifndef MQ_CMD_SUB_HANDLER_BODY_H
#define MQ_CMD_SUB_HANDLER_BODY_H

#include "mqspool.h"

/* A descriptor from which a command reads the whole body: 0 or an error. */
int	handler_body(int *fd, const struct mqs_message *, struct mqs_error *err);

#endif
