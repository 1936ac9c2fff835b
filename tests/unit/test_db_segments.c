/*
 * test_db_segments.c - a table that is made of several is one table, whatever is hidden of it
 *
 * Steps by chance against an array: append, hide, delete, damage a key, commit, abort, open
 * again.  Each value is the number of its entry, so that entries are known whatever their keys
 * say.
 */
#include "chance.h"
#include "db_file.h"
#include "embedded/store/lmdb/db_copy.h"
#include "embedded/store/lmdb/segments.h"

#define RING	4
#define MOST	4000
#define RUNS	60
#define STEPS	120

#define ok(call)	check_int((call), MQS_OK)

static const char *const ring[] = { "one", "two", "one.1", "one.2", "one.3" };

struct model {
	uint64_t key[MOST];
	unsigned char gone[MOST], bad[MOST];
	uint32_t n, front;		/* all before `front' are hidden */
};

static struct model now, committed, seen;	/* in the transaction; committed; by the old reader */
static uint64_t high;			/* the greatest key so far */
static unsigned most;			/* tables that were in use at once */
static unsigned wrapped, emptied;

static struct mqs_db *
open_ring(const char *file, unsigned flags)
{
	struct mqs_db_spec spec = spec_of(flags);
	struct mqs_db *db = NULL;

	spec.file = file;
	spec.tables = ring;
	spec.ntables = sizeof(ring) / sizeof(ring[0]);
	spec.segmented = 1;
	spec.segments = RING;
	spec.segment_min = 4096;
	if (flags & MQS_DB_PRIVATE)
		spec.gate = spec.turn = -1;
	if (mqs_db_open(&db, &spec, &err) != MQS_OK)
		printf("# open: %s\n", err.text);
	must(db != NULL);
	return db;
}

static int
is_there(const struct model *m, uint32_t i)
{
	return i >= m->front && !m->gone[i];
}

static uint32_t
number(struct mqs_slice value)
{
	return value.n < 4 ? UINT32_MAX : mqs_get_le32(value.p);
}

/* Forward and backward, a table has the entries of a model, in that order. */
static void
same_order(struct mqs_tx *tx, const struct model *m)
{
	struct mqs_slice key = { NULL, 0 }, value;
	struct mqs_cur *cur;
	uint64_t count, n = 0;
	uint32_t i;
	int rc;

	must(mqs_cur_new(&cur, tx, 1, &err) == MQS_OK);
	for (i = 0; i < m->n; i++) {
		if (!is_there(m, i))
			continue;
		n++;
		if (!check_int(mqs_cur_move(cur, MQS_NEXT, &key, &value, &err), 0) ||
		    !check_int(number(value), i))
			goto out;
	}
	check_int(mqs_cur_move(cur, MQS_NEXT, &key, &value, &err), MQS_NOTHING);
	ok(mqs_tx_count(tx, 1, &count, &err));
	check_int(count, n);
	rc = mqs_cur_move(cur, MQS_LAST, &key, &value, &err);
	for (i = m->n; i > 0; i--) {
		if (!is_there(m, i - 1))
			continue;
		if (!check_int(rc, 0) || !check_int(number(value), i - 1))
			goto out;
		rc = mqs_cur_move(cur, MQS_PREV, &key, &value, &err);
	}
	check_int(rc, MQS_NOTHING);
out:
	mqs_cur_free(cur);
}

