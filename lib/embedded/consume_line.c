/* consume_line.c - see consume_line.h */
#include <string.h>

#include "base/hash.h"
#include "embedded/consume_line.h"

/*
 * The byte of `turn' that is the head of a group's line, above the bytes of its idle
 * consumers (consume_idle.c).  Two groups of the same byte share a line, and look in vain
 * now and then.
 */
static int64_t
byte_of(const char *group)
{
	return (INT64_C(3) << 61) + 2 +
	    (int64_t)(XXH3_64bits(group, strlen(group)) >> 4);
}

void
mqs_consumer_line(struct mqs_consumer *c, size_t count, int asked)
{
	const struct mqs_group *g = c->group;

	if (count == 0 && asked && c->held == 0 && !g->settings.exclusive &&
	    g->log->dir.turn != -1)
		mqs_wake_line_up(c->wake, g->log->dir.turn, byte_of(g->name));
	else if (count > 0 || c->held > 0 || g->settings.exclusive)
		mqs_wake_step_out(c->wake);
}
