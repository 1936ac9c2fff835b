/*
 * test_db.c - the one LMDB file: operations, and each rule of db.c that a test can
 * bring about
 *
 * The rules of the design's section 8, and what holds them to it:
 *
 *  1 gate	test_gate, test_kills; crash.bats kills openers
 *  2 successor	test_lost_lock_table, test_path; faults.bats deletes queues in use
 *  3 sync	test_relax; power.bats loses what was not synced
 *  4 flags	test_relax (there are no others to ignore)
 *  5 handles	test_close_on_exec, test_together, test_path (the lock file stays shut)
 *  6 blocking	test_rest, test_dead_reader (test_engine_lives.c), test_rest
 *		(test_engine_edges.c)
 *  7 turn	test_turn
 *  8 map	test_map_full, test_map_resized
 *  9 readers	test_readers_full, test_dead_reader
 * 10 commit	test_refused_commit, test_size_limit, test_panic; full disks in faults.bats
 * 11 trimming	retention.bats ("publishing trims")
 * 12 last id	retention.bats ("ids keep ascending", "a restored log")
 * 13 blobs	test_blob.c, retention.bats
 * 14 waking	test_wake.c
 * 15 modes	test_permissions here, in test_dir.c, test_page.c, test_owner.c; faults.bats
 * 16 networks	test_filesystem.c.  An overlay's copying up, and locks between PID
 *		namespaces, are the kernel's and can't be had in every test run: that
 *		EAGAIN becomes MQS_EBUSY is in db.c's table, and mq(7) warns.
 * 17 size	test_damaged_files, test_size_covers
 * 18 cursors	test_cursors; nothing here asks for MDB_DUPSORT or nests
 * 19 sole use	test_sole (test_dir.c)
 */
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/time.h>

#include <pthread.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "check.h"
#include "embedded/store/lmdb/cursor.h"
#include "embedded/store/lmdb/data_file.h"
#include "embedded/store/lmdb/entry.h"
#include "tree.h"

static const char *const tables[] = { "one", "two" };

static struct mqs_dir dir;
static struct mqs_error err;
static int stop;		/* what `interrupted' answers */

static int
interrupted(void *arg)
{
	(void)arg;
	return stop;
}

static void
on_damage(void *arg, const char *text)
{
	(void)arg;
	_exit(strstr(text, "damaged") != NULL ? 42 : 43);
}

static struct mqs_options options = {
	.interrupted = interrupted, .on_damage = on_damage
};

static void
setup(void)
{
	make_tree(&dir);
	must((dir.gate = openat(dir.fd, "gate", O_RDWR | O_CREAT | O_CLOEXEC, 0600)) != -1);
	must((dir.turn = openat(dir.fd, "turn", O_RDWR | O_CREAT | O_CLOEXEC, 0600)) != -1);
	memset(&err, 0, sizeof(err));
	stop = 0;
	options.map_size = 0;
}

static void
teardown(void)
{
	close(dir.gate);
	close(dir.turn);
	drop_tree(&dir);
}

static struct mqs_db_spec
spec_of(unsigned flags)
{
	return (struct mqs_db_spec){
		.dir = dir.fd, .dir_path = dir.path, .file = "t.mdb", .label = "orders",
		.tables = tables, .ntables = 2, .flags = flags, .mode = 0666,
		.gate = dir.gate, .turn = dir.turn, .turn_byte = 3, .options = &options
	};
}

static struct mqs_db *
open_db(unsigned flags)
{
	struct mqs_db_spec spec = spec_of(flags);
	struct mqs_db *db = NULL;

	if (mqs_db_open(&db, &spec, &err) != MQS_OK)
		printf("# open: %s\n", err.text);
	must(db != NULL);
	return db;
}

/* Opening must fail with this code, and these words in the text. */
static void
refused(unsigned flags, int code, const char *words)
{
	struct mqs_db_spec spec = spec_of(flags);
	struct mqs_db *db;

	check_int(mqs_db_open(&db, &spec, &err), code);
	check_int(err.code, code);
	if (!check(strstr(err.text, words) != NULL))
		printf("# %s\n", err.text);
}

