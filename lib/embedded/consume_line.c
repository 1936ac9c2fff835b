/* consume_line.c - see consume_line.h */
#include <string.h>

#include "base/hash.h"
#include "embedded/consume_collect.h"
#include "embedded/consume_line.h"
#include "embedded/queue/group_state.h"

/*
 * The first of the bytes of `turn' that are a group's line, above the bytes of its idle
 * consumers (consume_idle.c).  Two groups of the same bytes share a line, and look in vain
 * now and then.
 */
static int64_t
byte_of(const char *group)
{
	return (INT64_C(3) << 61) + 2 +
	    (int64_t)(XXH3_64bits(group, strlen(group)) >> 7) * MQS_LINE_BYTES;
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
	if (mqs_wake_place(c->wake) == MQS_LINE_BEHIND) {
		mqs_db_release_map(g->db);
		mqs_db_release_map(g->log->db);
	}
}

/* Reads a status page: 1 if it is that of the file's last commit. */
static int
is_current(int fd, const struct mqs_db *db, struct mqs_page *page)
{
	return mqs_page_read(fd, page, NULL) == MQS_OK && page->tx != 0 &&
	    page->tx == mqs_db_last_commit(db);
}

int
mqs_consumer_line_is_quiet(const struct mqs_consumer *c)
{
	const struct mqs_group *g = c->group;
	struct mqs_page group, log;

	if (mqs_wake_place(c->wake) <= MQS_LINE_FIRST || c->held > 0 ||
	    mqs_collected(c) > 0 || c->look_own ||
	    !is_current(g->page, g->db, &group) || !is_current(g->log->page, g->log->db, &log))
		return 0;
	return group.v[MQS_GROUP_LEASED] == 0 && group.v[MQS_GROUP_READY] == 0 &&
	    (group.v[MQS_GROUP_NEXT_DUE] == 0 ||
	    (int64_t)group.v[MQS_GROUP_NEXT_DUE] > mqs_judged_now(c->spool)) &&
	    group.v[MQS_GROUP_CURSOR] == log.v[MQS_LOG_LAST_ID] &&
	    !mqs_group_ahead(group.v, log.v);
}
