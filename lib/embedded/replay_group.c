/* replay_group.c - see replay_group.h */
#include <stdlib.h>

#include "base/error.h"
#include "embedded/queue/group_held.h"
#include "embedded/queue/group_state.h"
#include "embedded/queue/lease_batch.h"
#include "embedded/replay_group.h"

static int
add_id(struct mqs_replay_group *r, uint64_t id, struct mqs_error *err)
{
	uint64_t *ids;
	size_t cap;

	if (r->nids == r->ids_cap) {
		cap = r->ids_cap == 0 ? 256 : 2 * r->ids_cap;
		if ((ids = reallocarray(r->ids, cap, sizeof(*ids))) == NULL)
			return mqs_fail_errno(err, "%s", r->queue);
		r->ids = ids;
		r->ids_cap = cap;
	}
	r->ids[r->nids++] = id;
	return MQS_OK;
}

static int
add_leased(struct mqs_replay_group *r, struct mqs_tx *tx, struct mqs_error *err)
{
	struct mqs_batch *b;
	uint64_t lease = 0;
	size_t i;
	int rc;

	if ((b = calloc(1, sizeof(*b))) == NULL)
		return mqs_fail_errno(err, "%s", r->queue);
	while ((rc = mqs_batch_next(tx, &lease, err)) == MQS_OK) {
		if ((rc = mqs_batch_read(tx, lease, b, err)) != MQS_OK)
			break;
		for (i = 0; i < b->n && rc == MQS_OK; i++)
			if (!mqs_batch_settled(b, i))
				rc = add_id(r, b->entries[i].id, err);
		if (rc != MQS_OK)
			break;
	}
	free(b);
	return rc == MQS_NOTHING ? MQS_OK : rc;
}

static int
add_held(struct mqs_replay_group *r, struct mqs_tx *tx, uint64_t skipped,
    struct mqs_error *err)
{
	struct mqs_slice key, value;
	struct mqs_cur *cur;
	int rc;

	if ((r->skipped = calloc(skipped + 1, sizeof(*r->skipped))) == NULL)
		return mqs_fail_errno(err, "%s", r->queue);
	if ((rc = mqs_cur_new(&cur, tx, MQS_GROUP_HELD, err)) != MQS_OK)
		return rc;
	while ((rc = mqs_cur_move(cur, MQS_NEXT, &key, &value, err)) == MQS_OK)
		if (key.n == 8 && value.n > 0 &&
		    *(const unsigned char *)value.p == MQS_SKIPPED) {
			if (r->nskipped < skipped)
				r->skipped[r->nskipped++] = mqs_get_be64(key.p);
		} else if (key.n == 8 &&
		    (rc = add_id(r, mqs_get_be64(key.p), err)) != MQS_OK)
			break;
	mqs_cur_free(cur);
	return rc == MQS_NOTHING ? MQS_OK : rc;
}

static int
compare_ids(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

int
mqs_replay_group_list(struct mqs_replay_group *r, struct mqs_group *group, uint64_t *cursor,
    uint64_t *ordinal, struct mqs_error *err)
{
	uint64_t v[MQS_GROUP_VALUES];
	struct mqs_tx *tx;
	int rc;

	r->queue = group->log->dir.name;
	if ((rc = mqs_tx_read(group->db, &tx, err)) != MQS_OK)
		return rc;
	if ((rc = mqs_group_read(tx, v, err)) == MQS_OK &&
	    (rc = add_leased(r, tx, err)) == MQS_OK)
		rc = add_held(r, tx, v[MQS_GROUP_SKIPPED], err);
	mqs_tx_abort(tx);
	if (rc != MQS_OK)
		return rc;
	if (r->nids > 0)
		qsort(r->ids, r->nids, sizeof(*r->ids), compare_ids);
	*cursor = v[MQS_GROUP_CURSOR];
	*ordinal = v[MQS_GROUP_ORDINAL];
	memcpy(r->urgent, v + MQS_GROUP_CURSORS, sizeof(r->urgent));
	return MQS_OK;
}

int
mqs_replay_group_skipped(const struct mqs_replay_group *r, uint64_t id)
{
	return r->nskipped > 0 && bsearch(&id, r->skipped, r->nskipped,
	    sizeof(*r->skipped), compare_ids) != NULL;
}

int
mqs_replay_group_looked_at(const struct mqs_replay_group *r, const struct mqs_message *m)
{
	return m->priority != 0 && m->seq <= r->urgent[m->priority - 1];
}

void
mqs_replay_group_free(struct mqs_replay_group *r)
{
	free(r->ids);
	free(r->skipped);
}
