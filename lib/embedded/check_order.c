/*
 * check_order.c - see check_order.h
 *
 * The log is read in a later snapshot than the group, and messages may have been removed in
 * between.  So the group may count more messages than are found, but never fewer.
 */
#include "base/error.h"
#include "embedded/check_order.h"
#include "embedded/queue/group_entry.h"
#include "embedded/queue/group_held.h"

/* Counts the messages of a priority between the main cursor and the cursor of that priority. */
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
		mqs_check_found(k, "group %s: ahead of the cursor: %llu, but the state says %llu",
		    group->name, (unsigned long long)n,
		    (unsigned long long)v[MQS_GROUP_AHEAD]);
	return rc;
}

/* ----------------------------------------------------------------- keys -- */

/* Finds the message of an entry's key that is out: *id; 0: none is. */
static int
find_busy(struct mqs_tx *tx, const struct mqs_entry *e, uint64_t *id, struct mqs_error *err)
{
	struct mqs_slice value;
	unsigned char key[8];
	int rc;

	*id = 0;
	mqs_put_be64(key, e->key);
	rc = mqs_tx_get(tx, MQS_GROUP_BUSY, key, sizeof(key), &value, err);
	if (rc == MQS_OK && value.n != 8)
		return mqs_fail(err, MQS_EDAMAGED, "busy key: damaged entry");
	if (rc == MQS_OK)
		*id = mqs_get_le64(value.p);
	return rc < 0 ? rc : MQS_OK;
}

/* A ready or leased message must be out, a parked one must not; a waiting one may be either. */
int
mqs_check_out(struct mqs_checking *k, const struct mqs_group *group, struct mqs_tx *tx,
    const struct mqs_entry *e, enum mqs_class class, uint64_t *out, struct mqs_error *err)
{
	uint64_t id;
	int rc;

	if (e->key == 0)
		return MQS_OK;
	if ((rc = find_busy(tx, e, &id, err)) != MQS_OK)
		return rc;
	*out += id == e->id;
	if (class == MQS_PARKED && (id == 0 || id == e->id))
		mqs_check_found(k, "group %s: message %llu waits for no other of its key",
		    group->name, (unsigned long long)e->id);
	if (class == MQS_READY && id != e->id)
		mqs_check_found(k, "group %s: message %llu is out, but not the one of its key",
		    group->name, (unsigned long long)e->id);
	return MQS_OK;
}

int
mqs_check_busy(struct mqs_checking *k, const struct mqs_group *group, struct mqs_tx *tx,
    uint64_t out, struct mqs_error *err)
{
	uint64_t n;
	int rc;

	if ((rc = mqs_tx_count(tx, MQS_GROUP_BUSY, &n, err)) == MQS_OK && n != out)
		mqs_check_found(k, "group %s: %llu keys wait for messages that are settled",
		    group->name, (unsigned long long)(n - out));
	return rc;
}
