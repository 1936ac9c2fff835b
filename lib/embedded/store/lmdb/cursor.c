/*
 * cursor.c - walking the entries of a table in the order of their keys
 */
#include <errno.h>
#include <lmdb.h>
#include <stdlib.h>

#include "base/error.h"
#include "embedded/store/lmdb/commit_growth.h"
#include "embedded/store/lmdb/cursor.h"
#include "embedded/store/lmdb/handle.h"
#include "embedded/store/lmdb/lmdb_error.h"
#include "embedded/store/lmdb/segment_cursor.h"
#include "embedded/store/lmdb/segment_tables.h"
#include "embedded/store/lmdb/transaction_cursors.h"
#include "embedded/store/lmdb/unlocked_read.h"

/* Opens the LMDB cursor, without a place. */
static int
open_cursor(struct mqs_cur *cur, struct mqs_error *err)
{
	struct mqs_tx *tx = cur->tx;
	int rc;

	if (cur->segmented && (rc = mqs_segments_know(tx, err)) != MQS_OK)
		return rc;
	if (tx->unlocked != NULL)
		return MQS_OK;
	rc = cur->segmented ? mqs_segment_cursor_open(cur) :
	    mdb_cursor_open(tx->txn, tx->db->dbi[cur->table], &cur->cursor);
	return rc == 0 ? MQS_OK : mqs_lmdb_fail_entry(tx, rc, err);
}

int
mqs_cur_new(struct mqs_cur **out, struct mqs_tx *tx, unsigned table,
    struct mqs_error *err)
{
	struct mqs_cur *cur;
	int rc;

	if ((cur = calloc(1, sizeof(*cur))) == NULL)
		return mqs_fail_errno(err, "%s", tx->db->spec.label);
	cur->tx = tx;
	cur->table = table;
	cur->segmented = mqs_is_segmented(tx->db, table);
	if ((rc = open_cursor(cur, err)) != MQS_OK) {
		free(cur);
		return rc;
	}
	cur->link = &tx->cursors;
	if ((cur->next = tx->cursors) != NULL)
		cur->next->link = &cur->next;
	tx->cursors = cur;
	*out = cur;
	return MQS_OK;
}

int
mqs_cur_renew(struct mqs_cur *cur, struct mqs_error *err)
{
	struct mqs_tx *tx = cur->tx;
	int rc;

	if (tx == NULL)
		return mqs_fail(err, MQS_EBUG, "cursor of a transaction that ended");
	cur->at.n = 0;
	if (cur->cursor == NULL || cur->segmented)	/* it was reopened meanwhile */
		return open_cursor(cur, err);
	rc = mdb_cursor_renew(tx->txn, cur->cursor);
	return rc == 0 ? MQS_OK : mqs_lmdb_fail_entry(tx, rc, err);
}

void
mqs_cur_free(struct mqs_cur *cur)
{
	if (cur == NULL)
		return;
	if (cur->cursor != NULL)
		mdb_cursor_close(cur->cursor);
	if (cur->tx != NULL) {
		*cur->link = cur->next;
		if (cur->next != NULL)
			cur->next->link = cur->link;
	}
	mqs_buf_free(&cur->at);
	free(cur);
}

static int
fail_cur(struct mqs_cur *cur, int error, struct mqs_error *err)
{
	if (cur->tx == NULL || cur->cursor == NULL)
		return mqs_fail(err, MQS_EBUG, "cursor not renewed");
	return mqs_lmdb_fail_entry(cur->tx, error, err);
}

/*
 * A log is written in order, so the next leaf is mostly the next page: asks for it
 * while this one is read.  A prefetch of what is not mapped does nothing.
 */
static inline void
look_ahead(struct mqs_cur *cur, const void *value, uint32_t page_size)
{
	uintptr_t page = (uintptr_t)value & ~(uintptr_t)(page_size - 1);
	unsigned i;

	if (page == cur->page)
		return;
	cur->page = page;
	for (i = 0; i < 8; i++)
		__builtin_prefetch((const char *)page + page_size + i * 64);
	for (i = 1; i <= 8; i++)
		__builtin_prefetch((const char *)page + 2 * page_size - i * 64);
}

