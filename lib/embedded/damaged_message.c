/*
 * damaged_message.c - see damaged_message.h
 *
 * A damaged message stops its group: whether nobody needs it is for a person to say.  So the
 * error ends with the command that says it.
 */
#include <stdio.h>
#include <string.h>

#include "base/advice.h"
#include "base/error.h"
#include "embedded/damaged_message.h"

int
mqs_tell_skip(const struct mqs_group *group, uint64_t id, const struct mqs_error *why,
    struct mqs_error *err)
{
	char command[MQS_CTL_SIZE + 2 * MQS_NAME_MAX + 64], ctl[MQS_CTL_SIZE];
	const struct mqs_dir *dir = &group->log->dir;

	(void)snprintf(command, sizeof(command), "to go on without it: %s skip %s/%s %llu",
	    mqs_ctl(ctl, dir->path), dir->name, group->name, (unsigned long long)id);
	/* The command is not what may be cut off. */
	return mqs_fail(err, why->code, "%.*s; %s", MQS_ERROR_TEXT - (int)strlen(command) - 3,
	    why->text, command);
}
