/* test_db_entries.c - entries and cursors of an LMDB file, and snapshots */
#include "db_file.h"

static void
test_entries(void)
{
	struct mqs_db *db = fresh();
	struct mqs_slice v;
	struct mqs_tx *tx;
	uint64_t n, number;
	void *room;

	check_int(mqs_tx_write(db, 0, &tx, &err), 0);
	number = mqs_tx_number(tx);
	check_int(mqs_tx_get(tx, MQS_DB_MAIN, "state", 5, &v, &err), MQS_NOTHING);
	check_int(mqs_tx_put(tx, MQS_DB_MAIN, "state", 5, "abc", 3, &err), 0);
	check_int(mqs_tx_put(tx, MQS_DB_MAIN, "state", 5, "de", 2, &err), 0);
	check_int(mqs_tx_insert(tx, 1, "k", 1, "v", 1, &err), 0);
	check_int(mqs_tx_insert(tx, 1, "k", 1, "w", 1, &err), MQS_EEXIST);
	check_int(mqs_tx_append(tx, 2, "a", 1, 5000, &room, &err), 0);
	memset(room, 'x', 5000);
	check_int(mqs_tx_append(tx, 2, "b", 1, 0, &room, &err), 0);
	check_int(mqs_tx_put(tx, 2, "", 0, "v", 1, &err), MQS_EINVAL);
	check_int(mqs_tx_del(tx, 2, "c", 1, &err), MQS_NOTHING);
	check_int(mqs_tx_commit(tx, &err), 0);

	check_int(mqs_tx_read(db, &tx, &err), 0);
	check_u64(mqs_tx_number(tx), number);
	check_int(mqs_tx_get(tx, MQS_DB_MAIN, "state", 5, &v, &err), 0);
	check_mem(v.p, v.n, "de", 2);
	check_int(mqs_tx_get(tx, 1, "k", 1, &v, &err), 0);
	check_mem(v.p, v.n, "v", 1);
	check_int(mqs_tx_get(tx, 2, "a", 1, &v, &err), 0);
	check_u64(v.n, 5000);
	check_int(mqs_tx_count(tx, 2, &n, &err), 0);
	check_u64(n, 2);
	check(mqs_tx_put(tx, 1, "no", 2, "no", 2, &err) < 0);
	mqs_tx_abort(tx);

	check_int(mqs_tx_write(db, 0, &tx, &err), 0);
	check_int(mqs_tx_del(tx, 2, "a", 1, &err), 0);
	mqs_tx_abort(tx);
	check_int(mqs_tx_write(db, 0, &tx, &err), 0);
	check_int(mqs_tx_get(tx, 2, "a", 1, &v, &err), 0);
	check_int(mqs_tx_del(tx, 2, "a", 1, &err), 0);
	check_int(mqs_tx_commit(tx, &err), 0);
	check_int(mqs_tx_read(db, &tx, &err), 0);
	check_int(mqs_tx_get(tx, 2, "a", 1, &v, &err), MQS_NOTHING);
	mqs_tx_abort(tx);
	check(mqs_db_disk_bytes(db) > 0);
	finish(db);
}

static void
test_one_writer(void)
{
	struct mqs_db *db = fresh();
	struct mqs_tx *tx, *second;

	check_int(mqs_tx_write(db, 0, &tx, &err), 0);
	check_int(mqs_tx_write(db, 0, &second, &err), MQS_EBUG);
	mqs_tx_abort(tx);
	mqs_tx_abort(NULL);
	check_int(store(db, 1, 10), 0);
	finish(db);
}

/* A write that failed stays failed: the key was not greater than all others. */
static void
test_failed_stays_failed(void)
{
	struct mqs_db *db = fresh();
	struct mqs_tx *tx;
	void *room;

	check_int(mqs_tx_write(db, 0, &tx, &err), 0);
	check_int(mqs_tx_append(tx, 1, "b", 1, 1, &room, &err), 0);
	check_int(mqs_tx_append(tx, 1, "a", 1, 1, &room, &err), MQS_EDAMAGED);
	check_int(mqs_tx_commit(tx, &err), MQS_EDAMAGED);
	check(strstr(err.text, "not stored") != NULL);
	check_u64(entries(db), 0);
	finish(db);
}

