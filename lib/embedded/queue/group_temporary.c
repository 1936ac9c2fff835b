/* group_temporary.c - see group_temporary.h */
#include "base/clock.h"
#include "embedded/queue/group_delete.h"
#include "embedded/queue/group_file.h"
#include "embedded/queue/group_page.h"
#include "embedded/queue/group_temporary.h"
#include "embedded/store/owner.h"

struct census {
	const struct mqs_dir	*dir;
	uint32_t		 family;
	int			 any;
	struct mqs_error	*err;
};

static int
look_for_life(void *arg, uint64_t owner)
{
	struct census *c = arg;
	enum mqs_owner_life life;
	int rc;

	if (owner >> 32 != c->family || c->any)
		return MQS_OK;
	rc = mqs_owner_look(c->dir, owner, &life, NULL, c->err);
	c->any = rc == MQS_OK && life != MQS_OWNER_DEAD;
	return rc;
}

/* 1 in *over if nobody uses a group, nor has for as long as it may idle. */
static int
is_idle(const struct mqs_dir *dir, const char *name,
    const uint64_t v[MQS_GROUP_VALUES], int64_t now, int *over,
    struct mqs_error *err)
{
	struct census c = { dir, mqs_group_owner_family(name), 0, err };
	int64_t used = (int64_t)v[MQS_GROUP_USED];
	int rc;

	*over = 0;
	if (now <= used || (uint64_t)(now - used) <= v[MQS_GROUP_EXPIRES])
		return MQS_OK;
	if ((rc = mqs_owner_each(dir, look_for_life, &c, err)) == MQS_OK)
		*over = !c.any;
	return rc;
}

int
mqs_group_has_expired(const struct mqs_dir *dir, const char *name,
    const uint64_t v[MQS_GROUP_VALUES], int64_t now, int *over,
    struct mqs_error *err)
{
	enum mqs_owner_life life;
	int rc;

	*over = 0;
	if (v[MQS_GROUP_TEMP] != 0) {
		*over = v[MQS_GROUP_TEMP_BOOT] != mqs_boot();
		if (*over)
			return MQS_OK;
		rc = mqs_owner_look(dir, v[MQS_GROUP_TEMP], &life, NULL, err);
		*over = rc == MQS_OK && life == MQS_OWNER_DEAD;
		return rc;
	}
	if (v[MQS_GROUP_EXPIRES] == 0)
		return MQS_OK;
	return is_idle(dir, name, v, now, over, err);
}

/* Looks again and removes it; the gate is held. */
static int
remove_if_over(struct mqs_log *log, const char *name, int64_t now, int *gone)
{
	uint64_t v[MQS_GROUP_VALUES];
	int rc, over;

	if ((rc = mqs_group_peek(&log->dir, name, v, NULL)) != MQS_OK ||
	    (rc = mqs_group_has_expired(&log->dir, name, v, now, &over, NULL)) != MQS_OK)
		return rc;
	if (!over)
		return MQS_OK;
	rc = mqs_group_unlink(log, name, NULL);
	*gone = rc == MQS_OK || v[MQS_GROUP_TEMP] != 0;
	return rc;
}

int
mqs_group_remove_expired(struct mqs_log *log, const char *name, int64_t now, int *gone,
    struct mqs_error *err)
{
	uint64_t v[MQS_GROUP_VALUES];
	int rc, over;

	*gone = 0;
	if ((rc = mqs_group_peek(&log->dir, name, v, err)) != MQS_OK)
		return rc == MQS_NOTHING ? MQS_OK : rc;
	if ((rc = mqs_group_has_expired(&log->dir, name, v, now, &over, err)) != MQS_OK ||
	    !over)
		return rc;
	if ((rc = mqs_dir_gate(&log->dir, 1, err)) != MQS_OK)
		return rc;
	/* Not being able to is no reason to fail: somebody else will be. */
	(void)remove_if_over(log, name, now, gone);
	return mqs_dir_gate(&log->dir, 0, err);
}
