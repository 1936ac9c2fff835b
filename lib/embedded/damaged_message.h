/*
 * damaged_message.h - the error about a damaged message, with the command that helps
 */
#ifndef MQS_EMBEDDED_DAMAGED_MESSAGE_H
#define MQS_EMBEDDED_DAMAGED_MESSAGE_H

#include "embedded/queue/group.h"

/*
 * Writes to err the error `why' about a damaged message, and behind it the command by which
 * the group goes on without the message.  Returns why->code.
 */
int	mqs_tell_skip(const struct mqs_group *, uint64_t id, const struct mqs_error *why,
	    struct mqs_error *err);

#endif
