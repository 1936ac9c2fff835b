/* segments.c - see segments.h */
#include <lmdb.h>
#include <string.h>

#include "base/error.h"
#include "embedded/store/lmdb/commit_growth.h"
#include "embedded/store/lmdb/lmdb_error.h"
#include "embedded/store/lmdb/segment_tables.h"
#include "embedded/store/lmdb/transaction_cursors.h"
#include "embedded/store/lmdb/unlocked_read.h"

static int
stat_of(struct mqs_tx *tx, unsigned place, MDB_stat *st, struct mqs_error *err)
{
	int rc = mdb_stat(tx->txn, tx->db->dbi[mqs_segment_at(tx, place)], st);

	return rc == 0 ? MQS_OK : mqs_lmdb_fail_entry(tx, rc, err);
}

static uint64_t
pages_of(const MDB_stat *st)
{
	return (uint64_t)st->ms_branch_pages + st->ms_leaf_pages + st->ms_overflow_pages;
}

int
mqs_segments_count(struct mqs_tx *tx, uint64_t *entries, struct mqs_error *err)
{
	uint64_t n = 0, one;
	unsigned place;
	MDB_stat st;
	int rc;

	if ((rc = mqs_segments_know(tx, err)) != MQS_OK)
		return rc;
	for (place = 0; place < tx->segments.n; place++) {
		if (tx->unlocked != NULL)
			rc = mqs_unlocked_count(tx->unlocked, mqs_segment_at(tx, place), &one, err);
		else if ((rc = stat_of(tx, place, &st, err)) == MQS_OK)
			one = st.ms_entries;
		if (rc != MQS_OK)
			return rc;
		n += one;
	}
	*entries = n > tx->segments.hidden ? n - tx->segments.hidden : 0;
	return MQS_OK;
}

int
mqs_segments_stat(struct mqs_tx *tx, struct mqs_segments_stat *out, struct mqs_error *err)
{
	MDB_stat st;
	int rc;

	if ((rc = mqs_segments_know(tx, err)) != MQS_OK ||
	    (rc = stat_of(tx, 0, &st, err)) != MQS_OK)
		return rc;
	out->tables = tx->segments.n;
	out->hidden = tx->segments.hidden;
	out->from = tx->segments.from;
	out->oldest = pages_of(&st) * tx->db->page_size;
	if ((rc = stat_of(tx, tx->segments.n - 1, &st, err)) != MQS_OK)
		return rc;
	out->newest = pages_of(&st) * tx->db->page_size;
	return MQS_OK;
}

/* ----------------------------------------------------------- beginning one -- */

int
mqs_segments_begin(struct mqs_tx *tx, struct mqs_error *err)
{
	int rc = mqs_segments_know(tx, err);

	if (rc == MQS_OK)
		tx->segments.begin = tx->segments.n < tx->db->spec.segments;
	return rc;
}

/* LMDB compares a new key with those of its own table only: here, with those of the one before. */
static int
is_greater(struct mqs_tx *tx, uint64_t key, int *greater, struct mqs_error *err)
{
	MDB_cursor *cursor;
	MDB_val k, v;
	int rc;

	rc = mdb_cursor_open(tx->txn, tx->db->dbi[mqs_segment_at(tx, tx->segments.n - 1)], &cursor);
	if (rc != 0)
		return mqs_lmdb_fail_entry(tx, rc, err);
	rc = mdb_cursor_get(cursor, &k, &v, MDB_LAST);
	*greater = rc == MDB_NOTFOUND || (rc == 0 && mqs_segment_key(k.mv_data, k.mv_size) < key);
	mdb_cursor_close(cursor);
	return rc == 0 || rc == MDB_NOTFOUND ? MQS_OK : mqs_lmdb_fail_entry(tx, rc, err);
}

