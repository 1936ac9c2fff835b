/*
 * consume_idle.c - consumers that wait, told to those that are busy
 *
 * While a consumer has nothing to do it holds a shared lock on a byte of `turn' that
 * belongs to its group; a busy one asks whether somebody else does, and then claims no
 * more than it can begin with.  It is a hint: one that is wrong costs a claim that comes
 * sooner or later than it might, and the lock goes with its process.  Who may not write
 * to `turn' says nothing.  In an exclusive group the others stand by, and are no rivals.
 *
 * Two consumers of one spool in one process share the lock, and do not see each other.
 */
#include "base/hash.h"
#include "embedded/consume_state.h"
#include "embedded/store/lock.h"

/* Above the bytes of those that write (embedded/queue/group.c). */
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
