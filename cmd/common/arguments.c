/*
 * common/arguments.c - the arguments of options, and operands that name queues
 *
 * What is malformed ends the tool with status 64; the message names the option, the
 * argument as it was given, and what is wrong with it.
 */
#include <bsd/stdlib.h>

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/name.h"
#include "base/units.h"
#include "common/arguments.h"
#include "common/common_options.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "message/headers.h"

int64_t
arg_duration(const char *option, const char *s)
{
	const char *why;
	int64_t ns;

	if (mqs_parse_duration(s, &ns, &why) != 0)
		usage_error("%s: '%s': %s", option, s, why);
	return ns;
}

int64_t
arg_time(const char *option, const char *s)
{
	const char *why;
	int64_t ns;

	if (mqs_parse_time(s, judged_now(), &ns, &why) != 0)
		usage_error("%s: '%s': %s", option, s, why);
	return ns;
}

uint64_t
arg_size(const char *option, const char *s)
{
	const char *why;
	uint64_t bytes;

	if (mqs_parse_size(s, &bytes, &why) != 0)
		usage_error("%s: '%s': %s", option, s, why);
	return bytes;
}

int64_t
arg_number(const char *option, const char *s, int64_t min, int64_t max)
{
	const char *why;
	int64_t v = strtonum(s, min, max, &why);

	if (why == NULL)
		return v;
	if (strcmp(why, "too small") == 0)
		usage_error("%s: '%s': too small (at least %" PRId64 ")", option, s, min);
	if (strcmp(why, "too large") == 0)
		usage_error("%s: '%s': too large (at most %" PRId64 ")", option, s, max);
	usage_error("%s: '%s': not a number", option, s);
}

void
arg_header(struct mqs_buf *headers, const char *s)
{
	const char *equals = strchr(s, '=');

	if (equals == NULL || equals == s)
		usage_error("-H: '%s': not NAME=VALUE", s);
	if (mqs_headers_add(headers, s, (size_t)(equals - s), equals + 1,
	    strlen(equals + 1)) != 0)
		fail(STATUS_SYSTEM, "-H: %s", strerror(errno));
}

void
arg_queue(const char *s, char queue[MQS_NAME_MAX + 1], char group[MQS_NAME_MAX + 1])
{
	const char *why;

	if (mqs_name_split(s, queue, group, &why) != 0)
		usage_error("'%s': %s", s, why);
}
