/*
 * common/open_spool.c - the spool, opened as the options and the environment say
 *
 * No spool is handed to a tool before the engine has been asked whether it can honour the
 * options, and whether what may be ids are some, so that a refusal leaves nothing behind.
 *
 * The library calls back into the tool: damage of the spool ends the tool, a notice is
 * printed, and a signal that asks to stop ends the library's waits.
 */
#include "common/common_options.h"
#include "common/damage.h"
#include "common/diagnostics.h"
#include "common/environment.h"
#include "common/open_spool.h"
#include "common/position.h"
#include "common/signals.h"
#include "common/tool.h"

static unsigned notices;

static void
on_notice(void *arg, const char *text)
{
	(void)arg;
	notices++;
	complain("%s", text);
}

struct mqs_spool *
open_spool(unsigned flags)
{
	struct mqs_options options = { .clock_shift = common.clock_shift,
	    .map_size = environment_map_size(), .engines = environment_engines(),
	    .helpers = environment_helpers(),
	    .interrupted = interrupted,
	    .on_damage = damage_found, .notice = on_notice, .progress = common.progress };
	struct mqs_error err;
	struct mqs_spool *spool;

	options.flags = common.autocreate ? flags : flags & ~MQS_AUTOCREATE;
	if (mqs_spool_open(&spool, common.spool, &options, &err) != 0)
		fail_error(&err);
	tool_ask(spool);
	position_check(spool);
	return spool;
}

unsigned
spool_notices(void)
{
	return notices;
}
