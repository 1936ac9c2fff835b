/*
 * consume_idle.c - idle consumers show themselves to busy ones
 *
 * A busy consumer that holds many messages may keep idle ones of its group from work.  So
 * while a consumer has nothing to do, it holds a shared lock on a byte of the file `turn'
 * that belongs to its group.  A busy consumer asks whether another process holds that lock;
 * if so, it claims no more messages than it can begin with at once.
 *
 * This is a hint only.  A wrong one makes a claim come a little sooner or later.  The kernel
 * drops the lock when the process ends.  A consumer without permission to write to `turn'
 * shows nothing.  In an exclusive group the other consumers only stand by, so they do not
 * count.
 *
 * Two consumers of one spool in one process share the lock, and do not see each other.
 */
#include "base/hash.h"
#include "embedded/consume_state.h"
#include "embedded/store/lock.h"

/* Above the bytes on which writers wait (queue/group_file.c). */
static int64_t
byte_of(const char *group)
{
	return (INT64_C(1) << 62) + 2 + (int64_t)(XXH3_64bits(group, strlen(group)) >> 3);
}

void
mqs_embedded_consumer_idle(struct mqs_consumer *c, int on)
{
	const struct mqs_group *g = c->group;

	on = on != 0 && !g->settings.exclusive;
	if (on == c->idle || g->log->dir.turn == -1)
		return;
	if (mqs_idle_set(g->log->dir.turn, byte_of(g->name), on) == 0)
		c->idle = on;
}

int
mqs_embedded_consumer_rivals(struct mqs_consumer *c)
{
	const struct mqs_group *g = c->group;

	return !g->settings.exclusive && g->log->dir.turn != -1 &&
	    mqs_idle_others(g->log->dir.turn, byte_of(g->name));
}