/* By key: exactly, or the next, or the one before; where no key is damaged. */
static void
same_keys(struct mqs_tx *tx, const struct model *m)
{
	struct mqs_slice key, value;
	unsigned char from[8];
	struct mqs_cur *cur;
	uint32_t i, j;
	uint64_t k;
	int tries;

	for (i = 0; i < m->n; i++)
		if (m->bad[i])
			return;
	must(mqs_cur_new(&cur, tx, 1, &err) == MQS_OK);
	for (tries = 0; tries < 20 && m->n > 0; tries++) {
		k = m->key[chance(m->n)] + chance(2);
		mqs_put_be64(from, k);
		for (i = 0; i < m->n && (!is_there(m, i) || m->key[i] < k); i++)
			continue;
		key = (struct mqs_slice){ from, 8 };
		check_int(mqs_tx_get(tx, 1, from, 8, &value, &err),
		    i < m->n && m->key[i] == k ? MQS_OK : MQS_NOTHING);
		check_int(mqs_cur_move(cur, MQS_AT, &key, &value, &err),
		    i < m->n && m->key[i] == k ? MQS_OK : MQS_NOTHING);
		key = (struct mqs_slice){ from, 8 };
		if (!check_int(mqs_cur_move(cur, MQS_FROM, &key, &value, &err),
		    i < m->n ? MQS_OK : MQS_NOTHING) || i == m->n)
			continue;
		check_int(number(value), i);
		for (j = i; j > 0 && !is_there(m, j - 1); j--)
			continue;
		if (check_int(mqs_cur_move(cur, MQS_PREV, &key, &value, &err),
		    j > 0 ? MQS_OK : MQS_NOTHING) && j > 0)
			check_int(number(value), j - 1);
	}
	mqs_cur_free(cur);
}

/* What there is, is found by its key, and what is hidden is not; where no key is damaged. */
static void
same_by_key(struct mqs_tx *tx, const struct model *m)
{
	struct mqs_slice value;
	unsigned char key[8];
	uint32_t i;

	for (i = 0; i < m->n; i++)
		if (m->bad[i])
			return;
	for (i = 0; i < m->n; i++) {
		mqs_put_be64(key, m->key[i]);
		if (!check_int(mqs_tx_get(tx, 1, key, 8, &value, &err),
		    is_there(m, i) ? MQS_OK : MQS_NOTHING))
			return;
	}
}

/* The key stands in front of the value, in a page that the transaction has changed. */
static void
damage(struct mqs_slice value, uint32_t i)
{
	unsigned char *at = (unsigned char *)(uintptr_t)value.p - 8;

	must(mqs_get_be64(at) == now.key[i]);
	mqs_put_be64(at, now.key[i] ^ (uint64_t)1 << chance(40));
	now.bad[i] = 1;
}

static void
append_some(struct mqs_tx *tx, int damages)
{
	unsigned char key[8];
	unsigned n = chance(100);
	size_t size = 4 + chance(chance(4) == 0 ? 3000 : 100);
	struct mqs_slice before = { NULL, 0 };
	void *room;

	if (chance(3) == 0)
		ok(mqs_segments_begin(tx, &err));
	for (; n > 0 && now.n < MOST; n--) {
		now.key[now.n] = high += 1 + chance(3);
		now.gone[now.n] = now.bad[now.n] = 0;
		mqs_put_be64(key, high);
		must(mqs_tx_append(tx, 1, key, 8, size, &room, &err) == MQS_OK);
		memset(room, 0, size);
		mqs_put_le32(room, now.n);
		/* Not the last one of a table, which LMDB compares with the next. */
		if (damages && before.p != NULL && size < 1000 && chance(60) == 0)
			damage(before, now.n - 1);
		before = (struct mqs_slice){ room, size };
		now.n++;
	}
}

/* Hides the first `count' that are there. */
static void
hide(struct mqs_tx *tx, uint64_t count)
{
	struct mqs_slice key = { NULL, 0 }, value;
	struct mqs_cur *cur;
	uint64_t i;

	must(mqs_cur_new(&cur, tx, 1, &err) == MQS_OK);
	for (i = 0; i < count; i++)
		ok(mqs_cur_move(cur, MQS_NEXT, &key, &value, &err));
	(void)mqs_cur_move(cur, MQS_NEXT, &key, &value, &err);
	ok(mqs_segments_hide(tx, count, cur, &err));
	mqs_cur_free(cur);
}

static void
hide_some(struct mqs_tx *tx)
{
	uint64_t count = 0;
	uint32_t to = now.front + chance(now.n - now.front + 1), i;

	if (chance(3) > 0 && to > now.front + 50)
		to = now.front + chance(50);
	for (i = now.front; i < to; i++)
		count += !now.gone[i];
	hide(tx, count);
	now.front = to;
	same_by_key(tx, &now);
}

