/*
 * common/environment.c - what the environment says to every tool, and the spool opened so
 *
 * A variable that is set to nothing counts as not set.  One that is malformed ends the
 * tool with status 64 and is named.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/units.h"
#include "common/damage.h"
#include "common/environment.h"
#include "common/tool.h"

struct tool_common common = { .autocreate = 1 };

static const char *
environment(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

void
read_environment(void)
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
default_spool(void)
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
	if (dir == NULL)
		return "/var/spool/mq";
	if (asprintf(&path, "%s/%s", dir, below) < 0)
		fail(STATUS_SYSTEM, "%s", strerror(ENOMEM));
	return path;		/* kept until the end */
}

static void
on_notice(void *arg, const char *text)
{
	(void)arg;
	complain("%s", text);
}

struct mqs_spool *
open_spool(unsigned flags)
{
	struct mqs_options options = { .clock_shift = common.clock_shift,
	    .interrupted = interrupted, .on_damage = damaged,
	    .notice = on_notice };
	const char *map = environment("MQ_MAPSIZE"), *why;
	struct mqs_error err;
	struct mqs_spool *spool;
	uint64_t bytes;

	options.flags = common.autocreate ? flags : flags & ~MQS_AUTOCREATE;
	if (map != NULL) {
		if (mqs_parse_size(map, &bytes, &why) != 0)
			usage_error("MQ_MAPSIZE: '%s': %s", map, why);
		if (bytes == 0 || bytes > SIZE_MAX / 2)
			usage_error("MQ_MAPSIZE: '%s': out of range", map);
		options.map_size = (size_t)bytes;
	}
	if (mqs_spool_open(&spool, common.spool, &options, &err) != 0)
		fail_error(&err);
	return spool;
}