static int
begin(struct mqs_tx *tx, uint64_t key, struct mqs_error *err)
{
	struct mqs_segments *s = &tx->segments;
	MDB_stat st;
	int rc, greater = 0;

	s->begin = 0;
	if ((rc = is_greater(tx, key, &greater, err)) != MQS_OK ||
	    (rc = stat_of(tx, s->n, &st, err)) != MQS_OK)
		return rc;
	if (!greater || st.ms_entries != 0) {
		tx->failed = MQS_EDAMAGED;
		return mqs_tx_fail_damaged(tx, greater ? "a segment that is not in use has entries" :
		    "a greater key is there already", err);
	}
	s->start[s->n++] = key;
	s->changed = 1;
	return MQS_OK;
}

int
mqs_segments_appended(struct mqs_tx *tx, const void *key, size_t n, unsigned *table,
    struct mqs_error *err)
{
	int rc;

	if ((rc = mqs_segments_know(tx, err)) != MQS_OK ||
	    (tx->segments.begin && (rc = begin(tx, mqs_segment_key(key, n), err)) != MQS_OK))
		return rc;
	*table = mqs_segment_at(tx, tx->segments.n - 1);
	return MQS_OK;
}

/* ----------------------------------------------------------------- hiding -- */

/* Cursors in a table that is emptied lose their places. */
static void
unplace(struct mqs_tx *tx)
{
	struct mqs_cur *cur;

	mqs_appender_end(tx);
	for (cur = tx->cursors; cur != NULL; cur = cur->next)
		cur->placed = 0;
}

/* Empties the oldest table, and leaves it, unless it is the only one. */
static int
drop_oldest(struct mqs_tx *tx, struct mqs_error *err)
{
	struct mqs_segments *s = &tx->segments;
	unsigned table = mqs_segment_at(tx, 0);
	MDB_stat st;
	int rc;

	unplace(tx);
	if ((rc = stat_of(tx, 0, &st, err)) != MQS_OK)
		return rc;
	if (st.ms_entries > 0) {
		if ((rc = mqs_growth_touch(tx, table)) != 0 ||
		    (rc = mdb_drop(tx->txn, tx->db->dbi[table], 0)) != 0)
			return mqs_lmdb_fail_entry(tx, rc, err);
		tx->work.dropped += pages_of(&st);
		tx->work.puts++;
	}
	s->hidden = s->last = s->from = 0;
	s->changed = 1;
	if (s->n == 1)
		return MQS_OK;
	s->first = (s->first + 1) % tx->db->spec.segments;
	s->n--;
	memmove(s->start, s->start + 1, s->n * sizeof(s->start[0]));
	return MQS_OK;
}

/*
 * What ids of entries are not less than, if they are behind the last hidden one, and greater
 * than, if they are not: by the keys of the last two hidden ones and the next two, of which one
 * may be damaged; 0: more are.  If it is not clear which one is, it is rather too low: that a
 * hidden one is found does less harm than that another is not.
 */
static uint64_t
bound_of(const uint64_t key[4])
{
	if (key[0] < key[1] && key[1] < key[2])
		return key[1] + 1;
	if (key[1] < key[2] && key[2] < key[3])
		return key[2];
	if (key[0] < key[1] && key[1] < key[3] && key[2] <= key[0] + 1)
		return key[1] + 1;
	if (key[0] + 1 < key[2] && key[2] < key[3])
		return key[2];
	return 0;
}

/* The key of the entry to which a cursor moves. */
static int
key_at(MDB_cursor *cursor, MDB_cursor_op move, uint64_t *key)
{
	MDB_val k, v;
	int rc = mdb_cursor_get(cursor, &k, &v, move);

	if (rc == 0)
		*key = mqs_segment_key(k.mv_data, k.mv_size);
	return rc;
}

/* The keys of the last two hidden entries and the next two; the cursor stands at the third. */
static int
keys_around(const struct mqs_segments *s, MDB_cursor *cursor, uint64_t key[4])
{
	const uint64_t least = s->start[0] > 0 ? s->start[0] - 1 : 0;
	const uint64_t most = s->n > 1 ? s->start[1] : UINT64_MAX;
	int rc;

	if ((rc = key_at(cursor, MDB_GET_CURRENT, &key[2])) != 0)
		return rc;
	if ((rc = key_at(cursor, MDB_NEXT, &key[3])) == 0)
		rc = key_at(cursor, MDB_PREV, &key[2]);
	else if (rc == MDB_NOTFOUND) {		/* it stays where it is */
		key[3] = most;
		rc = 0;
	}
	if (rc != 0 || (rc = key_at(cursor, MDB_PREV, &key[1])) != 0)
		return rc;
	if ((rc = key_at(cursor, MDB_PREV, &key[0])) == MDB_NOTFOUND) {
		key[0] = least;
		rc = 0;
	}
	return rc;
}