static void
delete_some(struct mqs_tx *tx)
{
	struct mqs_slice key, value;
	struct mqs_cur *cur;
	uint32_t i;
	unsigned n = chance(40);

	must(mqs_cur_new(&cur, tx, 1, &err) == MQS_OK);
	while (n-- > 0 && mqs_cur_move(cur, chance(3) ? MQS_NEXT : MQS_FIRST, &key, &value,
	    &err) == MQS_OK) {
		i = number(value);
		if (!check(i < now.n && is_there(&now, i)))
			break;
		if (chance(3) == 0)
			continue;
		ok(mqs_cur_del(cur, &err));
		now.gone[i] = 1;
	}
	mqs_cur_free(cur);
}

static void
note_tables(struct mqs_tx *tx)
{
	struct mqs_segments_stat st;
	struct mqs_slice value;

	ok(mqs_segments_stat(tx, &st, &err));
	if (st.tables > most)
		most = st.tables;
	emptied += st.hidden > 0;
	/* The newest of several has entries. */
	check(st.tables == 1 || st.newest > 0);
	if (mqs_tx_get(tx, MQS_DB_MAIN, "segments", 8, &value, &err) == MQS_OK)
		wrapped += mqs_get_le64((const char *)value.p + 8) + st.tables > RING;
}

static void
run(unsigned seed)
{
	const int damages = seed % 2;
	struct mqs_db *db = open_ring("t.mdb", MQS_DB_CREATE);
	struct mqs_tx *tx, *old = NULL;
	int i, k;

	state = seed;
	high = 0;
	memset(&committed, 0, sizeof(committed));
	for (i = 0; i < STEPS && check_failures == 0; i++) {
		now = committed;
		must(mqs_tx_write(db, 0, &tx, &err) == MQS_OK);
		for (k = (int)chance(4); k >= 0; k--)
			switch (chance(5)) {
			case 0: case 1: append_some(tx, damages); break;
			case 2: case 3: hide_some(tx); break;
			/* Else a damaged key may become the last, and nothing is greater. */
			case 4: if (!damages) delete_some(tx); break;
			}
		same_order(tx, &now);
		same_keys(tx, &now);
		if (chance(5) == 0)
			mqs_tx_abort(tx);
		else {
			ok(mqs_tx_commit(tx, &err));
			committed = now;
		}
		if (old != NULL && chance(3) == 0) {
			same_order(old, &seen);
			mqs_tx_abort(old);
			old = NULL;
		}
		if (old == NULL && chance(8) == 0) {
			mqs_db_close(db);
			db = open_ring("t.mdb", 0);
		}
		must(mqs_tx_read(db, &tx, &err) == MQS_OK);
		same_order(tx, &committed);
		same_keys(tx, &committed);
		note_tables(tx);
		if (old == NULL) {
			old = tx;
			seen = committed;
		} else
			mqs_tx_abort(tx);
	}
	mqs_tx_abort(old);
	mqs_db_close(db);
	db = open_ring("t.mdb", MQS_DB_UNLOCKED);
	must(mqs_tx_read(db, &tx, &err) == MQS_OK);
	if (!damages) {
		same_order(tx, &committed);
		same_keys(tx, &committed);
	}
	mqs_tx_abort(tx);
	mqs_db_close(db);
	must(unlinkat(dir.fd, "t.mdb", 0) == 0);
	(void)unlinkat(dir.fd, "t.mdb-lock", 0);
}

static void
test_chance(void)
{
	unsigned seed;

	for (seed = 1; seed <= RUNS && check_failures == 0; seed++) {
		setup();
		run(seed);
		teardown();
		if (check_failures > 0)
			printf("# seed %u\n", seed);
	}
	check_int(most, RING);
	check(wrapped > 100 && emptied > 100);
}

static int
copied(void *arg, unsigned table, const struct mqs_slice *key, const struct mqs_slice *value,
    struct mqs_error *e)
{
	(void)table;
	(void)key;
	(void)value;
	(void)e;
	++*(int *)arg;
	return MQS_OK;
}

