/*
 * check_order.c - verifying what priorities and the order of keys keep of a group
 *
 * The log may be looked at later than the group, and have lost messages since: what the
 * group counts may be more than what is found, never less.
 */
#include "base/error.h"
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
	if (rc == MQS_OK && n > v[MQS_GROUP_AHEAD] + v[MQS_GROUP_SKIPPED])
		mqs_found(k, "group %s: ahead of the cursor: %llu, but the state says %llu",
		    group->name, (unsigned long long)n,
		    (unsigned long long)v[MQS_GROUP_AHEAD]);
	return rc;
}

/* ----------------------------------------------------------------- keys -- */

/* 1 in *there if a message is held. */
static int
is_held(struct mqs_tx *tx, uint64_t id, int *there, struct mqs_error *err)
{
	struct mqs_slice value;
	unsigned char key[8];
	int rc;

	mqs_put_be64(key, id);
	rc = mqs_tx_get(tx, MQS_GROUP_HELD, key, sizeof(key), &value, err);
	*there = rc == MQS_OK;
	return rc < 0 ? rc : MQS_OK;
}

/* 1 in *there if a message is under a lease. */
static int
is_leased(struct mqs_tx *tx, struct mqs_batch *b, uint64_t id, int *there,
    struct mqs_error *err)
{
	uint64_t lease = 0;
	int rc;

	*there = 0;
	while (!*there && (rc = mqs_batch_next(tx, &lease, err)) == MQS_OK) {
		if ((rc = mqs_batch_read(tx, lease, b, err)) != MQS_OK)
			return rc < 0 ? rc : MQS_OK;
		*there = mqs_batch_find(b, id) >= 0;
	}
	return *there || rc == MQS_NOTHING ? MQS_OK : rc;
}

int
mqs_check_busy(struct mqs_checking *k, const struct mqs_group *group,
    struct mqs_tx *tx, struct mqs_batch *b, struct mqs_error *err)
{
	struct mqs_slice key, value;
	struct mqs_cur *cur;
	uint64_t id;
	int rc, there;

	if ((rc = mqs_cur_new(&cur, tx, MQS_GROUP_BUSY, err)) != MQS_OK)
		return rc;
	while ((rc = mqs_cur_move(cur, MQS_NEXT, &key, &value, err)) == MQS_OK) {
		if (key.n != 8 || value.n != 8) {
			rc = mqs_fail(err, MQS_EDAMAGED, "busy key: damaged entry");
			break;
		}
		id = mqs_get_le64(value.p);
		if ((rc = is_held(tx, id, &there, err)) != MQS_OK ||
		    (!there && (rc = is_leased(tx, b, id, &there, err)) != MQS_OK))
			break;
		if (!there)
			mqs_found(k, "group %s: a key waits for message %llu, which is settled",
			    group->name, (unsigned long long)id);
	}
	mqs_cur_free(cur);
	return rc == MQS_NOTHING ? MQS_OK : rc;
}

int
mqs_check_parked(struct mqs_checking *k, const struct mqs_group *group,
    struct mqs_tx *tx, const struct mqs_held *h, struct mqs_error *err)
{
	struct mqs_slice value;
	unsigned char key[8];
	int rc;

	mqs_put_be64(key, h->sort);
	rc = mqs_tx_get(tx, MQS_GROUP_BUSY, key, sizeof(key), &value, err);
	if (rc == MQS_NOTHING)
		mqs_found(k, "group %s: message %llu waits for no other of its key",
		    group->name, (unsigned long long)h->entry.id);
	return rc < 0 ? rc : MQS_OK;
}
