/* group_tx.c - see group_tx.h */
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "embedded/queue/group_held.h"
#include "embedded/queue/group_page.h"
#include "embedded/queue/group_settings.h"
#include "embedded/queue/group_state.h"
#include "embedded/queue/lease_encode.h"
#include "embedded/queue/state_values.h"

int
mqs_group_begin(struct mqs_group_tx *gtx, struct mqs_group *group,
    struct mqs_error *err)
{
	int rc;

	gtx->group = group;
	gtx->batch = NULL;
	gtx->ack_first = gtx->ack_ids = 0;
	if ((rc = mqs_tx_write(group->db, 0, &gtx->tx, err)) != MQS_OK)
		return rc;
	gtx->now = (uint64_t)mqs_now();
	if ((rc = mqs_group_read(gtx->tx, gtx->v, err)) != MQS_OK ||
	    (rc = mqs_group_settings_load(group, gtx->tx, gtx->v[MQS_GROUP_SETTINGS],
	    err)) != MQS_OK)
		mqs_group_abort(gtx);
	return rc;
}

void
mqs_group_abort(struct mqs_group_tx *gtx)
{
	mqs_tx_abort(gtx->tx);
	free(gtx->batch);
	gtx->tx = NULL;
	gtx->batch = NULL;
}

/* The id that a key of the table `first' or `held' begins with: 0, or -1 if it is damaged. */
static int
id_of(unsigned table, struct mqs_slice key, struct mqs_slice value, uint64_t *id)
{
	struct mqs_held held;

	if (table == MQS_GROUP_FIRST)
		return mqs_lease_first_id(key, value, id);
	if (key.n != 8)
		return -1;
	*id = mqs_get_be64(key.p);
	return mqs_held_decode(&held, *id, value, NULL) == MQS_OK ? 0 : -1;
}

/*
 * The smallest id at the front of a table's keys, if that is less than *floor.  It decides
 * what may be removed from the log, so it is verified.
 */
static int
lower(struct mqs_tx *tx, unsigned table, uint64_t *floor, struct mqs_error *err)
{
	struct mqs_slice key, value;
	struct mqs_cur *cur;
	uint64_t id;
	int rc;

	if ((rc = mqs_cur_new(&cur, tx, table, err)) != MQS_OK)
		return rc;
	rc = mqs_cur_move(cur, MQS_FIRST, &key, &value, err);
	if (rc == MQS_OK && id_of(table, key, value, &id) == -1)
		rc = mqs_fail(err, MQS_EDAMAGED, "%s: damaged: the first message that is not "
		    "settled", mqs_tx_label(tx));
	else if (rc == MQS_OK && id < *floor)
		*floor = id;
	mqs_cur_free(cur);
	return rc == MQS_NOTHING ? MQS_OK : rc;
}

static int
derive(struct mqs_group_tx *gtx, struct mqs_error *err)
{
	struct mqs_held due;
	uint64_t floor = gtx->v[MQS_GROUP_CURSOR] + 1;
	int rc;

	if ((rc = lower(gtx->tx, MQS_GROUP_FIRST, &floor, err)) != MQS_OK ||
	    (rc = lower(gtx->tx, MQS_GROUP_HELD, &floor, err)) != MQS_OK)
		return rc;
	/* Where the floor was lowered (a restored log), the lower one counts at once. */
	gtx->v[MQS_GROUP_DURABLE_FLOOR] = gtx->v[MQS_GROUP_FLOOR] < floor ?
	    gtx->v[MQS_GROUP_FLOOR] : floor;
	gtx->v[MQS_GROUP_FLOOR] = floor;
	rc = mqs_group_first_held(gtx, MQS_WAITING, &due, err);
	gtx->v[MQS_GROUP_NEXT_DUE] = rc == MQS_OK ? due.sort : 0;
	return rc < 0 ? rc : MQS_OK;
}

/* Makes the transaction whole: all that follows from what was changed. */
static int
prepare(struct mqs_group_tx *gtx, struct mqs_error *err)
{
	int rc;

	if ((rc = mqs_batch_store(gtx, err)) != MQS_OK ||
	    (rc = derive(gtx, err)) != MQS_OK)
		return rc;
	return mqs_state_put(gtx->tx, gtx->v, MQS_GROUP_VALUES, err);
}

static int
commit(struct mqs_group_tx *gtx, struct mqs_error *err)
{
	struct mqs_page page;
	int rc;

	mqs_group_page_fill(&page, mqs_tx_number(gtx->tx), gtx->v);
	rc = mqs_tx_commit(gtx->tx, err);
	free(gtx->batch);
	gtx->tx = NULL;
	gtx->batch = NULL;
	/* A page that can't be written is late by a second at most; see log.c. */
	if (rc == MQS_OK)
		(void)mqs_page_write(gtx->group->page, &page, 0, NULL);
	return rc;
}

int
mqs_group_commit(struct mqs_group_tx *gtx, struct mqs_error *err)
{
	int rc;

	if ((rc = prepare(gtx, err)) != MQS_OK) {
		mqs_group_abort(gtx);
		return rc;
	}
	return commit(gtx, err);
}

/* Shows the floor that is to come with all else as it was committed last. */
static int
lower_page(struct mqs_group_tx *gtx, struct mqs_error *err)
{
	struct mqs_group *group = gtx->group;
	uint64_t v[MQS_GROUP_VALUES];
	struct mqs_page page;
	struct mqs_tx *tx;
	int rc;

	if ((rc = mqs_group_page_find(group, err)) != MQS_OK ||
	    (rc = mqs_tx_read(group->db, &tx, err)) != MQS_OK)
		return rc;
	rc = mqs_group_read(tx, v, err);
	if (rc == MQS_OK && gtx->v[MQS_GROUP_FLOOR] < v[MQS_GROUP_FLOOR])
		v[MQS_GROUP_FLOOR] = v[MQS_GROUP_DURABLE_FLOOR] = gtx->v[MQS_GROUP_FLOOR];
	mqs_group_page_fill(&page, mqs_tx_number(tx), v);
	mqs_tx_abort(tx);
	return rc != MQS_OK ? rc : mqs_page_lower(group->page, &page, err);
}

int
mqs_group_commit_lower(struct mqs_group_tx *gtx, struct mqs_error *err)
{
	int rc;

	if ((rc = prepare(gtx, err)) != MQS_OK || (rc = lower_page(gtx, err)) != MQS_OK) {
		mqs_group_abort(gtx);
		return rc;
	}
	if ((rc = commit(gtx, err)) != MQS_OK)
		return rc;
	return mqs_db_sync(gtx->group->db, err);
}