static struct mqs_db *
fresh(void)
{
	setup();
	return open_db(MQS_DB_CREATE);
}

static void
finish(struct mqs_db *db)
{
	mqs_db_close(db);
	teardown();
}

/* Commits one entry of table 1: what mqs_tx_commit, or a step before, returned. */
static int
store(struct mqs_db *db, uint64_t n, size_t size)
{
	unsigned char key[8];
	struct mqs_tx *tx;
	void *room;
	int rc;

	if ((rc = mqs_tx_write(db, 0, &tx, &err)) != MQS_OK)
		return rc;
	mqs_put_be64(key, n);
	if ((rc = mqs_tx_append(tx, 1, key, 8, size, &room, &err)) != MQS_OK) {
		mqs_tx_abort(tx);
		return rc;
	}
	memset(room, (int)n, size);
	return mqs_tx_commit(tx, &err);
}

static uint64_t
entries(struct mqs_db *db)
{
	struct mqs_tx *tx;
	uint64_t n = 0;

	if (!check_int(mqs_tx_read(db, &tx, &err), 0))
		return UINT64_MAX;
	check_int(mqs_tx_count(tx, 1, &n, &err), 0);
	mqs_tx_abort(tx);
	return n;
}

static void
change_file(const char *name, uint64_t at, const void *p, size_t n)
{
	int fd;

	must((fd = openat(dir.fd, name, O_WRONLY | O_CLOEXEC)) != -1);
	must(pwrite(fd, p, n, (off_t)at) == (ssize_t)n);
	close(fd);
}

static uint64_t
file_size(void)
{
	struct stat st;

	must(fstatat(dir.fd, "t.mdb", &st, 0) == 0);
	return (uint64_t)st.st_size;
}

static void
cut_file(off_t size)
{
	int fd;

	must((fd = openat(dir.fd, "t.mdb", O_WRONLY | O_CLOEXEC)) != -1);
	must(ftruncate(fd, size) == 0);
	close(fd);
}

