/* sub/handler_env.h - a command's environment */
#ifndef MQ_CMD_SUB_HANDLER_ENV_H
#define MQ_CMD_SUB_HANDLER_ENV_H

#include <stddef.h>

#include "mqspool.h"
#include "sub/handler.h"

/* What all starts of the command have in common; 0 or an error. */
int	handler_command_init(struct handler_command *, char **argv, const char *spool,
	    struct mqs_error *err);
void	handler_command_free(struct handler_command *);
/* Puts a message into the environment; nothing of it is borrowed afterwards. */
int	handler_describe(struct handler_command *, const struct mqs_consumer *,
	    const char *queue, const char *group, const struct mqs_message *,
	    struct mqs_error *err);
/* The same for a number of messages at once, of which only the number is told. */
int	handler_describe_batch(struct handler_command *, const char *queue,
	    const char *group, size_t count, struct mqs_error *err);
/* 1 if the message's part of the environment may be what made it too large. */
int	handler_described_at_length(const struct handler_command *);

#endif
