/* group_state.c - see group_state.h */
#include "embedded/queue/group_state.h"
#include "embedded/queue/state_values.h"

_Static_assert(MQS_GROUP_VALUES <= MQS_STATE_USABLE, "a group's values have room");

int
mqs_group_read(struct mqs_tx *tx, uint64_t v[MQS_GROUP_VALUES],
    struct mqs_error *err)
{
	return mqs_state_get(tx, v, MQS_GROUP_VALUES, err);
}

int
mqs_group_state(struct mqs_group *group, uint64_t v[MQS_GROUP_VALUES],
    struct mqs_error *err)
{
	struct mqs_tx *tx;
	int rc;

	if ((rc = mqs_tx_read(group->db, &tx, err)) != MQS_OK)
		return rc;
	rc = mqs_group_read(tx, v, err);
	mqs_tx_abort(tx);
	return rc;
}

int
mqs_group_generation_stands(struct mqs_group *group, uint64_t generation,
    struct mqs_error *err)
{
	uint64_t v[MQS_GROUP_VALUES];
	int rc;

	if (group->generation_synced >= generation)
		return MQS_OK;
	if ((rc = mqs_group_state(group, v, err)) != MQS_OK)
		return rc;
	if (v[MQS_GROUP_GENERATION] < generation)
		return MQS_NOTHING;
	if ((rc = mqs_db_sync(group->db, err)) == MQS_OK)
		group->generation_synced = v[MQS_GROUP_GENERATION];
	return rc;
}

int
mqs_group_ahead(const uint64_t v[MQS_GROUP_VALUES], const uint64_t lv[MQS_LOG_VALUES])
{
	uint64_t last = v[MQS_GROUP_CURSOR];
	unsigned p;

	for (p = 0; p < 9; p++)
		if (last < v[MQS_GROUP_CURSORS + p])
			last = v[MQS_GROUP_CURSORS + p];
	return last > lv[MQS_LOG_LAST_ID] ||
	    v[MQS_GROUP_ORDINAL] > lv[MQS_LOG_ORDINAL] ||
	    v[MQS_GROUP_PRIORITISED] > lv[MQS_LOG_PRIORITISED];
}

/*
 * How much of all that was appended the cursor has yet to pass, less what is known of
 * that.  What was removed beyond it may have been known or not: never too little.
 */
static uint64_t
beyond(uint64_t appended, uint64_t passed, uint64_t removed, uint64_t known)
{
	if (passed < removed) {
		known -= known < removed - passed ? known : removed - passed;
		passed = removed;
	}
	passed += known;
	/* The group may be younger than our look at the log. */
	return appended > passed ? appended - passed : 0;
}

uint64_t
mqs_group_unlooked(const uint64_t v[MQS_GROUP_VALUES],
    const uint64_t lv[MQS_LOG_VALUES])
{
	return beyond(lv[MQS_LOG_ORDINAL], v[MQS_GROUP_ORDINAL], lv[MQS_LOG_REMOVED],
	    v[MQS_GROUP_AHEAD] + v[MQS_GROUP_SKIPPED]);
}

uint64_t
mqs_group_unsettled(const uint64_t v[MQS_GROUP_VALUES],
    const uint64_t lv[MQS_LOG_VALUES])
{
	return mqs_group_unlooked(v, lv) + v[MQS_GROUP_LEASED] +
	    v[MQS_GROUP_WAITING] + v[MQS_GROUP_READY] + v[MQS_GROUP_PARKED];
}

uint64_t
mqs_group_unsettled_bytes(const uint64_t v[MQS_GROUP_VALUES],
    const uint64_t lv[MQS_LOG_VALUES])
{
	return beyond(lv[MQS_LOG_IN_BYTES], v[MQS_GROUP_BYTES], lv[MQS_LOG_REMOVED_BYTES],
	    v[MQS_GROUP_AHEAD_BYTES]) + v[MQS_GROUP_LEASED_BYTES] +
	    v[MQS_GROUP_HELD_BYTES];
}
