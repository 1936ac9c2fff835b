/*
 * segment_cursor.c - walking the tables of the segmented table as if they were one
 *
 * A cursor stands in one of the tables.  At the end of that it is replaced by one in the next
 * table that has entries; where there is none it stays where it is, as LMDB's does.
 *
 * The first entry that is not hidden is behind the last hidden one, which is looked for by the
 * key that the list has.  That counts if the keys before it and behind it are less and greater,
 * as they are where no key is damaged.  Else the hidden entries are counted, one by one; where
 * nothing changes any more, that is done once.
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

static int
find_key(MDB_cursor *cursor, uint64_t key, MDB_val *v)
{
	unsigned char at[8];
	MDB_val k = { sizeof(at), at };

	mqs_put_be64(at, key);
	return mdb_cursor_get(cursor, &k, v, MDB_SET);
}

/*
 * Looks for the first entry that is not hidden behind the last hidden one, by that one's key:
 * MDB_NOTFOUND also if a key is damaged.
 */
static int
find_first(struct mqs_tx *tx, MDB_cursor *cursor, MDB_val *k, MDB_val *v)
{
	const struct mqs_segments *s = &tx->segments;
	int rc;

	if (s->last == 0)
		return MDB_NOTFOUND;
	if ((rc = find_key(cursor, s->last, v)) != 0)
		return rc;
	rc = mdb_cursor_get(cursor, k, v, MDB_PREV);
	if (s->hidden == 1)	/* the cursor stays where it is, at the first of all */
		rc = rc == 0 ? MDB_NOTFOUND : rc == MDB_NOTFOUND ? 0 : rc;
	else if (rc == 0)
		rc = key_of(k) < s->last ? mdb_cursor_get(cursor, k, v, MDB_NEXT) : MDB_NOTFOUND;
	if (rc != 0 || (rc = mdb_cursor_get(cursor, k, v, MDB_NEXT)) != 0)
		return rc;
	return key_of(k) > s->last ? 0 : MDB_NOTFOUND;
}

/* The same, after it was found once in the snapshot. */
static int
find_first_again(struct mqs_tx *tx, MDB_cursor *cursor, MDB_val *k, MDB_val *v)
{
	const struct mqs_segments *s = &tx->segments;

	return s->front != NULL && find_key(cursor, s->front_key, v) == 0 &&
	    v->mv_data == s->front && mdb_cursor_get(cursor, k, v, MDB_GET_CURRENT) == 0;
}

/* Places a cursor of the oldest table at its first entry that is not hidden. */
static int
place_first(struct mqs_tx *tx, MDB_cursor *cursor, MDB_val *k, MDB_val *v)
{
	struct mqs_segments *s = &tx->segments;
	int rc;

	if (s->hidden == 0)
		return mdb_cursor_get(cursor, k, v, MDB_FIRST);
	if (find_first_again(tx, cursor, k, v))
		return 0;
	if ((rc = find_first(tx, cursor, k, v)) == MDB_NOTFOUND)
		rc = count_hidden(tx, cursor, k, v);
	if (rc == 0 && tx != &tx->db->writer) {
		s->front = v->mv_data;
		s->front_key = key_of(k);
	}
	return rc;
}

/* 1 if the cursor, which is in the oldest table, stands at the first entry that is not hidden. */
static int
is_at_first(struct mqs_cur *cur)
{
	MDB_cursor *other;
	MDB_val k, v, first;
	int is = 0;

	if (mdb_cursor_get(cur->cursor, &k, &v, MDB_GET_CURRENT) != 0)
		return 0;
	if (cur->tx->segments.front != NULL)
		return cur->tx->segments.front == v.mv_data;
	if (mdb_cursor_open(cur->tx->txn, cur->tx->db->dbi[cur->open], &other) != 0)
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

/*
 * A key that is less than those of all entries that are not hidden, unless that of the first is
 * damaged.
 */
static int
by_key_below(struct mqs_cur *cur, enum mqs_move move, MDB_val *k, MDB_val *v)
{
	const uint64_t key = key_of(k);
	int rc = first(cur, k, v);

	return rc == 0 && move == MQS_AT && key_of(k) != key ? MDB_NOTFOUND : rc;
}

int
mqs_segment_get_below(struct mqs_tx *tx, uint64_t key, MDB_val *v)
{
	const struct mqs_segments *s = &tx->segments;
	MDB_cursor *cursor;
	MDB_val k;
	int rc;

	if (s->front != NULL && s->front_key != key)
		return MDB_NOTFOUND;
	if ((rc = mdb_cursor_open(tx->txn, tx->db->dbi[mqs_segment_at(tx, 0)], &cursor)) != 0)
		return rc;
	if ((rc = place_first(tx, cursor, &k, v)) == 0 && key_of(&k) != key)
		rc = MDB_NOTFOUND;
	mdb_cursor_close(cursor);
	return rc;
}

/*
 * 1 if a search in the oldest table, by a key that is not below `from', may have led to a hidden
 * entry, whose key then is damaged: the entry before it is below `from', and not the last hidden
 * one.  Else the cursor stays where it is.
 */
static int
may_be_hidden(struct mqs_cur *cur)
{
	const struct mqs_segments *s = &cur->tx->segments;
	MDB_val k, v;

	return mdb_cursor_get(cur->cursor, &k, &v, MDB_PREV) != 0 ||
	    (key_of(&k) < s->from && key_of(&k) != s->last) ||
	    mdb_cursor_get(cur->cursor, &k, &v, MDB_NEXT) != 0;
}

static int
by_key(struct mqs_cur *cur, enum mqs_move move, MDB_val *k, MDB_val *v)
{
	const struct mqs_segments *s = &cur->tx->segments;
	int rc;

	if (s->hidden > 0 && key_of(k) < s->from)
		return by_key_below(cur, move, k, v);
	if ((rc = open_at(cur, mqs_segment_of_key(cur->tx, key_of(k)))) != 0)
		return rc;
	if (move == MQS_AT)
		return mdb_cursor_get(cur->cursor, k, v, MDB_SET_KEY);
	rc = mdb_cursor_get(cur->cursor, k, v, MDB_SET_RANGE);
	if (rc == 0 && s->hidden > 0 && cur->open == mqs_segment_at(cur->tx, 0) &&
	    may_be_hidden(cur))
		return first(cur, k, v);
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
