/*
 * entry.c - reading and changing the entries of a table by key
 */
#include <lmdb.h>

#include "base/error.h"
#include "embedded/store/lmdb/commit_growth.h"
#include "embedded/store/lmdb/entry.h"
#include "embedded/store/lmdb/handle.h"
#include "embedded/store/lmdb/lmdb_error.h"
#include "embedded/store/lmdb/segment_cursor.h"
#include "embedded/store/lmdb/segment_tables.h"
#include "embedded/store/lmdb/transaction_cursors.h"
#include "embedded/store/lmdb/unlocked_read.h"

static int
get_unlocked(struct mqs_tx *tx, unsigned table, struct mqs_slice key,
    struct mqs_slice *value, struct mqs_error *err)
{
	struct mqs_slice found = key;
	int rc;

	rc = mqs_unlocked_find(tx->unlocked, table, MQS_UNLOCKED_FROM, &found, value, err);
	return rc != MQS_OK || mqs_slice_equal(found, key) ? rc : MQS_NOTHING;
}

/*
 * The LMDB table in which a key of the segmented table is, if it is there.  In *below: 1 if it
 * can only be a damaged one.
 */
static int
table_of_key(struct mqs_tx *tx, unsigned *table, uint64_t key, int *below, struct mqs_error *err)
{
	const struct mqs_segments *s = &tx->segments;
	int rc;

	if ((rc = mqs_segments_know(tx, err)) != MQS_OK)
		return rc;
	*below = s->hidden > 0 && key < s->from;
	*table = mqs_segment_at(tx, mqs_segment_of_key(tx, key));
	return MQS_OK;
}

int
mqs_tx_get(struct mqs_tx *tx, unsigned table, const void *key, size_t key_len,
    struct mqs_slice *value, struct mqs_error *err)
{
	MDB_val k = { key_len, (void *)(uintptr_t)key }, v;
	int rc, below = 0;

	if (mqs_is_segmented(tx->db, table) && (rc = table_of_key(tx, &table,
	    mqs_segment_key(key, key_len), &below, err)) != MQS_OK)
		return rc;
	if (tx->unlocked != NULL)
		return below ? MQS_NOTHING :
		    get_unlocked(tx, table, (struct mqs_slice){ key, key_len }, value, err);
	rc = below ? mqs_segment_get_below(tx, mqs_segment_key(key, key_len), &v) :
	    mdb_get(tx->txn, tx->db->dbi[table], &k, &v);
	if (rc == MDB_NOTFOUND)
		return MQS_NOTHING;
	if (rc != 0)
		return mqs_lmdb_fail_entry(tx, rc, err);
	value->p = v.mv_data;
	value->n = v.mv_size;
	return MQS_OK;
}

static int
put(struct mqs_tx *tx, unsigned table, const void *key, size_t key_len,
    const void *value, size_t value_len, unsigned flags, struct mqs_error *err)
{
	MDB_val k = { key_len, (void *)(uintptr_t)key };
	MDB_val v = { value_len, (void *)(uintptr_t)value };
	int rc;

	if ((rc = mqs_growth_touch(tx, table)) != 0 ||
	    (rc = mdb_put(tx->txn, tx->db->dbi[table], &k, &v, flags)) != 0)
		return mqs_lmdb_fail_entry(tx, rc, err);
	tx->work.put_bytes += mqs_growth_of_put(tx, key_len, value_len);
	tx->work.puts++;
	return MQS_OK;
}

int
mqs_tx_put(struct mqs_tx *tx, unsigned table, const void *key, size_t key_len,
    const void *value, size_t value_len, struct mqs_error *err)
{
	return put(tx, table, key, key_len, value, value_len, 0, err);
}

int
mqs_tx_insert(struct mqs_tx *tx, unsigned table, const void *key, size_t key_len,
    const void *value, size_t value_len, struct mqs_error *err)
{
	return put(tx, table, key, key_len, value, value_len, MDB_NOOVERWRITE, err);
}