/* Hides entries of the oldest table, up to the one at which a cursor stands. */
static int
hide_in_oldest(struct mqs_tx *tx, uint64_t count, const struct mqs_cur *cur, struct mqs_error *err)
{
	struct mqs_segments *s = &tx->segments;
	uint64_t key[4], from;
	int rc;

	if (cur->open != mqs_segment_at(tx, 0))
		return mqs_fail(err, MQS_EBUG, "%s: the first entry that is left is not there",
		    tx->db->name);
	if ((rc = keys_around(s, cur->cursor, key)) != 0)
		return mqs_lmdb_fail_entry(tx, rc, err);
	s->hidden += count;
	s->last = key[0] < key[1] && key[1] < key[2] ? key[1] : 0;
	if (s->from <= s->start[0])
		s->from = s->start[0] + 1;
	from = bound_of(key);
	if (from > s->from && (s->n == 1 || from <= s->start[1]))
		s->from = from;
	s->changed = 1;
	return MQS_OK;
}

int
mqs_segments_hide(struct mqs_tx *tx, uint64_t count, struct mqs_cur *cur, struct mqs_error *err)
{
	struct mqs_segments *s = &tx->segments;
	unsigned before;
	MDB_stat st;
	int rc;

	if ((rc = mqs_segments_know(tx, err)) != MQS_OK)
		return rc;
	unplace(tx);
	while (count > 0) {
		if ((rc = stat_of(tx, 0, &st, err)) != MQS_OK)
			return rc;
		if (s->hidden + count < st.ms_entries) {
			return hide_in_oldest(tx, count, cur, err);
		}
		before = s->n;
		count -= st.ms_entries - s->hidden;
		if ((rc = drop_oldest(tx, err)) != MQS_OK)
			return rc;
		if (before == 1 && count > 0)
			return mqs_fail(err, MQS_EBUG, "%s: fewer entries than are to be hidden",
			    tx->db->name);
	}
	return MQS_OK;
}

/* Entries that are left in the table at a place, if deleting may have changed that. */
static int
left_at(struct mqs_tx *tx, unsigned place, uint64_t *left, struct mqs_error *err)
{
	MDB_stat st;
	int rc;

	if ((rc = stat_of(tx, place, &st, err)) == MQS_OK)
		*left = st.ms_entries - (place == 0 ? tx->segments.hidden : 0);
	return rc;
}

static int
leave_emptied(struct mqs_tx *tx, struct mqs_error *err)
{
	struct mqs_segments *s = &tx->segments;
	uint64_t left = 0;
	int rc = MQS_OK;

	while (s->n > 1 && (rc = left_at(tx, 0, &left, err)) == MQS_OK && left == 0)
		if ((rc = drop_oldest(tx, err)) != MQS_OK)
			return rc;
	while (rc == MQS_OK && s->n > 1 &&
	    (rc = left_at(tx, s->n - 1, &left, err)) == MQS_OK && left == 0) {
		s->n--;
		s->changed = 1;
	}
	if (rc == MQS_OK && s->n == 1 && s->hidden > 0 &&
	    (rc = left_at(tx, 0, &left, err)) == MQS_OK && left == 0)
		rc = drop_oldest(tx, err);
	return rc;
}

int
mqs_segments_settle(struct mqs_tx *tx, struct mqs_error *err)
{
	struct mqs_segments *s = &tx->segments;
	int rc = MQS_OK;

	if (!s->known)
		return MQS_OK;
	if (s->deleted)
		rc = leave_emptied(tx, err);
	return rc == MQS_OK && s->changed ? mqs_segments_store(tx, err) : rc;
}
