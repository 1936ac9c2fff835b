/*
 * damaged_message.c - see damaged_message.h
 *
 * A damaged message stops its group: whether nobody needs it is for a person to say.  So the
 * error ends with the command that says it.
 */
#include <stdio.h>

#include "base/error.h"
#include "embedded/damaged_message.h"

int
mqs_tell_skip(const char *queue, const char *group, uint64_t id, const struct mqs_error *why,
    struct mqs_error *err)
{
	char command[2 * MQS_NAME_MAX + 64];

	(void)snprintf(command, sizeof(command), "to go on without it: mq-ctl skip %s/%s %llu",
	    queue, group, (unsigned long long)id);
	/* The command is not what may be cut off. */
	return mqs_fail(err, why->code, "%.*s; %s", MQS_ERROR_TEXT - (int)sizeof(command) - 3,
	    why->text, command);
}