/* Without LMDB a cursor is the key that it stands at, and each move a look-up. */
static int
move_unlocked(struct mqs_cur *cur, enum mqs_move move, struct mqs_slice *key,
    struct mqs_slice *value, struct mqs_error *err)
{
	struct mqs_slice from = { cur->at.n > 0 ? cur->at.p : NULL, cur->at.n };
	enum mqs_unlocked_place place = MQS_UNLOCKED_FROM;
	int rc;

	if (move == MQS_NEXT && from.n > 0)
		place = MQS_UNLOCKED_AFTER;
	else if (move == MQS_PREV || move == MQS_LAST)
		place = MQS_UNLOCKED_BEFORE;
	if (move == MQS_FIRST || move == MQS_LAST)
		from = (struct mqs_slice){ NULL, 0 };
	else if (move == MQS_AT || move == MQS_FROM)
		from = *key;
	rc = cur->segmented ? mqs_segment_find_unlocked(cur->tx, place, &from, value, err) :
	    mqs_unlocked_find(cur->tx->unlocked, cur->table, place, &from, value, err);
	if (rc != MQS_OK)
		return rc;
	if (move == MQS_AT && !mqs_slice_equal(from, *key))
		return MQS_NOTHING;
	cur->at.n = 0;
	if (mqs_buf_add(&cur->at, from.p, from.n) == -1)
		return mqs_fail_errno(err, "%s", cur->tx->db->spec.label);
	*key = from;
	return MQS_OK;
}

int
mqs_cur_move(struct mqs_cur *cur, enum mqs_move move, struct mqs_slice *key,
    struct mqs_slice *value, struct mqs_error *err)
{
	static const MDB_cursor_op moves[] = {
		[MQS_FIRST] = MDB_FIRST,
		[MQS_LAST] = MDB_LAST,
		[MQS_NEXT] = MDB_NEXT,
		[MQS_PREV] = MDB_PREV,
		[MQS_AT] = MDB_SET_KEY,
		[MQS_FROM] = MDB_SET_RANGE
	};
	MDB_val k = { key->n, (void *)(uintptr_t)key->p }, v;
	int rc;

	if (cur->cursor == NULL)
		return cur->tx != NULL && cur->tx->unlocked != NULL ?
		    move_unlocked(cur, move, key, value, err) : fail_cur(cur, EINVAL, err);
	if (cur->segmented && (move != MQS_NEXT || !cur->placed))
		rc = mqs_segment_cursor_move(cur, move, &k, &v);
	else if ((rc = mdb_cursor_get(cur->cursor, &k, &v, moves[move])) == MDB_NOTFOUND &&
	    cur->segmented)
		rc = mqs_segment_cursor_cross(cur, 0, &k, &v);
	if (rc == MDB_NOTFOUND)
		return MQS_NOTHING;
	if (rc != 0)
		return fail_cur(cur, rc, err);
	key->p = k.mv_data;
	key->n = k.mv_size;
	value->p = v.mv_data;
	value->n = v.mv_size;
	if (move == MQS_NEXT)
		look_ahead(cur, v.mv_data, cur->tx->db->page_size);
	return MQS_OK;
}

int
mqs_cur_del(struct mqs_cur *cur, struct mqs_error *err)
{
	unsigned table = cur->segmented ? cur->open : cur->table;
	int rc;

	if (cur->cursor == NULL)
		return fail_cur(cur, EINVAL, err);
	mqs_appender_end(cur->tx);
	cur->tx->segments.deleted |= cur->segmented;
	if ((rc = mqs_growth_touch(cur->tx, table)) != 0 ||
	    (rc = mdb_cursor_del(cur->cursor, 0)) != 0)
		return fail_cur(cur, rc, err);
	cur->tx->work.dels++;
	return MQS_OK;
}
