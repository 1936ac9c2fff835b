/*
 * segment_cursor.c - walking the tables of the segmented table as if they were one
 *
 * A cursor stands in one of the tables.  At the end of that it is replaced by one in the next
 * table that has entries; where there is none it stays where it is, as LMDB's does.
 *
 * The first entry that is not hidden is looked for by its key.  That counts if the key before
 * it is one less than `from', as it is where no key is damaged.  Else the hidden entries are
 * counted, one by one.
 */
#include <lmdb.h>

#include "embedded/store/lmdb/segment_cursor.h"
#include "embedded/store/lmdb/segment_tables.h"
#include "embedded/store/lmdb/unlocked_read.h"

static int
open_at(struct mqs_cur *cur, unsigned place)
{
	unsigned table = mqs_segment_at(cur->tx, place);
	int rc;

	cur->placed = 0;
	if (cur->cursor != NULL && cur->open == table)
		return 0;
	if (cur->cursor != NULL)
		mdb_cursor_close(cur->cursor);
	if ((rc = mdb_cursor_open(cur->tx->txn, cur->tx->db->dbi[table], &cur->cursor)) != 0)
		cur->cursor = NULL;
	cur->open = table;
	return rc;
}

int
mqs_segment_cursor_open(struct mqs_cur *cur)
{
	return open_at(cur, 0);
}

static uint64_t
key_of(const MDB_val *k)
{
	return mqs_segment_key(k->mv_data, k->mv_size);
}

/* The first entry of the oldest table that is not hidden, by counting. */
static int
count_hidden(struct mqs_tx *tx, MDB_cursor *cursor, MDB_val *k, MDB_val *v)
{
	uint64_t i;
	int rc = mdb_cursor_get(cursor, k, v, MDB_FIRST);

	for (i = 0; rc == 0 && i < tx->segments.hidden; i++)
		rc = mdb_cursor_get(cursor, k, v, MDB_NEXT);
	return rc;
}

/*
 * 1 if the cursor stands behind the last hidden entry, as far as its key tells: that is one less
 * than `from', and the key before it is another one, as it would not be if this one's were
 * damaged.  The cursor then stands at the last hidden entry.
 */
static int
is_behind_hidden(struct mqs_tx *tx, MDB_cursor *cursor, MDB_val *k, MDB_val *v)
{
	const uint64_t last = tx->segments.from - 1;

	if (mdb_cursor_get(cursor, k, v, MDB_PREV) != 0 || key_of(k) != last)
		return 0;
	if (tx->segments.hidden == 1)	/* it stays where it is, at the first of all */
		return mdb_cursor_get(cursor, k, v, MDB_PREV) == MDB_NOTFOUND;
	return mdb_cursor_get(cursor, k, v, MDB_PREV) == 0 && key_of(k) < last &&
	    mdb_cursor_get(cursor, k, v, MDB_NEXT) == 0;
}

/* Places a cursor of the oldest table at its first entry that is not hidden. */
static int
place_first(struct mqs_tx *tx, MDB_cursor *cursor, MDB_val *k, MDB_val *v)
{
	const struct mqs_segments *s = &tx->segments;
	unsigned char from[8];
	MDB_val key = {sizeof(from), from};
	int rc;

	if (s->hidden == 0)
		return mdb_cursor_get(cursor, k, v, MDB_FIRST);
	mqs_put_be64(from, s->from);
	rc = mdb_cursor_get(cursor, &key, v, MDB_SET_RANGE);
	if (rc == 0 && is_behind_hidden(tx, cursor, k, v))
		return mdb_cursor_get(cursor, k, v, MDB_NEXT);
	return rc == 0 || rc == MDB_NOTFOUND ? count_hidden(tx, cursor, k, v) : rc;
}

/* 1 if the cursor, which is in the oldest table, stands at the first entry that is not hidden. */
static int
is_at_first(struct mqs_cur *cur)
{
	MDB_cursor *other;
	MDB_val k, v, first;
	int is = 0;

	if (mdb_cursor_get(cur->cursor, &k, &v, MDB_GET_CURRENT) != 0 ||
	    mdb_cursor_open(cur->tx->txn, cur->tx->db->dbi[cur->open], &other) != 0)
		return 0;
	if (place_first(cur->tx, other, &k, &first) == 0)
		is = first.mv_data == v.mv_data;
	mdb_cursor_close(other);
	return is;
}

/* 1 if all that is left of the oldest table is hidden. */
static int
is_all_hidden(struct mqs_tx *tx)
{
	MDB_stat st;

	return tx->segments.hidden > 0 &&
	    mdb_stat(tx->txn, tx->db->dbi[mqs_segment_at(tx, 0)], &st) == 0 &&
	    st.ms_entries <= tx->segments.hidden;
}

int
mqs_segment_cursor_cross(struct mqs_cur *cur, int back, MDB_val *k, MDB_val *v)
{
	struct mqs_tx *tx = cur->tx;
	unsigned place = mqs_segment_place(tx, cur->open);
	MDB_cursor *other;
	int rc;

	while (back ? place > 0 : place + 1 < tx->segments.n) {
		place += back ? -1u : 1u;
		if (place == 0 && is_all_hidden(tx))
			break;
		rc = mdb_cursor_open(tx->txn, tx->db->dbi[mqs_segment_at(tx, place)], &other);
		if (rc != 0)
			return rc;
		if ((rc = mdb_cursor_get(other, k, v, back ? MDB_LAST : MDB_FIRST)) != 0) {
			mdb_cursor_close(other);
			if (rc != MDB_NOTFOUND)
				return rc;
			continue;
		}
		mdb_cursor_close(cur->cursor);
		cur->cursor = other;
		cur->open = mqs_segment_at(tx, place);
		cur->placed = 1;
		return 0;
	}
	return MDB_NOTFOUND;
}

