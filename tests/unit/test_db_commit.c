/* test_db_commit.c - commits that fail leave nothing; the file covers each commit beforehand */
#include "db_file.h"

static uint64_t size_before, too_small;

static int
refuse_commit(void *arg)
{
	return *(int *)arg;
}

static void
test_refused_commit(void)
{
	static const struct {
		int	error, code;
	} cases[] = {
		{ ENOSPC, MQS_EFULL }, { EDQUOT, MQS_EFULL }, { EIO, MQS_EIO },
		{ EFBIG, MQS_EIO }
	};
	struct mqs_db *db = fresh();
	size_t i;
	int error;

	check_int(store(db, 1, 10), 0);
	mqs_db_on_commit(db, refuse_commit, &error);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		error = cases[i].error;
		check_int(store(db, 2, 10), cases[i].code);
		check(strncmp(err.text, "orders: not stored: ", 20) == 0);
		check_u64(entries(db), 1);
	}
	error = 0;
	check_int(store(db, 2, 10), 0);
	check_u64(entries(db), 2);
	finish(db);
}

/* At the file size limit: not published, and works again without it. */
static int
limited(void *arg)
{
	struct rlimit limit;
	struct mqs_db *db = open_db(0);
	uint64_t n = 2;
	int rc;

	(void)arg;
	signal(SIGXFSZ, SIG_IGN);
	must(getrlimit(RLIMIT_FSIZE, &limit) == 0);
	limit.rlim_cur = 2000000;
	must(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	while ((rc = store(db, n, 100000)) == MQS_OK)
		n++;
	if (rc != MQS_EIO || strstr(err.text, "not stored") == NULL)
		return 1;
	if (n < 10 || entries(db) != n - 1)
		return 2;
	limit.rlim_cur = limit.rlim_max;
	must(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	if (store(db, n, 100000) != MQS_OK || entries(db) != n)
		return 3;
	mqs_db_close(db);
	return 0;
}

static void
test_size_limit(void)
{
	struct mqs_db *db = fresh();

	check_int(store(db, 1, 10), 0);
	mqs_db_close(db);
	check_int(in_child(limited, NULL), 0);
	teardown();
}

static void
test_map_full(void)
{
	struct mqs_db *db;
	uint64_t n = 1;
	int rc;

	setup();
	options.map_size = 1 << 20;
	db = open_db(MQS_DB_CREATE);
	while ((rc = store(db, n, 10000)) == MQS_OK)
		n++;
	check_int(rc, MQS_EFULL);
	check_u64(entries(db), n - 1);
	mqs_db_close(db);
	options.map_size = 0;
	db = open_db(0);
	check_int(store(db, n, 10000), 0);
	finish(db);
}

static int
note_size(void *arg)
{
	(void)arg;
	size_before = file_size();
	return 0;
}

static void
random_transaction(struct mqs_db *db, unsigned *seed, uint64_t *last)
{
	static char value[70000];
	unsigned i, n = (unsigned)rand_r(seed) % (rand_r(seed) % 10 == 0 ? 3000 : 30);
	unsigned kind = (unsigned)rand_r(seed) % 4, large = (unsigned)rand_r(seed) % 8;
	unsigned char key[8];
	struct mqs_tx *tx;
	size_t size;
	void *room;

	must(mqs_tx_write(db, 0, &tx, &err) == MQS_OK);
	for (i = 0; i < n; i++) {
		mqs_put_be64(key, (uint64_t)rand_r(seed) % 20000);
		size = (size_t)rand_r(seed) % (large == 0 ? sizeof(value) : 300);
		if (large == 0 && n > 100)
			size /= 20;
		if (kind == 0) {
			mqs_put_be64(key, ++*last);
			must(mqs_tx_append(tx, 1, key, 8, size, &room, &err) == MQS_OK);
			memset(room, 'x', size);
		} else if (kind == 1 || (kind == 2 && i % 2))
			must(mqs_tx_put(tx, 2, key, 8, value, size, &err) == MQS_OK);
		else
			must(mqs_tx_del(tx, 2, key, 8, &err) >= 0);
	}
	if (kind == 3 && n > 100)	/* trimming */
		for (i = 1; i <= n; i++) {
			mqs_put_be64(key, *last > i ? *last - i : 1);
			must(mqs_tx_del(tx, 1, key, 8, &err) >= 0);
		}
	must(mqs_tx_put(tx, MQS_DB_MAIN, "state", 5, value, 100, &err) == MQS_OK);
	must(mqs_tx_commit(tx, &err) == MQS_OK);
}

static void
test_size_covers(void)
{
	struct mqs_db *db = fresh();
	struct mqs_data_file file;
	uint64_t last = 0, slack = 0;
	unsigned seed = 7, i;
	int fd;

	mqs_db_on_commit(db, note_size, NULL);
	must(mqs_db_relax(db, 1, &err) == MQS_OK);
	must((fd = openat(dir.fd, "t.mdb", O_RDONLY | O_CLOEXEC)) != -1);
	for (i = 0; i < 400; i++) {
		random_transaction(db, &seed, &last);
		if (!check_int(mqs_dbfile_read(fd, "t.mdb", &file, &err), 0))
			break;
		if (size_before < file.needed)
			too_small++;
		if (file.size - file.needed > slack)
			slack = file.size - file.needed;
	}
	close(fd);
	check_u64(too_small, 0);
	printf("# at most %" PRIu64 " KiB more than needed, of %" PRIu64 " KiB\n",
	    slack >> 10, file.size >> 10);
	finish(db);
}

static int
write_much(void *arg)
{
	struct mqs_db *db;

	(void)arg;
	close(dir.turn);
	must((dir.turn = openat(dir.fd, "turn", O_RDWR | O_CLOEXEC)) != -1);
	options.map_size = 0;
	db = open_db(0);
	return store(db, 1000, 3 << 20) == MQS_OK ? 0 : 1;
}

static void
test_map_resized(void)
{
	struct mqs_tx *tx, *active;
	struct mqs_db *db;
	uint64_t n;

	setup();
	options.map_size = 1 << 20;
	db = open_db(MQS_DB_CREATE);
	check_int(store(db, 1, 10), 0);
	check_int(mqs_tx_read(db, &active, &err), 0);
	check_int(in_child(write_much, NULL), 0);
	check_int(mqs_tx_read(db, &tx, &err), MQS_ESYSTEM);
	check_int(mqs_tx_count(active, 1, &n, &err), 0);
	mqs_tx_abort(active);
	check_u64(entries(db), 2);
	check_int(store(db, 1001, 10), 0);
	finish(db);
}

int
main(void)
{
	run_test("a commit that fails leaves nothing", test_refused_commit);
	run_test("the file size limit", test_size_limit);
	run_test("a full map", test_map_full);
	run_test("the file covers each commit beforehand", test_size_covers);
	run_test("a file that outgrew the map", test_map_resized);
	return finish_tests();
}
