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
#include "embedded/store/lmdb/transaction_cursors.h"

int
mqs_cur_new(struct mqs_cur **out, struct mqs_tx *tx, unsigned table,
    struct mqs_error *err)
{
	struct mqs_cur *cur;
	int rc;

	if ((cur = calloc(1, sizeof(*cur))) == NULL)
		return mqs_fail_errno(err, "%s", tx->db->spec.label);
	rc = mdb_cursor_open(tx->txn, tx->db->dbi[table], &cur->cursor);
	if (rc != 0) {
		free(cur);
		return mqs_lmdb_fail_entry(tx, rc, err);
	}
	cur->tx = tx;
	cur->table = table;
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
	if (cur->cursor != NULL)
		rc = mdb_cursor_renew(tx->txn, cur->cursor);
	else			/* it was reopened meanwhile */
		rc = mdb_cursor_open(tx->txn, tx->db->dbi[cur->table], &cur->cursor);
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

	rc = mdb_cursor_get(cur->cursor, &k, &v, moves[move]);
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
	int rc;

	if (cur->cursor == NULL)
		return fail_cur(cur, EINVAL, err);
	mqs_appender_end(cur->tx);
	if ((rc = mqs_growth_touch(cur->tx, cur->table)) != 0 ||
	    (rc = mdb_cursor_del(cur->cursor, 0)) != 0)
		return fail_cur(cur, rc, err);
	cur->tx->work.dels++;
	return MQS_OK;
}
