/* consume_admission.c - see consume_admission.h */
#include "base/clock.h"
#include "embedded/consume_admission.h"
#include "embedded/queue/group_tx.h"

int
mqs_admission_is_active(const struct mqs_consumer *c, const uint64_t v[MQS_GROUP_VALUES])
{
	return v[MQS_GROUP_ACTIVE] == mqs_owner_name(c->owner) &&
	    v[MQS_GROUP_ACTIVE_BOOT] == mqs_boot();
}

/* 1 in *vacant if there is no active consumer, or it and all of its handlers are dead. */
static int
vacancy(const struct mqs_consumer *c, const uint64_t v[MQS_GROUP_VALUES], int *vacant,
    struct mqs_error *err)
{
	enum mqs_owner_life life;
	int rc;

	*vacant = v[MQS_GROUP_ACTIVE] == 0 || v[MQS_GROUP_ACTIVE_BOOT] != mqs_boot();
	if (*vacant)
		return MQS_OK;
	if ((rc = mqs_owner_look(&c->group->log->dir, v[MQS_GROUP_ACTIVE], &life, NULL,
	    err)) == MQS_OK)
		*vacant = life == MQS_OWNER_DEAD;
	return rc;
}

static int
is_full(const struct mqs_group_settings *s, const uint64_t v[MQS_GROUP_VALUES])
{
	return s->max_leased != 0 && v[MQS_GROUP_LEASED] >= s->max_leased;
}

int
mqs_admission_preview(struct mqs_consumer *c, const uint64_t v[MQS_GROUP_VALUES],
    const uint64_t lv[MQS_LOG_VALUES], int *work, int *paused, struct mqs_error *err)
{
	const struct mqs_group_settings *s = &c->group->settings;
	int rc, vacant;

	*paused = v[MQS_GROUP_PAUSED] != 0 || lv[MQS_LOG_PAUSED] != 0;
	if (*paused)
		*work = 0;
	if (*paused || v[MQS_GROUP_SETTINGS] != c->group->settings_seen)
		return MQS_OK;
	if (s->exclusive && !mqs_admission_is_active(c, v)) {
		if ((rc = vacancy(c, v, &vacant, err)) != MQS_OK)
			return rc;
		if (!vacant)
			c->held_back = *work;
		*work = vacant;
	}
	if (*work && is_full(s, v)) {
		c->held_back = 1;
		*work = 0;
	}
	return MQS_OK;
}

int
mqs_admission_grant(struct mqs_consumer *c, struct mqs_group_tx *gtx,
    const uint64_t lv[MQS_LOG_VALUES], size_t *max, struct mqs_error *err)
{
	const struct mqs_group_settings *s = &c->group->settings;
	uint64_t *v = gtx->v, room;
	int rc, vacant;

	if (v[MQS_GROUP_PAUSED] != 0 || lv[MQS_LOG_PAUSED] != 0) {
		*max = 0;
		return MQS_OK;
	}
	if (s->exclusive && !mqs_admission_is_active(c, v)) {
		if ((rc = vacancy(c, v, &vacant, err)) != MQS_OK)
			return rc;
		if (!vacant) {
			*max = 0;
			return MQS_OK;
		}
		v[MQS_GROUP_ACTIVE] = mqs_owner_name(c->owner);
		v[MQS_GROUP_ACTIVE_BOOT] = mqs_boot();
		c->active = 1;
	}
	if (s->max_leased == 0)
		return MQS_OK;
	room = is_full(s, v) ? 0 : s->max_leased - v[MQS_GROUP_LEASED];
	if (*max > room)
		*max = (size_t)room;
	return MQS_OK;
}