/* A key that should be the greatest is not: state and table contradict each other. */
static int
fail_append(struct mqs_tx *tx, int error, struct mqs_error *err)
{
	if (error != MDB_KEYEXIST)
		return mqs_lmdb_fail_entry(tx, error, err);
	if (tx->failed == 0)
		tx->failed = MQS_EDAMAGED;
	return mqs_fail(err, MQS_EDAMAGED, "%s: damaged: a greater key is there already",
	    tx->db->name);
}

/*
 * A cursor that stays at the end of the table: mdb_put would go down the tree from
 * the root for each entry.  It ends with anything that may move the end (a deletion).
 */
static int
place_appender(struct mqs_tx *tx, unsigned table, const void *key, size_t key_len,
    struct mqs_error *err)
{
	unsigned at = table;
	int rc;

	mqs_appender_end(tx);
	if (mqs_is_segmented(tx->db, table) &&
	    (rc = mqs_segments_appended(tx, key, key_len, &at, err)) != MQS_OK)
		return rc;
	tx->appender_table = table;
	if ((rc = mqs_growth_touch(tx, at)) != 0 ||
	    (rc = mdb_cursor_open(tx->txn, tx->db->dbi[at], &tx->appender)) != 0)
		return mqs_lmdb_fail_entry(tx, rc, err);
	return MQS_OK;
}

/*
 * The next entries go below this one in its page, which was last used so long ago that
 * it is out of the cache: asks for their place before they come to it.
 */
static inline void
look_below(const void *value, size_t len)
{
	uintptr_t to = (uintptr_t)value - 3 * len, p;

	for (p = to - len; len < 1024 && p < to; p += 64)
		__builtin_prefetch((const void *)p, 1);
}

int
mqs_tx_append(struct mqs_tx *tx, unsigned table, const void *key, size_t key_len,
    size_t value_len, void **room, struct mqs_error *err)
{
	MDB_val k = { key_len, (void *)(uintptr_t)key }, v = { value_len, NULL };
	int rc;

	if ((tx->appender == NULL || tx->appender_table != table ||
	    (tx->segments.begin && mqs_is_segmented(tx->db, table))) &&
	    (rc = place_appender(tx, table, key, key_len, err)) != MQS_OK)
		return rc;
	if ((rc = mdb_cursor_put(tx->appender, &k, &v, MDB_RESERVE | MDB_APPEND)) != 0)
		return fail_append(tx, rc, err);
	tx->work.appended_bytes += mqs_growth_of_put(tx, key_len, value_len);
	look_below(v.mv_data, value_len);
	*room = v.mv_data;
	return MQS_OK;
}

int
mqs_tx_del(struct mqs_tx *tx, unsigned table, const void *key, size_t key_len,
    struct mqs_error *err)
{
	MDB_val k = { key_len, (void *)(uintptr_t)key };
	int rc;

	mqs_appender_end(tx);
	if ((rc = mqs_growth_touch(tx, table)) == 0)
		rc = mdb_del(tx->txn, tx->db->dbi[table], &k, NULL);
	if (rc == MDB_NOTFOUND)
		return MQS_NOTHING;
	if (rc != 0)
		return mqs_lmdb_fail_entry(tx, rc, err);
	tx->work.dels++;
	return MQS_OK;
}

int
mqs_tx_count(struct mqs_tx *tx, unsigned table, uint64_t *entries,
    struct mqs_error *err)
{
	MDB_stat st;
	int rc;

	if (mqs_is_segmented(tx->db, table))
		return mqs_segments_count(tx, entries, err);
	if (tx->unlocked != NULL)
		return mqs_unlocked_count(tx->unlocked, table, entries, err);
	if ((rc = mdb_stat(tx->txn, tx->db->dbi[table], &st)) != 0)
		return mqs_lmdb_fail_entry(tx, rc, err);
	*entries = st.ms_entries;
	return MQS_OK;
}
