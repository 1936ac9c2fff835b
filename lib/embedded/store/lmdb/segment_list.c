/*
 * segment_list.c - the entry of the main table that lists the tables in use; see segments.h
 */
#include <lmdb.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "embedded/store/lmdb/commit_growth.h"
#include "embedded/store/lmdb/lmdb_error.h"
#include "embedded/store/lmdb/segment_tables.h"
#include "embedded/store/lmdb/unlocked_read.h"

#define BEFORE_STARTS	5
#define NUMBERS		(BEFORE_STARTS + MQS_SEGMENTS_MAX)
#define SUMMED		((size_t)8 * NUMBERS)	/* bytes that the checksum covers */

unsigned
mqs_segment_place(const struct mqs_tx *tx, unsigned table)
{
	const struct mqs_db_spec *spec = &tx->db->spec;
	unsigned number = table == spec->segmented ? 0 :
	    table - (spec->ntables + 1 - spec->segments);

	return (number + spec->segments - tx->segments.first) % spec->segments;
}

unsigned
mqs_segment_of_key(const struct mqs_tx *tx, uint64_t key)
{
	unsigned place = tx->segments.n - 1;

	while (place > 0 && tx->segments.start[place] > key)
		place--;
	return place;
}

uint64_t
mqs_segment_key(const void *key, size_t n)
{
	unsigned char padded[8] = { 0 };

	if (n > 0)
		memcpy(padded, key, n < sizeof(padded) ? n : sizeof(padded));
	return mqs_get_be64(padded);
}

static int
decode(struct mqs_slice value, struct mqs_segments *s)
{
	const unsigned char *p = value.p;
	unsigned i;

	if (value.n != SUMMED + 8 || mqs_get_le64(p + SUMMED) != XXH3_64bits(p, SUMMED))
		return -1;
	s->n = (unsigned)mqs_get_le64(p);
	s->first = (unsigned)mqs_get_le64(p + 8);
	s->hidden = mqs_get_le64(p + 16);
	s->last = mqs_get_le64(p + 24);
	s->from = mqs_get_le64(p + 32);
	for (i = 0; i < MQS_SEGMENTS_MAX; i++)
		s->start[i] = mqs_get_le64(p + 8 * (BEFORE_STARTS + (size_t)i));
	return 0;
}

int
mqs_segments_decode(struct mqs_slice value, struct mqs_segments_stat *st)
{
	struct mqs_segments s;

	memset(st, 0, sizeof(*st));
	if (decode(value, &s) == -1)
		return -1;
	st->tables = s.n;
	st->hidden = s.hidden;
	st->from = s.from;
	return 0;
}

/* The entry of the main table, or MQS_NOTHING. */
static int
get(struct mqs_tx *tx, struct mqs_slice *value, struct mqs_error *err)
{
	struct mqs_slice name = { MQS_SEGMENTS_KEY, sizeof(MQS_SEGMENTS_KEY) - 1 }, key = name;
	MDB_val k = { name.n, (void *)(uintptr_t)name.p }, v;
	int rc;

	if (tx->unlocked != NULL) {
		rc = mqs_unlocked_find(tx->unlocked, MQS_DB_MAIN, MQS_UNLOCKED_FROM, &key, value,
		    err);
		return rc != MQS_OK || mqs_slice_equal(key, name) ? rc : MQS_NOTHING;
	}
	rc = mdb_get(tx->txn, tx->db->dbi[MQS_DB_MAIN], &k, &v);
	if (rc != 0)
		return rc == MDB_NOTFOUND ? MQS_NOTHING : mqs_lmdb_fail_entry(tx, rc, err);
	*value = (struct mqs_slice){ v.mv_data, v.mv_size };
	return MQS_OK;
}

int
mqs_segments_read(struct mqs_tx *tx, struct mqs_error *err)
{
	struct mqs_segments *s = &tx->segments;
	struct mqs_slice value = { NULL, 0 };
	int rc;

	memset(s, 0, sizeof(*s));
	s->n = 1;
	if ((rc = get(tx, &value, err)) < 0)
		return rc;
	if (rc == MQS_OK && (decode(value, s) == -1 || s->n == 0 ||
	    s->n > tx->db->spec.segments || s->first >= tx->db->spec.segments))
		return mqs_tx_fail_damaged(tx, "the list of segments has a wrong checksum", err);
	s->known = 1;
	return MQS_OK;
}

int
mqs_segments_store(struct mqs_tx *tx, struct mqs_error *err)
{
	const struct mqs_segments *s = &tx->segments;
	unsigned char bytes[SUMMED + 8] = { 0 };
	MDB_val k = { sizeof(MQS_SEGMENTS_KEY) - 1, (void *)(uintptr_t)MQS_SEGMENTS_KEY };
	MDB_val v = { sizeof(bytes), bytes };
	unsigned i;
	int rc;

	mqs_put_le64(bytes, s->n);
	mqs_put_le64(bytes + 8, s->first);
	mqs_put_le64(bytes + 16, s->hidden);
	mqs_put_le64(bytes + 24, s->last);
	mqs_put_le64(bytes + 32, s->from);
	for (i = 0; i < s->n; i++)
		mqs_put_le64(bytes + 8 * (BEFORE_STARTS + (size_t)i), s->start[i]);
	mqs_put_le64(bytes + SUMMED, XXH3_64bits(bytes, SUMMED));
	if ((rc = mqs_growth_touch(tx, MQS_DB_MAIN)) != 0 ||
	    (rc = mdb_put(tx->txn, tx->db->dbi[MQS_DB_MAIN], &k, &v, 0)) != 0)
		return mqs_lmdb_fail_entry(tx, rc, err);
	tx->work.put_bytes += mqs_growth_of_put(tx, k.mv_size, v.mv_size);
	tx->work.puts++;
	return MQS_OK;
}