/* ---------------------------------------------------------- operations -- */

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
at(struct mqs_cur *cur, enum mqs_move move, const char *in, const char *out)
{
	struct mqs_slice key = { in, in == NULL ? 0 : strlen(in) }, value;
	int rc = mqs_cur_move(cur, move, &key, &value, &err);

	check_int(rc, out == NULL ? MQS_NOTHING : MQS_OK);
	if (rc == MQS_OK && out != NULL)
		check_mem(key.p, key.n, out, strlen(out));
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

/* ------------------------------------------------------------- opening -- */

static void
test_not_there(void)
{
	struct mqs_db *db;

	setup();
	refused(0, MQS_ENOENT, "t.mdb");
	db = open_db(MQS_DB_CREATE);
	mqs_db_close(db);
	refused(MQS_DB_CREATE, MQS_EEXIST, "exists already");
	db = open_db(0);
	mqs_db_close(db);
	mqs_db_close(NULL);
	teardown();
}

static void
test_damaged_files(void)
{
	struct mqs_db *db = fresh();
	const uint32_t version = 999;
	uint64_t size;

	check_int(store(db, 1, 100000), 0);
	mqs_db_close(db);
	size = file_size();
	change_file("t.mdb", 20, &version, 4);
	refused(0, MQS_EVERSION, "format 999");
	change_file("t.mdb", 20, "\1\0\0\0", 4);
	cut_file((off_t)size / 8);
	refused(0, MQS_EDAMAGED, "truncated (");
	cut_file(5000);
	refused(0, MQS_EDAMAGED, "truncated (5000 of");
	cut_file(0);
	refused(0, MQS_EDAMAGED, "t.mdb: empty");
	cut_file(9000);
	refused(0, MQS_EDAMAGED, "not a database");
	must(unlinkat(dir.fd, "t.mdb", 0) == 0);
	must(mkdirat(dir.fd, "t.mdb", 0700) == 0);
	refused(0, MQS_EDAMAGED, "not a file");
	must(unlinkat(dir.fd, "t.mdb", AT_REMOVEDIR) == 0);
	must(mkfifoat(dir.fd, "t.mdb", 0600) == 0);
	refused(0, MQS_EDAMAGED, "");
	teardown();
}

static void
test_foreign_tables(void)
{
	static const char *const more[] = { "one", "three" };
	static const char *const others[] = { "four", "five" };
	struct mqs_db_spec spec;
	struct mqs_db *db = fresh();

	mqs_db_close(db);
	spec = spec_of(0);
	spec.tables = more;
	check_int(mqs_db_open(&db, &spec, &err), MQS_EVERSION);
	spec.tables = others;
	check_int(mqs_db_open(&db, &spec, &err), MQS_EDAMAGED);
	check(strstr(err.text, "no table \"four\"") != NULL);
	teardown();
}

/* Pages that make no sense: an error, or the caller's handler; never an abort. */
static int
read_damaged(void *arg)
{
	static unsigned char junk[4096];
	struct mqs_db *db;
	struct mqs_slice v;
	struct mqs_tx *tx;
	uint64_t page;
	int rc;

	db = open_db(0);
	memset(junk, *(const int *)arg, sizeof(junk));
	for (page = 2; page < file_size() / 4096; page++)
		change_file("t.mdb", page * 4096, junk, sizeof(junk));
	if (mqs_tx_read(db, &tx, &err) != MQS_OK)
		return 1;
	rc = mqs_tx_get(tx, 1, "\0\0\0\0\0\0\0\1", 8, &v, &err);
	return rc == MQS_EDAMAGED ? 42 : 2;
}

static void
test_damaged_pages(void)
{
	static const int junk[] = { 0, 0xff };
	struct mqs_db *db;
	uint64_t n;
	int i;

	for (i = 0; i < 2; i++) {
		db = fresh();
		for (n = 1; n < 100; n++)
			check_int(store(db, n, 100), 0);
		mqs_db_close(db);
		check_int(in_child(read_damaged, (void *)(uintptr_t)&junk[i]), 42);
		teardown();
	}
}

static int
all_close_on_exec(void)
{
	char path[64], target[512];
	struct dirent *entry;
	ssize_t n;
	int fd, seen = 0;
	DIR *list;

	must((list = opendir("/proc/self/fd")) != NULL);
	while ((entry = readdir(list)) != NULL) {
		fd = atoi(entry->d_name);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		if ((n = readlink(path, target, sizeof(target) - 1)) <= 0)
			continue;
		target[n] = '\0';
		if (strstr(target, "/t.mdb") == NULL)
			continue;
		seen++;
		if (!(fcntl(fd, F_GETFD) & FD_CLOEXEC))
			seen = -100;
	}
	closedir(list);
	return seen;
}

static void
test_close_on_exec(void)
{
	struct mqs_db *db = fresh();

	check_int(all_close_on_exec(), 3);	/* data twice, lock */
	mqs_db_close(db);
	check_int(all_close_on_exec(), 0);
	teardown();
}

static void
note_signal(int number)
{
	(void)number;
	stop = 1;
}

/* Opening waits for the gate; a signal ends that. */
static int
open_at_gate(void *arg)
{
	const struct itimerval soon = { { 0, 20000 }, { 0, 20000 } };
	struct mqs_db_spec spec = spec_of(0);
	struct sigaction act = { .sa_handler = note_signal };
	struct mqs_db *db;

	(void)arg;
	spec.gate = openat(dir.fd, "gate", O_RDONLY | O_CLOEXEC);
	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	return mqs_db_open(&db, &spec, &err) == MQS_EINTR ? 0 : 1;
}

static void
test_gate(void)
{
	struct mqs_db *db = fresh();

	mqs_db_close(db);
	must(flock(dir.gate, LOCK_EX) == 0);
	check_int(in_child(open_at_gate, NULL), 0);
	must(flock(dir.gate, LOCK_UN) == 0);
	teardown();
}

static int
as_nobody(void *arg)
{
	struct mqs_db_spec spec = spec_of(0);
	struct mqs_tx *tx;
	struct mqs_db *db;
	const int *mode = arg;

	if (seteuid(65534) == -1)
		return SKIP;
	if (mqs_db_open(&db, &spec, &err) != MQS_EPERM)
		return 1;
	spec.flags = MQS_DB_READONLY;
	if (*mode == 0600)		/* the data may be read, the lock file not written */
		return mqs_db_open(&db, &spec, &err) == MQS_EPERM &&
		    strstr(err.text, "t.mdb-lock") != NULL ? 0 : 2;
	if (mqs_db_open(&db, &spec, &err) != MQS_OK)
		return 3;
	if (entries(db) != 1)
		return 4;
	if (mqs_tx_write(db, 0, &tx, &err) != MQS_EPERM)
		return 5;
	mqs_db_close(db);
	return 0;
}

static void
test_permissions(void)
{
	struct mqs_db *db = fresh();
	int mode = 0666, rc;
	struct stat st;

	check_int(store(db, 1, 10), 0);
	mqs_db_close(db);
	must(fchmod(dir.fd, 0755) == 0);
	must(fchmodat(dir.fd, "t.mdb", 0644, 0) == 0);
	must(fchmodat(dir.fd, "t.mdb-lock", 0644, 0) == 0);
	mqs_db_close(open_db(0));
	must(fstatat(dir.fd, "t.mdb-lock", &st, 0) == 0);
	check_int(st.st_mode & 0777, 0666);
	rc = in_child(as_nobody, &mode);
	if (!skipped(rc, "not root"))
		check_int(rc, 0);
	mode = 0600;
	must(fchmodat(dir.fd, "t.mdb-lock", 0600, 0) == 0);
	rc = in_child(as_nobody, &mode);
	if (!skipped(rc, "not root"))
		check_int(rc, 0);
	teardown();
}

/* ---------------------------------------------------------- committing -- */

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

/* The size of the file when a commit begins covers what it names afterwards. */
static uint64_t size_before, too_small;

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

/* ------------------------------------------------------- going on after -- */

/* The descriptor that LMDB writes meta pages with. */
static int
meta_descriptor(void)
{
	char path[64], target[512];
	int fd, flags;
	ssize_t n;

	for (fd = 3; fd < 256; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		if ((n = readlink(path, target, sizeof(target) - 1)) <= 0)
			continue;
		target[n] = '\0';
		flags = fcntl(fd, F_GETFL);
		if (strstr(target, "t.mdb") != NULL && flags & O_DSYNC)
			return fd;
	}
	return -1;
}

static int
break_meta(void *arg)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC), fd = meta_descriptor();

	(void)arg;
	must(null != -1 && fd != -1);
	must(dup2(null, fd) == fd);
	close(null);
	return 0;
}

