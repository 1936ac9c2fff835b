/*
 * common/common_options.c - what -s, -q, -v and the environment asked of this run
 *
 * One value for the whole process, for it has one command line and one environment.
 * common/tool.c fills it from the options, common/environment.c from the environment.
 */
#include "base/clock.h"
#include "common/common_options.h"

struct common_options common = { .autocreate = 1 };

int64_t
judged_now(void)
{
	return mqs_later(mqs_now(), common.clock_shift);
}
