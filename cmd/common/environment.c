/*
 * common/environment.c - the environment's variables that every tool reads
 *
 * A variable that is set to nothing counts as not set.  One that is malformed ends the
 * tool with status 64, and the message names it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/units.h"
#include "common/common_options.h"
#include "common/diagnostics.h"
#include "common/environment.h"
#include "common/exit_status.h"

static const char *
environment(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

void
environment_read(void)
{
	const char *now = environment("MQ_NOW"), *why;
	const char *create = environment("MQ_AUTOCREATE");

	if (now != NULL &&
	    mqs_parse_clock_shift(now, mqs_now(), &common.clock_shift, &why) != 0)
		usage_error("MQ_NOW: '%s': %s", now, why);
	if (create == NULL)
		return;
	if (strcmp(create, "no") == 0)
		common.autocreate = 0;
	else if (strcmp(create, "yes") != 0)
		usage_error("MQ_AUTOCREATE: '%s': not yes or no", create);
}

const char *
environment_spool(void)
{
	const char *dir, *below;
	char *path;

	if ((dir = environment("MQ_SPOOL")) != NULL)
		return dir;
	below = "mq";
	dir = environment("XDG_STATE_HOME");
	if (dir == NULL || dir[0] != '/') {
		below = ".local/state/mq";
		dir = environment("HOME");
	}
	if (dir == NULL || dir[0] != '/')
		return "/var/spool/mq";
	if (asprintf(&path, "%s/%s", dir, below) < 0)
		fail(STATUS_SYSTEM, "%s", strerror(ENOMEM));
	return path;		/* kept until the tool ends */
}

const char *
environment_engines(void)
{
	return environment("MQ_ENGINES");
}

const char *
environment_helpers(void)
{
	return environment("MQ_LIBEXEC");
}

size_t
environment_map_size(void)
{
	const char *map = environment("MQ_MAPSIZE"), *why;
	uint64_t bytes;

	if (map == NULL)
		return 0;
	if (mqs_parse_size(map, &bytes, &why) != 0)
		usage_error("MQ_MAPSIZE: '%s': %s", map, why);
	if (bytes == 0 || bytes > SIZE_MAX / 2)
		usage_error("MQ_MAPSIZE: '%s': out of range", map);
	return (size_t)bytes;
}