/* A meta page that could not be written: LMDB panics; the next begin reopens. */
static void
test_panic(void)
{
	struct mqs_db *db = fresh();
	struct mqs_tx *tx, *active, *write;
	struct mqs_slice key = { NULL, 0 }, value;
	struct mqs_cur *cur;
	uint64_t n;

	check_int(store(db, 1, 10), 0);
	check_int(mqs_tx_read(db, &tx, &err), 0);
	check_int(mqs_cur_new(&cur, tx, 1, &err), 0);
	mqs_tx_rest(tx);
	mqs_db_on_commit(db, break_meta, NULL);
	check_int(store(db, 2, 10), MQS_EIO);
	check(strstr(err.text, "not stored") != NULL);
	mqs_db_on_commit(db, NULL, NULL);
	check_int(store(db, 2, 11), 0);
	check_int(mqs_tx_renew(tx, &err), 0);
	check_int(mqs_cur_renew(cur, &err), 0);
	check_int(mqs_tx_count(tx, 1, &n, &err), 0);
	check_u64(n, 2);
	key.p = NULL;
	check_int(mqs_cur_move(cur, MQS_NEXT, &key, &value, &err), 0);
	check_u64(value.n, 10);
	check_int(mqs_cur_move(cur, MQS_NEXT, &key, &value, &err), 0);
	check_u64(value.n, 11);
	mqs_cur_free(cur);
	mqs_tx_abort(tx);
	/* While something is being read it can't be reopened. */
	check_int(mqs_tx_read(db, &active, &err), 0);
	mqs_db_on_commit(db, break_meta, NULL);
	check_int(store(db, 3, 10), MQS_EIO);
	mqs_db_on_commit(db, NULL, NULL);
	check_int(mqs_tx_write(db, 0, &write, &err), MQS_EIO);
	check_int(mqs_tx_count(active, 1, &n, &err), 0);
	mqs_tx_abort(active);
	check_int(store(db, 3, 10), 0);
	check_u64(entries(db), 3);
	finish(db);
}