/* A copy has what is not hidden, in several tables, and goes on. */
static void
test_copied(void)
{
	struct mqs_db *db, *copy;
	struct mqs_segments_stat st;
	struct mqs_tx *tx;
	unsigned char key[8];
	int n = 0, i;
	void *room;

	setup();
	memset(&now, 0, sizeof(now));
	high = 1;
	db = open_ring("t.mdb", MQS_DB_CREATE);
	for (i = 0; i < 3; i++) {
		must(mqs_tx_write(db, 0, &tx, &err) == MQS_OK);
		ok(mqs_segments_begin(tx, &err));
		while (now.n < (uint32_t)(i + 1) * 1000) {
			now.key[now.n] = ++high;
			mqs_put_be64(key, high);
			must(mqs_tx_append(tx, 1, key, 8, 6000, &room, &err) == MQS_OK);
			memset(room, 1, 6000);
			mqs_put_le32(room, now.n++);
		}
		ok(mqs_tx_commit(tx, &err));
	}
	must(mqs_tx_write(db, 0, &tx, &err) == MQS_OK);
	hide(tx, 100);
	now.front = 100;
	ok(mqs_tx_commit(tx, &err));
	copy = open_ring("copy", MQS_DB_CREATE | MQS_DB_PRIVATE);
	must(mqs_tx_read(db, &tx, &err) == MQS_OK);
	ok(mqs_db_copy(tx, copy, copied, &n, &err));
	mqs_tx_abort(tx);
	check(n >= 2900);
	must(mqs_tx_read(copy, &tx, &err) == MQS_OK);
	same_order(tx, &now);
	same_keys(tx, &now);
	ok(mqs_segments_stat(tx, &st, &err));
	check(st.tables > 1 && st.hidden == 0);
	mqs_tx_abort(tx);
	mqs_db_close(copy);
	mqs_db_close(db);
	teardown();
}

/* --------------------------------------------- one damaged key -- */

#define AROUND	12		/* entries of the oldest segment */

/* Which are hidden at first and then, and how far their keys lie apart. */
struct places {
	uint32_t	first, then;
	uint64_t	step;
	int		several;	/* there are other segments in front and behind */
};

static struct mqs_slice placed[2][AROUND];	/* values, in the segmented table and a plain one */

static int
get(struct mqs_tx *tx, unsigned table, uint64_t k)
{
	unsigned char from[8];
	struct mqs_slice key = { from, 8 }, value;
	struct mqs_cur *cur;
	int rc;

	mqs_put_be64(from, k);
	rc = mqs_tx_get(tx, table, from, 8, &value, &err);
	must(mqs_cur_new(&cur, tx, table, &err) == MQS_OK);
	check_int(mqs_cur_move(cur, MQS_AT, &key, &value, &err), rc);
	mqs_cur_free(cur);
	return rc;
}

static void
append_to(struct mqs_tx *tx, unsigned table, uint64_t k, uint32_t n)
{
	unsigned char key[8];
	void *room;

	mqs_put_be64(key, k);
	must(mqs_tx_append(tx, table, key, 8, 16, &room, &err) == MQS_OK);
	memset(room, 0, 16);
	mqs_put_le32(room, n);
	if (n < AROUND)
		placed[table - 1][n] = (struct mqs_slice){ room, 16 };
}

/* Entries of a segment, and the same ones in the plain table 2. */
static void
append_around(struct mqs_tx *tx, const struct places *p)
{
	uint32_t i;

	memset(&now, 0, sizeof(now));
	if (p->several) {
		for (i = 0; i < 3; i++)
			append_to(tx, 1, 500 + i, AROUND);
		ok(mqs_segments_begin(tx, &err));
	}
	for (i = 0; i < AROUND; i++)
		append_to(tx, 1, now.key[i] = 1000 + i * p->step, i);
	for (i = 0; i < AROUND; i++)
		append_to(tx, 2, now.key[i], i);
	now.n = AROUND;
	if (p->several) {
		ok(mqs_segments_begin(tx, &err));
		append_to(tx, 1, now.key[now.n++] = 1000 + AROUND * p->step, AROUND);
		hide(tx, 3);
	}
}

static void
damage_both(uint32_t i, unsigned bit)
{
	int table;

	now.bad[i] = 1;
	for (table = 0; table < 2; table++)
		mqs_put_be64((char *)(uintptr_t)placed[table][i].p - 8,
		    now.key[i] ^ (uint64_t)1 << bit);
}

