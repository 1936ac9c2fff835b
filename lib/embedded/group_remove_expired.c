/* group_remove_expired.c - see group_remove_expired.h */
#include "embedded/group_remove_expired.h"
#include "embedded/queue/group_delete.h"
#include "embedded/queue/group_page.h"
#include "embedded/queue/group_temporary.h"
#include "embedded/queue/log_tx.h"

struct search {
	struct mqs_spool	*spool;
	struct mqs_log		*log;
	int64_t			 now;
	int			 found;
	struct mqs_error	*err;
};

/* The state on a group's page; opening a group mends its page. */
static int
look(struct search *s, const char *name, uint64_t v[MQS_GROUP_VALUES])
{
	struct mqs_group *group;
	int rc;

	if ((rc = mqs_group_peek(&s->log->dir, name, v, s->err)) != MQS_NOTHING ||
	    mqs_spool_find_group(s->spool, s->log, name) != NULL)
		return rc;
	/* One that can't be opened stays as it is, and is in no other's way. */
	if (mqs_group_open(&group, s->log, name, NULL) != MQS_OK)
		return MQS_NOTHING;
	mqs_group_close(group);
	return mqs_group_peek(&s->log->dir, name, v, s->err);
}

static int
find(void *arg, const char *name)
{
	struct search *s = arg;
	uint64_t v[MQS_GROUP_VALUES];
	int rc, over = 0;

	if ((rc = look(s, name, v)) == MQS_OK)
		rc = mqs_group_has_expired(&s->log->dir, name, v, s->now, &over, s->err);
	s->found |= over;
	return rc < 0 ? rc : MQS_OK;
}

static int
remove_expired(void *arg, const char *name)
{
	struct search *s = arg;
	int gone;

	return mqs_group_remove_expired(s->log, name, s->now, &gone, s->err);
}

int
mqs_group_remove_all_expired(struct mqs_spool *spool, struct mqs_log *log, struct mqs_error *err)
{
	struct search s = { spool, log, mqs_judged_now(spool), 0, err };
	struct mqs_log_tx ltx;
	int rc;

	if ((rc = mqs_dir_each_group(&log->dir, find, &s, err)) != MQS_OK || !s.found)
		return rc;
	if ((rc = mqs_log_begin(&ltx, log, 0, err)) != MQS_OK)
		return rc;
	rc = mqs_dir_each_group(&log->dir, remove_expired, &s, err);
	mqs_log_abort(&ltx);
	return rc;
}

int
mqs_group_remove_temporary(struct mqs_group *group, struct mqs_error *err)
{
	struct mqs_log_tx ltx;
	int rc;

	if ((rc = mqs_log_begin(&ltx, group->log, 0, err)) != MQS_OK)
		return rc;
	rc = mqs_group_delete(group->log, group->name, err);
	mqs_log_abort(&ltx);
	return rc == MQS_ENOENT ? MQS_OK : rc;
}