static int
lose_lock_table(void *arg)
{
	const uint64_t zero = 0;

	(void)arg;
	change_file("t.mdb-lock", 8 + sizeof(pthread_mutex_t), &zero, sizeof(zero));
	return 0;
}

struct child {
	pid_t	pid;
	int	to, from;	/* closing `to' ends it */
};

/* Opens the file in another process, for as long as the caller likes. */
static void
open_elsewhere(struct child *c)
{
	int go[2], ready[2];
	char byte = 0;

	make_pipe(go);
	make_pipe(ready);
	fflush(stdout);
	must((c->pid = fork()) != -1);
	if (c->pid == 0) {
		close(go[1]);
		must(close(dir.gate) == 0);
		must((dir.gate = openat(dir.fd, "gate", O_RDONLY | O_CLOEXEC)) != -1);
		(void)entries(open_db(0));
		tell(ready[1], "r", 1);
		(void)hear(go[0], &byte, 1);
		_exit(0);
	}
	close(go[0]);
	close(ready[1]);
	must(hear(ready[0], &byte, 1));
	c->to = go[1];
	c->from = ready[0];
}

static void
close_elsewhere(struct child *c)
{
	close(c->to);
	close(c->from);
	must(waitpid(c->pid, NULL, 0) == c->pid);
}