static int
first(struct mqs_cur *cur, MDB_val *k, MDB_val *v)
{
	int rc = open_at(cur, 0);

	if (rc == 0)
		rc = place_first(cur->tx, cur->cursor, k, v);
	return rc == MDB_NOTFOUND ? mqs_segment_cursor_cross(cur, 0, k, v) : rc;
}

static int
last(struct mqs_cur *cur, MDB_val *k, MDB_val *v)
{
	unsigned place = cur->tx->segments.n - 1;
	int rc;

	if ((rc = open_at(cur, place)) != 0)
		return rc;
	if (place == 0 && is_all_hidden(cur->tx))
		return MDB_NOTFOUND;
	rc = mdb_cursor_get(cur->cursor, k, v, MDB_LAST);
	return rc == MDB_NOTFOUND ? mqs_segment_cursor_cross(cur, 1, k, v) : rc;
}

static int
before(struct mqs_cur *cur, MDB_val *k, MDB_val *v)
{
	int rc;

	if (cur->tx->segments.hidden > 0 && mqs_segment_place(cur->tx, cur->open) == 0 &&
	    (is_at_first(cur) || is_all_hidden(cur->tx)))
		return MDB_NOTFOUND;
	rc = mdb_cursor_get(cur->cursor, k, v, MDB_PREV);
	return rc == MDB_NOTFOUND ? mqs_segment_cursor_cross(cur, 1, k, v) : rc;
}

static int
by_key(struct mqs_cur *cur, enum mqs_move move, MDB_val *k, MDB_val *v)
{
	const struct mqs_segments *s = &cur->tx->segments;
	int rc;

	if (s->hidden > 0 && key_of(k) < s->from)
		return move == MQS_AT ? MDB_NOTFOUND : first(cur, k, v);
	if ((rc = open_at(cur, mqs_segment_of_key(cur->tx, key_of(k)))) != 0)
		return rc;
	if (move == MQS_AT)
		return mdb_cursor_get(cur->cursor, k, v, MDB_SET_KEY);
	rc = mdb_cursor_get(cur->cursor, k, v, MDB_SET_RANGE);
	return rc == MDB_NOTFOUND ? mqs_segment_cursor_cross(cur, 0, k, v) : rc;
}

int
mqs_segment_cursor_move(struct mqs_cur *cur, enum mqs_move move, MDB_val *k, MDB_val *v)
{
	int rc;

	if (move == MQS_AT || move == MQS_FROM)
		rc = by_key(cur, move, k, v);
	else if (move == MQS_LAST || (move == MQS_PREV && !cur->placed))
		rc = last(cur, k, v);
	else if (move == MQS_PREV)
		return before(cur, k, v);
	else
		rc = first(cur, k, v);
	cur->placed = rc == 0;
	return rc;
}

/* -------------------------------------------------------------- unlocked -- */

static int
find_back(struct mqs_tx *tx, struct mqs_slice *key, struct mqs_slice *value,
    struct mqs_error *err)
{
	const struct mqs_segments *s = &tx->segments;
	unsigned place = key->p == NULL ? s->n - 1 :
	    mqs_segment_of_key(tx, mqs_segment_key(key->p, key->n));
	int rc;

	for (;; place--) {
		rc = mqs_unlocked_find(tx->unlocked, mqs_segment_at(tx, place),
		    MQS_UNLOCKED_BEFORE, key, value, err);
		if (rc != MQS_NOTHING || place == 0)
			break;
		*key = (struct mqs_slice){ NULL, 0 };
	}
	return rc == MQS_OK && place == 0 && s->hidden > 0 &&
	    mqs_segment_key(key->p, key->n) < s->from ? MQS_NOTHING : rc;
}

static int
find_forward(struct mqs_tx *tx, enum mqs_unlocked_place how, struct mqs_slice *key,
    struct mqs_slice *value, struct mqs_error *err)
{
	const struct mqs_segments *s = &tx->segments;
	unsigned char from[8];
	unsigned place = 0;
	int rc;

	if (s->hidden > 0 && (key->p == NULL || mqs_segment_key(key->p, key->n) < s->from)) {
		mqs_put_be64(from, s->from);
		*key = (struct mqs_slice){ from, sizeof(from) };
		how = MQS_UNLOCKED_FROM;
	} else if (key->p != NULL)
		place = mqs_segment_of_key(tx, mqs_segment_key(key->p, key->n));
	for (;; place++) {
		rc = mqs_unlocked_find(tx->unlocked, mqs_segment_at(tx, place), how, key, value,
		    err);
		if (rc != MQS_NOTHING || place + 1 == s->n)
			return rc;
		*key = (struct mqs_slice){ NULL, 0 };
		how = MQS_UNLOCKED_FROM;
	}
}

int
mqs_segment_find_unlocked(struct mqs_tx *tx, enum mqs_unlocked_place place, struct mqs_slice *key,
    struct mqs_slice *value, struct mqs_error *err)
{
	return place == MQS_UNLOCKED_BEFORE ? find_back(tx, key, value, err) :
	    find_forward(tx, place, key, value, err);
}
