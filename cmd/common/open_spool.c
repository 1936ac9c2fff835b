/*
 * common/open_spool.c - the spool, opened as the options and the environment say
 *
 * The library calls back into the tool: damage of the spool ends the tool, a notice is
 * printed, and a signal that asks to stop ends the library's waits.
 */
#include "common/common_options.h"
#include "common/damage.h"
#include "common/diagnostics.h"
#include "common/environment.h"
#include "common/open_spool.h"
#include "common/signals.h"

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
	    .map_size = environment_map_size(), .interrupted = interrupted,
	    .on_damage = damage_found, .notice = on_notice };
	struct mqs_error err;
	struct mqs_spool *spool;

	options.flags = common.autocreate ? flags : flags & ~MQS_AUTOCREATE;
	if (mqs_spool_open(&spool, common.spool, &options, &err) != 0)
		fail_error(&err);
	return spool;
}