/* 1 if it can't be told which key is damaged: the first that is there, or the one before it. */
static int
is_unclear(uint32_t i, uint64_t key, uint32_t bad)
{
	return i > 0 && bad == now.front && i + 1 == bad && key > now.key[i - 1] + 1 &&
	    key <= now.key[i];
}

/* A search for the next key never leads to what is hidden. */
static void
check_next(struct mqs_tx *tx, uint64_t k)
{
	unsigned char from[8];
	struct mqs_slice key = { from, 8 }, value;
	struct mqs_cur *cur;

	mqs_put_be64(from, k);
	must(mqs_cur_new(&cur, tx, 1, &err) == MQS_OK);
	if (mqs_cur_move(cur, MQS_FROM, &key, &value, &err) == MQS_OK)
		check(number(value) >= now.front);
	mqs_cur_free(cur);
}

/* What is not hidden is found as in a plain table, and what is hidden is not found. */
static void
check_around(struct mqs_tx *tx, uint32_t bad, unsigned bit)
{
	const uint64_t key = now.key[bad] ^ (uint64_t)1 << bit;
	uint32_t i;

	same_order(tx, &now);
	for (i = 0; i < AROUND; i++) {
		check_next(tx, now.key[i]);
		check_next(tx, now.key[i] + 1);
	}
	for (i = 0; i < AROUND; i++)
		if (i == bad)
			continue;
		else if (i >= now.front)
			check_int(get(tx, 1, now.key[i]), get(tx, 2, now.key[i]));
		else if (now.key[i] != key && !is_unclear(i, key, bad))
			check_int(get(tx, 1, now.key[i]), MQS_NOTHING);
	/* It is damaged, and not gone; where its key is greater than its id, others are in the way. */
	if (bad == now.front && key < now.key[bad])
		check_int(get(tx, 1, key), MQS_OK);
}

/* The same in a snapshot, which keeps what it has found.  The tables are empty afterwards. */
static struct mqs_tx *
look_committed(struct mqs_db *db, struct mqs_tx *tx, uint32_t bad, unsigned bit)
{
	struct mqs_slice key, value;
	struct mqs_cur *cur;

	ok(mqs_tx_commit(tx, &err));
	must(mqs_tx_read(db, &tx, &err) == MQS_OK);
	check_around(tx, bad, bit);
	check_around(tx, bad, bit);
	mqs_tx_abort(tx);
	must(mqs_tx_write(db, 0, &tx, &err) == MQS_OK);
	hide(tx, now.n - now.front);
	must(mqs_cur_new(&cur, tx, 2, &err) == MQS_OK);
	while (mqs_cur_move(cur, MQS_FIRST, &key, &value, &err) == MQS_OK)
		ok(mqs_cur_del(cur, &err));
	mqs_cur_free(cur);
	ok(mqs_tx_commit(tx, &err));
	must(mqs_tx_read(db, &tx, &err) == MQS_OK);
	return tx;
}

static void
run_around(struct mqs_db *db, const struct places *p, uint32_t bad, unsigned bit, int later)
{
	const int before = check_failures;
	struct mqs_tx *tx;

	must(mqs_tx_write(db, 0, &tx, &err) == MQS_OK);
	append_around(tx, p);
	if (!later)
		damage_both(bad, bit);
	hide(tx, p->first);
	now.front = p->first;
	if (p->then > 0) {
		hide(tx, p->then);
		now.front += p->then;
	}
	if (later)
		damage_both(bad, bit);
	check_around(tx, bad, bit);
	if (bit % 16 == 0)
		tx = look_committed(db, tx, bad, bit);
	mqs_tx_abort(tx);
	if (check_failures > before)
		printf("# hidden %u + %u, keys %u apart, key %u, bit %u%s%s\n", p->first, p->then,
		    (unsigned)p->step, bad, bit, p->several ? ", several segments" : "",
		    later ? ", damaged later" : "");
}

