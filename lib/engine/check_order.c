/*
 * check_order.c - verifying what priorities and the order of keys keep of a group
 *
 * The log may be looked at later than the group, and have lost messages since: what the
 * group counts may be more than what is found, never less.
 */
#include "engine/check.h"

/* Messages of a priority that its own cursor has passed and the group's has not. */
static int
count_ahead(struct mqs_cur *index, unsigned priority,
    const uint64_t v[MQS_GROUP_VALUES], uint64_t *n, struct mqs_error *err)
{
	unsigned char from[9] = { (unsigned char)(9 - priority) };
	struct mqs_slice key = { from, sizeof(from) }, value;
	int rc;

	mqs_put_be64(from + 1, v[MQS_GROUP_CURSOR] + 1);
	rc = mqs_cur_move(index, MQS_FROM, &key, &value, err);
	while (rc == MQS_OK && key.n == sizeof(from) &&
	    *(const unsigned char *)key.p == from[0] &&
	    mqs_get_be64((const unsigned char *)key.p + 1) <=
	    v[MQS_GROUP_CURSORS + priority - 1]) {
		++*n;
		rc = mqs_cur_move(index, MQS_NEXT, &key, &value, err);
	}
	return rc < 0 ? rc : MQS_OK;
}

int
mqs_check_ahead(struct mqs_checking *k, const struct mqs_group *group,
    const uint64_t v[MQS_GROUP_VALUES], struct mqs_error *err)
{
	struct mqs_cur *index;
	struct mqs_tx *tx;
	uint64_t n = 0;
	unsigned priority;
	int rc;

	if ((rc = mqs_tx_read(k->log->db, &tx, err)) != MQS_OK)
		return rc;
	rc = mqs_cur_new(&index, tx, MQS_LOG_PRIORITY, err);
	for (priority = 1; rc == MQS_OK && priority <= 9; priority++)
		rc = count_ahead(index, priority, v, &n, err);
	mqs_cur_free(index);
	mqs_tx_abort(tx);
	if (rc == MQS_OK && n > v[MQS_GROUP_AHEAD])
		mqs_found(k, "group %s: ahead of the cursor: %llu, but the state says %llu",
		    group->name, (unsigned long long)n,
		    (unsigned long long)v[MQS_GROUP_AHEAD]);
	return rc;
}
