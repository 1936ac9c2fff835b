/* common/position.c - a place in a queue as people write it: an id, or a time */
#include <string.h>

#include "base/name.h"
#include "base/units.h"
#include "common/common_options.h"
#include "common/diagnostics.h"
#include "common/position.h"
#include "mqspool.h"

#define ID_DIGITS	15	/* ids are ns since the epoch: 19 digits in our time */

#define DOUBTFUL_MAX	4	/* more than there are options that take a place */

static const char not_an_id[] = "not an id of this engine";

/* Arguments that are no times, and perhaps ids, which only the spool's engine knows. */
static struct {
	const char	*option, *text, *why;
} doubtful[DOUBTFUL_MAX];
static size_t n_doubtful;

static struct position
doubt(const char *option, const char *s, const char *why)
{
	const struct position at = { .id = s };

	if (n_doubtful == DOUBTFUL_MAX)
		usage_error("%s: '%s': %s", option, s, why);
	doubtful[n_doubtful].option = option;
	doubtful[n_doubtful].text = s;
	doubtful[n_doubtful++].why = why;
	return at;
}

void
position_check(const struct mqs_spool *spool)
{
	size_t i;

	for (i = 0; i < n_doubtful; i++)
		if (!mqs_is_id(spool, doubtful[i].text))
			usage_error("%s: '%s': %s%s", doubtful[i].option, doubtful[i].text,
			    doubtful[i].why, doubtful[i].why == not_an_id ? "" :
			    "; nor is it the id of a message");
}

struct position
arg_position(const char *option, const char *s)
{
	struct position at = { 0 };
	const char *why;
	size_t n = strlen(s);

	if (n >= ID_DIGITS && strspn(s, "0123456789") == n) {
		if (mqs_parse_u64(s, n, &at.number) == -1)
			usage_error("%s: %s: too large for an id", option, s);
		at.id = doubt(option, s, not_an_id).id;
		return at;
	}
	if (mqs_parse_time(s, judged_now(), &at.time, &why) != 0)
		return doubt(option, s, why);
	/* 0 says "none" to the library, and nothing is as old as that. */
	if (at.time < 1)
		at.time = 1;
	return at;
}

void
arg_place(const char *option, const char *s, const char **where, int64_t *time)
{
	struct position at = { .id = s };

	if (strcmp(s, "oldest") != 0 && strcmp(s, "newest") != 0)
		at = arg_position(option, s);
	*where = at.id;
	*time = at.time;
}