/* A key is damaged, each of them and each bit of it, before entries are hidden or afterwards. */
static void
test_damaged_key(void)
{
	static const struct places each[] = {
		{ 6, 0, 1, 0 }, { 6, 0, 1, 1 }, { 6, 0, 5, 0 }, { 6, 0, 5, 1 }, { 1, 0, 1, 1 },
		{ 1, 0, 5, 1 }, { 4, 2, 3, 1 }, { 1, 1, 2, 1 }, { 11, 0, 1, 1 }, { 11, 0, 7, 0 }
	};
	const int before = check_failures;
	struct mqs_db *db = (setup(), open_ring("t.mdb", MQS_DB_CREATE));
	unsigned i, bit;
	uint32_t bad;

	for (i = 0; i < sizeof(each) / sizeof(each[0]); i++)
		for (bad = 0; bad < AROUND; bad++)
			for (bit = 0; bit < 64 && check_failures < before + 20; bit++) {
				run_around(db, &each[i], bad, bit, 0);
				run_around(db, &each[i], bad, bit, 1);
			}
	mqs_db_close(db);
	teardown();
}

/* One entry is hidden, and the damaged key of the next is the same as its. */
static void
test_same_key(void)
{
	struct mqs_slice value[3];
	unsigned char key[8];
	struct mqs_tx *tx;
	struct mqs_db *db;
	void *room;

	setup();
	memset(&now, 0, sizeof(now));
	db = open_ring("t.mdb", MQS_DB_CREATE);
	must(mqs_tx_write(db, 0, &tx, &err) == MQS_OK);
	for (; now.n < 3; now.n++) {
		now.key[now.n] = 100 + now.n;
		mqs_put_be64(key, now.key[now.n]);
		must(mqs_tx_append(tx, 1, key, 8, 16, &room, &err) == MQS_OK);
		memset(room, 0, 16);
		mqs_put_le32(room, now.n);
		value[now.n] = (struct mqs_slice){ room, 16 };
	}
	must(memcmp((const char *)value[1].p - 8, "\0\0\0\0\0\0\0e", 8) == 0);
	mqs_put_be64((char *)(uintptr_t)value[1].p - 8, 100);
	now.bad[1] = 1;
	hide(tx, 1);
	now.front = 1;
	ok(mqs_tx_commit(tx, &err));
	must(mqs_tx_read(db, &tx, &err) == MQS_OK);
	same_order(tx, &now);
	mqs_tx_abort(tx);
	mqs_db_close(db);
	teardown();
}

/* Which tables are in use, and what is hidden, is not guessed at. */
static void
test_damaged_list(void)
{
	struct mqs_slice value;
	struct mqs_tx *tx;
	struct mqs_cur *cur;
	struct mqs_db *db;

	setup();
	memset(&now, 0, sizeof(now));
	high = 0;
	state = 3;
	db = open_ring("t.mdb", MQS_DB_CREATE);
	must(mqs_tx_write(db, 0, &tx, &err) == MQS_OK);
	while (now.n < 100)
		append_some(tx, 0);
	hide(tx, 10);
	ok(mqs_tx_commit(tx, &err));
	must(mqs_tx_write(db, 0, &tx, &err) == MQS_OK);
	ok(mqs_tx_put(tx, MQS_DB_MAIN, "x", 1, "", 0, &err));
	must(mqs_tx_get(tx, MQS_DB_MAIN, "segments", 8, &value, &err) == MQS_OK);
	((unsigned char *)(uintptr_t)value.p)[16] ^= 1;
	ok(mqs_tx_commit(tx, &err));
	must(mqs_tx_read(db, &tx, &err) == MQS_OK);
	check_int(mqs_cur_new(&cur, tx, 1, &err), MQS_EDAMAGED);
	check(strstr(err.text, "segments") != NULL);
	mqs_tx_abort(tx);
	mqs_db_close(db);
	teardown();
}

int
main(void)
{
	run_test("by chance: as an array has them", test_chance);
	run_test("a copy has several tables, and nothing hidden", test_copied);
	run_test("a damaged key, each bit of each", test_damaged_key);
	run_test("one hidden entry, and a damaged key like its", test_same_key);
	run_test("a damaged list of segments", test_damaged_list);
	return finish_tests();
}
