/* test_db_copy.c - a copy of an LMDB file has all entries and no free pages */
#include "db_file.h"
#include "embedded/store/lmdb/db_copy.h"

#define ENTRIES	20000

static int fail_at, seen;

static int
each(void *arg, unsigned table, const struct mqs_slice *key, const struct mqs_slice *value,
    struct mqs_error *e)
{
	(void)arg;
	(void)table;
	(void)key;
	(void)value;
	if (++seen == fail_at) {
		e->code = MQS_EINTR;
		return MQS_EINTR;
	}
	return MQS_OK;
}

static struct mqs_db *
open_copy(void)
{
	struct mqs_db_spec spec = spec_of(MQS_DB_CREATE | MQS_DB_PRIVATE);
	struct mqs_db *db = NULL;

	spec.file = "copy";
	spec.gate = spec.turn = -1;
	if (mqs_db_open(&db, &spec, &err) != MQS_OK)
		printf("# open: %s\n", err.text);
	must(db != NULL);
	return db;
}

static uint64_t
copy_size(void)
{
	struct stat st;

	must(fstatat(dir.fd, "copy", &st, 0) == 0);
	return (uint64_t)st.st_size;
}

/* Many entries in table 1, each third of them left; some in table 2 and the main one. */
static struct mqs_db *
filled(void)
{
	struct mqs_db *db = fresh();
	unsigned char key[8], body[300];
	struct mqs_tx *tx;
	uint64_t n;

	must(mqs_tx_write(db, 0, &tx, &err) == MQS_OK);
	for (n = 0; n < ENTRIES; n++) {
		mqs_put_be64(key, n);
		memset(body, (int)n, sizeof(body));
		must(mqs_tx_put(tx, 1, key, 8, body, n % sizeof(body), &err) == MQS_OK);
		if (n % 100 == 0)
			must(mqs_tx_put(tx, 2, body, 1 + n % 9, key, 8, &err) == MQS_OK);
	}
	must(mqs_tx_put(tx, MQS_DB_MAIN, "between", 7, "value", 5, &err) == MQS_OK);
	must(mqs_tx_put(tx, MQS_DB_MAIN, "z", 1, "", 0, &err) == MQS_OK);
	must(mqs_tx_commit(tx, &err) == MQS_OK);
	must(mqs_tx_write(db, 0, &tx, &err) == MQS_OK);
	for (n = 0; n < ENTRIES; n++) {
		mqs_put_be64(key, n);
		if (n % 3 != 0)
			must(mqs_tx_del(tx, 1, key, 8, &err) == MQS_OK);
	}
	must(mqs_tx_commit(tx, &err) == MQS_OK);
	return db;
}

static void
compare_table(struct mqs_tx *a, struct mqs_tx *b, unsigned table)
{
	struct mqs_slice ka = { NULL, 0 }, kb = { NULL, 0 }, va, vb;
	struct mqs_cur *x, *y;
	int rc;

	must(mqs_cur_new(&x, a, table, &err) == MQS_OK &&
	    mqs_cur_new(&y, b, table, &err) == MQS_OK);
	do {
		rc = mqs_cur_move(x, MQS_NEXT, &ka, &va, &err);
		if (!check_int(mqs_cur_move(y, MQS_NEXT, &kb, &vb, &err), rc) || rc != MQS_OK)
			break;
		check_mem(kb.p, kb.n, ka.p, ka.n);
		/* Roots of tables are where they are. */
		if (table != MQS_DB_MAIN || (ka.n != 3))
			check_mem(vb.p, vb.n, va.p, va.n);
	} while (1);
	mqs_cur_free(x);
	mqs_cur_free(y);
}

static void
test_copy(void)
{
	struct mqs_db *db = filled(), *copy = open_copy();
	struct mqs_tx *tx, *ctx;
	uint64_t used;
	unsigned table;

	seen = fail_at = 0;
	check_int(mqs_tx_read(db, &tx, &err), 0);
	check_int(mqs_db_used_bytes(tx, &used, &err), 0);
	check_int(mqs_db_copy(tx, copy, each, NULL, &err), 0);
	check(copy_size() <= used);
	check(copy_size() < file_size() / 2);
	check(faccessat(dir.fd, "copy-lock", F_OK, 0) == -1);
	check_int(mqs_tx_read(copy, &ctx, &err), 0);
	for (table = 0; table < 3; table++)
		compare_table(tx, ctx, table);
	mqs_tx_abort(ctx);
	mqs_tx_abort(tx);
	mqs_db_close(copy);
	/* It is a file like another: written further, found whole. */
	must(renameat(dir.fd, "copy", dir.fd, "t.mdb") == 0);
	mqs_db_close(db);
	must(unlinkat(dir.fd, "t.mdb-lock", 0) == 0);
	db = open_db(0);
	check_int(store(db, ENTRIES + 1, 1000), 0);
	check_u64(entries(db), (ENTRIES + 2) / 3 + 1);
	finish(db);
}

/* What is committed after the snapshot is not in the copy. */
static void
test_snapshot(void)
{
	struct mqs_db *db = fresh(), *copy = open_copy();
	struct mqs_tx *tx;

	check_int(store(db, 1, 10), 0);
	check_int(mqs_tx_read(db, &tx, &err), 0);
	check_int(store(db, 2, 10), 0);
	fail_at = 0;
	check_int(mqs_db_copy(tx, copy, each, NULL, &err), 0);
	check_u64(entries(copy), 1);
	mqs_tx_abort(tx);
	mqs_db_close(copy);
	finish(db);
}

static void
test_stopped(void)
{
	struct mqs_db *db = filled(), *copy = open_copy();
	struct mqs_tx *tx;

	seen = 0;
	fail_at = 1000;
	check_int(mqs_tx_read(db, &tx, &err), 0);
	check_int(mqs_db_copy(tx, copy, each, NULL, &err), MQS_EINTR);
	check_int(seen, 1000);
	mqs_tx_abort(tx);
	mqs_db_close(copy);
	finish(db);
}

static int left;

static int
full_after(void *arg)
{
	(void)arg;
	return left-- > 0 ? 0 : ENOSPC;
}

/* A disk that is full at the first commit of the copy, or a later one. */
static void
test_full(void)
{
	struct mqs_db *db = fresh(), *copy;
	struct mqs_tx *tx;
	uint64_t n;
	int commits;

	for (n = 1; n <= 100; n++)
		check_int(store(db, n, 100000), 0);
	fail_at = 0;
	for (commits = 0; commits < 3; commits++) {
		copy = open_copy();
		left = commits;
		mqs_db_on_commit(copy, full_after, NULL);
		check_int(mqs_tx_read(db, &tx, &err), 0);
		check_int(mqs_db_copy(tx, copy, each, NULL, &err), MQS_EFULL);
		mqs_tx_abort(tx);
		mqs_db_close(copy);
		must(unlinkat(dir.fd, "copy", 0) == 0);
	}
	finish(db);
}

int
main(void)
{
	run_test("all entries, no free pages, and a file to go on with", test_copy);
	run_test("the copy is of the snapshot", test_snapshot);
	run_test("stopped by its caller", test_stopped);
	run_test("a full disk at any commit", test_full);
	return finish_tests();
}