static void
test_lost_lock_table(void)
{
	struct mqs_db *db = fresh();
	struct child c;

	check_int(store(db, 1, 10), 0);
	check_int(store(db, 2, 10), 0);
	check_int(in_child(lose_lock_table, NULL), 0);
	/* Alone: reopening makes a new one. */
	check_int(store(db, 3, 10), 0);
	check_u64(entries(db), 3);
	/* With others: refused, before anything is overwritten. */
	open_elsewhere(&c);
	check_int(in_child(lose_lock_table, NULL), 0);
	check_int(store(db, 4, 10), MQS_EIO);
	check(strstr(err.text, "lock table lost") != NULL);
	close_elsewhere(&c);
	check_int(store(db, 4, 10), 0);
	check_u64(entries(db), 4);
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

static int
take_all_slots(void *arg)
{
	struct mqs_db *db = open_db(0);
	struct mqs_tx *tx;
	int n = 0, rc;

	(void)arg;
	while ((rc = mqs_tx_read(db, &tx, &err)) == MQS_OK && n < 2000)
		n++;
	return rc == MQS_EBUSY && n >= 1000 ? 0 : 1;
}

static void
test_readers_full(void)
{
	struct mqs_db *db = fresh();
	struct mqs_tx *tx;

	check_int(in_child(take_all_slots, NULL), 0);
	check_int(mqs_tx_read(db, &tx, &err), 0);	/* after sweeping the dead */
	mqs_tx_abort(tx);
	check_int(mqs_db_check_readers(db, &err), 0);
	finish(db);
}

static void
test_path(void)
{
	struct mqs_db *db = fresh();
	struct mqs_tx *tx;
	int fd;

	check_int(mqs_db_check_path(db, &err), 0);
	must(renameat(dir.fd, "t.mdb", dir.fd, "moved") == 0);
	check_int(mqs_tx_write(db, 0, &tx, &err), MQS_ENOENT);
	check_str(err.text, "orders: queue was deleted");
	must((fd = openat(dir.fd, "t.mdb", O_CREAT | O_RDWR, 0600)) != -1);
	close(fd);
	check_int(mqs_tx_write(db, 0, &tx, &err), MQS_EBUSY);
	must(renameat(dir.fd, "moved", dir.fd, "t.mdb") == 0);
	check_int(store(db, 1, 10), 0);
	finish(db);
}

/* A relative path goes on to work wherever the process goes. */
static int
go_elsewhere(void *arg)
{
	struct mqs_db_spec spec = spec_of(0);
	struct mqs_db *db;

	(void)arg;
	must(chdir(dir.path) == 0);
	spec.dir_path = ".";
	if (mqs_db_open(&db, &spec, &err) != MQS_OK || chdir("/") == -1)
		return 1;
	return store(db, 1, 10) == MQS_OK ? 0 : 2;
}

static void
test_relative_path(void)
{
	struct mqs_db *db = fresh();

	mqs_db_close(db);
	check_int(in_child(go_elsewhere, NULL), 0);
	teardown();
}

/* --------------------------------------------------------------- turns -- */

static int
wait_for_turn(void *arg)
{
	const struct itimerval soon = { { 0, 20000 }, { 0, 20000 } };
	struct sigaction act = { .sa_handler = note_signal };
	int64_t deadline = mqs_boottime() + 20 * MQS_MSEC;
	struct mqs_tx *tx;
	struct mqs_db *db;

	close(dir.turn);
	must((dir.turn = openat(dir.fd, "turn", O_RDWR | O_CLOEXEC)) != -1);
	db = open_db(0);
	if (*(int *)arg == 0)
		return mqs_tx_write(db, deadline, &tx, &err) == MQS_EBUSY &&
		    mqs_boottime() >= deadline ? 0 : 1;
	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	deadline = *(int *)arg == 1 ? 0 : mqs_boottime() + 60 * MQS_SECOND;
	return mqs_tx_write(db, deadline, &tx, &err) == MQS_EINTR ? 0 : 1;
}

static void
test_turn(void)
{
	struct mqs_db *db = fresh();
	struct mqs_tx *tx;
	int how;

	check_int(mqs_tx_write(db, 0, &tx, &err), 0);
	for (how = 0; how < 3; how++)
		check_int(in_child(wait_for_turn, &how), 0);
	mqs_tx_abort(tx);
	mqs_db_close(db);
	/* A queue whose turn can't be written to. */
	close(dir.turn);
	dir.turn = -1;
	db = open_db(0);
	check_int(mqs_tx_write(db, 0, &tx, &err), MQS_EPERM);
	mqs_db_close(db);
	teardown();
}

#define WRITERS	4
#define ROUNDS	50

static int
count_up(void *arg)
{
	unsigned char bytes[8] = { 0 };
	struct mqs_slice v;
	struct mqs_tx *tx;
	struct mqs_db *db;
	int i, rc;

	(void)arg;
	close(dir.turn);
	close(dir.gate);
	must((dir.turn = openat(dir.fd, "turn", O_RDWR | O_CLOEXEC)) != -1);
	must((dir.gate = openat(dir.fd, "gate", O_RDONLY | O_CLOEXEC)) != -1);
	for (i = 0; i < ROUNDS; i++) {
		db = open_db(MQS_DB_NOMETASYNC);
		if (mqs_tx_write(db, 0, &tx, &err) != MQS_OK)
			return 1;
		if ((rc = mqs_tx_get(tx, 0, "n", 1, &v, &err)) < 0)
			return 2;
		mqs_put_be64(bytes, rc == MQS_OK ? mqs_get_be64(v.p) + 1 : 1);
		if (mqs_tx_put(tx, 0, "n", 1, bytes, 8, &err) != MQS_OK ||
		    mqs_tx_commit(tx, &err) != MQS_OK)
			return 3;
		mqs_db_close(db);
	}
	return 0;
}

static void
test_together(void)
{
	struct mqs_db *db = fresh();
	struct mqs_slice v = { NULL, 0 };
	struct mqs_tx *tx;
	pid_t pid[WRITERS];
	int i, status;

	mqs_db_close(db);
	for (i = 0; i < WRITERS; i++) {
		must((pid[i] = fork()) != -1);
		if (pid[i] == 0)
			_exit(count_up(NULL));
	}
	for (i = 0; i < WRITERS; i++) {
		must(waitpid(pid[i], &status, 0) == pid[i]);
		check_int(status, 0);
	}
	db = open_db(0);
	check_int(mqs_tx_read(db, &tx, &err), 0);
	check_int(mqs_tx_get(tx, 0, "n", 1, &v, &err), 0);
	check_u64(v.n == 8 ? mqs_get_be64(v.p) : 0, WRITERS * ROUNDS);
	mqs_tx_abort(tx);
	finish(db);
}

/* --------------------------------------------------------------- kills -- */

static void
write_and_tell(int fd)
{
	struct mqs_db *db;
	uint64_t n;

	for (;;) {
		db = open_db(0);
		for (n = entries(db) + 1; n % 5 != 0; n++) {
			must(store(db, n, 3000) == MQS_OK);
			tell(fd, &n, sizeof(n));
		}
		must(store(db, n, 3000) == MQS_OK);
		tell(fd, &n, sizeof(n));
		mqs_db_close(db);
	}
}

/* Killed anywhere, opening and closing included: what was told is there. */
static void
test_kills(void)
{
	struct mqs_db *db = fresh();
	uint64_t told = 0, n;
	unsigned seed = 3;
	int i, p[2], after;
	pid_t pid;

	mqs_db_close(db);
	for (i = 0; i < 40; i++) {
		make_pipe(p);
		fflush(stdout);
		must((pid = fork()) != -1);
		if (pid == 0) {
			close(dir.gate);
			close(dir.turn);
			must((dir.turn = openat(dir.fd, "turn", O_RDWR)) != -1);
			must((dir.gate = openat(dir.fd, "gate", O_RDONLY)) != -1);
			write_and_tell(p[1]);
		}
		close(p[1]);
		for (after = 1 + rand_r(&seed) % 12; after > 0; after--)
			if (hear(p[0], &n, sizeof(n)))
				told = n;
		must(kill(pid, SIGKILL) == 0);
		while (hear(p[0], &n, sizeof(n)))
			told = n;
		must(waitpid(pid, NULL, 0) == pid);
		close(p[0]);
		db = open_db(0);
		n = entries(db);
		check(n == told || n == told + 1);
		mqs_db_close(db);
	}
	check(told > 100);
	teardown();
}

static void
test_relax(void)
{
	struct mqs_db *db;

	setup();
	db = open_db(MQS_DB_CREATE | MQS_DB_NOMETASYNC);
	check_int(store(db, 1, 10), 0);
	check_int(mqs_db_sync(db, &err), 0);
	check_int(mqs_db_relax(db, 0, &err), 0);
	check_int(store(db, 2, 10), 0);
	check_int(mqs_db_relax(db, 1, &err), 0);
	check_int(store(db, 3, 10), 0);
	check_u64(entries(db), 3);
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
	run_test("a missing file, and one that exists", test_not_there);
	run_test("empty, truncated and foreign files are refused", test_damaged_files);
	run_test("missing tables are refused", test_foreign_tables);
	run_test("damaged pages reach the caller", test_damaged_pages);
	run_test("descriptors are closed on exec", test_close_on_exec);
	run_test("opening waits at the gate", test_gate);
	run_test("permissions: read-only, lock file", test_permissions);
	run_test("a commit that fails leaves nothing", test_refused_commit);
	run_test("the file size limit", test_size_limit);
	run_test("a full map", test_map_full);
	run_test("the file covers each commit beforehand", test_size_covers);
	run_test("reopened after a failed meta page", test_panic);
	run_test("a lost lock table is noticed", test_lost_lock_table);
	run_test("a file that outgrew the map", test_map_resized);
	run_test("slots of dead readers are used again", test_readers_full);
	run_test("a file that was deleted or replaced", test_path);
	run_test("a relative path, and chdir", test_relative_path);
	run_test("turns: deadline, signal, no permission", test_turn);
	run_test("several processes write and open", test_together);
	run_test("killed at any moment", test_kills);
	run_test("sync modes", test_relax);
	return finish_tests();
}