static void
test_cursors(void)
{
	struct mqs_db *db = fresh();
	struct mqs_cur *cur, *other;
	struct mqs_tx *tx;

	check_int(mqs_tx_write(db, 0, &tx, &err), 0);
	check_int(mqs_cur_new(&cur, tx, 1, &err), 0);
	at(cur, MQS_NEXT, NULL, NULL);
	at(cur, MQS_LAST, NULL, NULL);
	check_int(mqs_tx_put(tx, 1, "b", 1, "1", 1, &err), 0);
	check_int(mqs_tx_put(tx, 1, "d", 1, "2", 1, &err), 0);
	check_int(mqs_tx_put(tx, 1, "f", 1, "3", 1, &err), 0);
	mqs_cur_free(cur);
	check_int(mqs_cur_new(&cur, tx, 1, &err), 0);
	check_int(mqs_cur_new(&other, tx, 1, &err), 0);
	at(cur, MQS_NEXT, NULL, "b");
	at(cur, MQS_NEXT, NULL, "d");
	at(cur, MQS_PREV, NULL, "b");
	at(cur, MQS_PREV, NULL, NULL);
	at(cur, MQS_LAST, NULL, "f");
	at(cur, MQS_NEXT, NULL, NULL);
	at(cur, MQS_FIRST, NULL, "b");
	at(cur, MQS_AT, "d", "d");
	at(cur, MQS_AT, "c", NULL);
	at(cur, MQS_FROM, "c", "d");
	at(cur, MQS_FROM, "g", NULL);
	at(cur, MQS_AT, "b", "b");
	check_int(mqs_cur_del(cur, &err), 0);
	at(cur, MQS_NEXT, NULL, "d");
	at(cur, MQS_AT, "f", "f");
	check_int(mqs_cur_del(cur, &err), 0);
	at(cur, MQS_NEXT, NULL, NULL);
	at(cur, MQS_FIRST, NULL, "d");
	check_int(mqs_cur_del(cur, &err), 0);
	at(cur, MQS_NEXT, NULL, NULL);
	/* Cursors that outlive their transaction are harmless. */
	check_int(mqs_tx_commit(tx, &err), 0);
	check_int(mqs_cur_del(cur, &err), MQS_EBUG);
	mqs_cur_free(cur);
	mqs_cur_free(other);
	mqs_cur_free(NULL);
	finish(db);
}

/* A reader sees its snapshot until it rests and is renewed. */
static void
test_rest(void)
{
	struct mqs_db *db = fresh();
	struct mqs_tx *tx, *again;
	struct mqs_slice v;
	struct mqs_cur *cur;
	unsigned char key[8];
	uint64_t n, first;

	check_int(store(db, 1, 10), 0);
	check_int(mqs_tx_read(db, &tx, &err), 0);
	check_int(mqs_cur_new(&cur, tx, 1, &err), 0);
	first = mqs_tx_number(tx);
	check_int(store(db, 2, 10), 0);
	check_int(mqs_tx_count(tx, 1, &n, &err), 0);
	check_u64(n, 1);
	mqs_tx_rest(tx);
	mqs_tx_rest(tx);
	mqs_put_be64(key, 1);
	check_int(mqs_tx_get(tx, 1, key, 8, &v, &err), MQS_EBUG);
	check_int(mqs_tx_renew(tx, &err), 0);
	check_int(mqs_cur_renew(cur, &err), 0);
	check_u64(mqs_tx_number(tx), first + 1);
	check_int(mqs_tx_count(tx, 1, &n, &err), 0);
	check_u64(n, 2);
	check_int(mqs_tx_renew(tx, &err), 0);
	mqs_cur_free(cur);
	mqs_tx_abort(tx);
	/* The spare is used again. */
	check_int(mqs_tx_read(db, &again, &err), 0);
	check(again == tx);
	mqs_tx_abort(again);
	finish(db);
}

/* How often the data file is mapped in this process. */
static int
maps_of_file(void)
{
	char text[4096], *end;
	FILE *maps = fopen("/proc/self/maps", "re");
	int n = 0;

	must(maps != NULL);
	while (fgets(text, sizeof(text), maps) != NULL)
		if ((end = strstr(text, "/t.mdb")) != NULL && end[6] == '\n')
			n++;
	fclose(maps);
	return n;
}

static void
test_release_map(void)
{
	struct mqs_db *db = fresh();
	struct mqs_tx *tx;
	uint64_t n;

	check_int(store(db, 1, 10), 0);
	check_int(maps_of_file(), 1);
	mqs_db_release_map(db);
	mqs_db_release_map(db);
	check_int(maps_of_file(), 0);
	/* Reading maps it again, and so does writing. */
	check_int(mqs_tx_read(db, &tx, &err), 0);
	check_int(maps_of_file(), 1);
	mqs_db_release_map(db);		/* not while it is read */
	check_int(maps_of_file(), 1);
	check_int(mqs_tx_count(tx, 1, &n, &err), 0);
	check_u64(n, 1);
	check_u64(mqs_tx_number(tx), mqs_db_last_commit(db));
	mqs_tx_abort(tx);
	mqs_db_release_map(db);
	check_int(maps_of_file(), 0);
	check_int(store(db, 2, 100000), 0);
	check_int(maps_of_file(), 1);
	mqs_db_release_map(db);
	n = mqs_db_last_commit(db);
	check_int(mqs_db_sync(db, &err), 0);
	mqs_db_release_map(db);
	check_int(store(db, 3, 10), 0);
	check_u64(mqs_db_last_commit(db), n + 1);
	mqs_db_release_map(db);
	mqs_db_close(db);		/* as it is */
	db = open_db(0);
	check_int(maps_of_file(), 1);
	check_int(mqs_tx_read(db, &tx, &err), 0);
	check_int(mqs_tx_count(tx, 1, &n, &err), 0);
	check_u64(n, 3);
	mqs_tx_abort(tx);
	finish(db);
}

int
main(void)
{
	run_test("entries are put, got, appended and deleted", test_entries);
	run_test("one write transaction at a time", test_one_writer);
	run_test("a transaction that failed is not stored", test_failed_stays_failed);
	run_test("cursors move and delete", test_cursors);
	run_test("a snapshot lasts until it rests", test_rest);
	run_test("a map that was given back comes again when it is needed", test_release_map);
	return finish_tests();
}
