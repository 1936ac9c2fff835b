/*
 * damaged_message.h - the error about a damaged message, with the command that helps
 */
#ifndef MQS_EMBEDDED_DAMAGED_MESSAGE_H
#define MQS_EMBEDDED_DAMAGED_MESSAGE_H

#include <stdint.h>

#include "mqspool.h"

/*
 * Adds to `why', which says what is wrong with a message, how its group goes on without it.
 * Returns why->code.
 */
int	mqs_tell_skip(const char *queue, const char *group, uint64_t id,
	    const struct mqs_error *why, struct mqs_error *err);

#endif
