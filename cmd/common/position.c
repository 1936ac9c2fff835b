/* common/position.c - see common/position.h */
#include <string.h>

#include "base/name.h"
#include "common/arguments.h"
#include "common/diagnostics.h"
#include "common/position.h"

#define ID_DIGITS	15	/* ids are ns since the epoch: 19 digits in our time */

struct point
arg_point(const char *option, const char *s)
{
	struct point at = { 0 };
	size_t n = strlen(s);

	if (n >= ID_DIGITS && strspn(s, "0123456789") == n) {
		if (mqs_parse_u64(s, n, &at.number) == -1)
			usage_error("%s: %s: too large for an id", option, s);
		at.id = s;
		return at;
	}
	/* 0 says "none" to the library, and nothing is as old as that. */
	at.time = arg_time(option, s);
	if (at.time < 1)
		at.time = 1;
	return at;
}

void
arg_place(const char *option, const char *s, const char **where, int64_t *time)
{
	struct point at = { .id = s };

	if (strcmp(s, "oldest") != 0 && strcmp(s, "newest") != 0)
		at = arg_point(option, s);
	*where = at.id;
	*time = at.time;
}
