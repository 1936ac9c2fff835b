/*
 * test_db.c - a handle of one LMDB file: opening, closing, identity, permissions
 *
 * test_db_entries.c, test_db_commit.c, test_db_damage.c and test_db_processes.c have the
 * rest.  Here is the table of all of them.
 *
 * The rules of the design's section 8, and what holds them to it:
 *
 *  1 gate	test_gate; test_kills (test_db_processes.c); crash.bats kills openers
 *  2 successor	test_lost_lock_table (test_db_damage.c), test_path; faults.bats deletes queues in use
 *  3 sync	test_relax; power.bats loses what was not synced
 *  4 flags	test_relax (there are no others to ignore)
 *  5 handles	test_close_on_exec, test_path (the lock file stays shut);
 *		test_together (test_db_processes.c)
 *  6 blocking	test_rest (test_db_entries.c), test_dead_reader
 *		(test_engine_lives.c), test_rest (test_engine_edges.c)
 *  7 turn	test_turn (test_db_processes.c)
 *  8 map	test_map_full, test_map_resized (test_db_commit.c); address_space.bats
 *  9 readers	test_readers_dead, test_readers_many; test_dead_reader (test_engine_lives.c)
 * 10 commit	test_refused_commit, test_size_limit (test_db_commit.c), test_panic
 *		(test_db_damage.c); full disks in faults.bats
 * 11 trimming	retention.bats ("publishing trims")
 * 12 last id	retention.bats ("ids keep ascending", "a restored log")
 * 13 blobs	test_blob.c, test_blob_sweep.c, retention.bats
 * 14 waking	test_wake.c
 * 15 modes	test_permissions here and in test_queue_dir.c, test_status_page.c,
 *		test_owner_file.c; faults.bats
 * 16 networks	test_filesystem.c.  An overlay's copying up, and locks between PID
 *		namespaces, are the kernel's and can't be had in every test run: that
 *		EAGAIN becomes MQS_EBUSY is in lmdb_error.c's table, and mq(7) warns.
 * 17 size	test_damaged_files (test_db_damage.c), test_size_covers
 *		(test_db_commit.c)
 * 18 cursors	test_cursors (test_db_entries.c); nothing here asks for MDB_DUPSORT or nests
 * 19 sole use	test_sole (test_queue_dir.c)
 */
#include "db_file.h"

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

/* Begins to read until all slots are taken: how many times it could. */
static size_t
take_all_slots(struct mqs_db *db, struct mqs_tx **txs, size_t most)
{
	size_t n = 0;
	int rc = MQS_OK;

	stop = 1;		/* do not wait for a slot */
	while (n < most && (rc = mqs_tx_read(db, &txs[n], &err)) == MQS_OK)
		n++;
	stop = 0;
	check_int(rc, MQS_EINTR);
	check(n >= 1000);
	return n;
}

static struct mqs_tx *slots[2000];

static int
die_with_all_slots(void *arg)
{
	(void)arg;
	return take_all_slots(open_db(0), slots, 2000) > 0 ? 0 : 1;
}

static void
test_readers_dead(void)
{
	struct mqs_db *db = fresh();
	struct mqs_tx *tx;

	check_int(in_child(die_with_all_slots, NULL), 0);
	check_int(mqs_tx_read(db, &tx, &err), 0);	/* after sweeping the dead */
	mqs_tx_abort(tx);
	check_int(mqs_db_check_readers(db, &err), 0);
	finish(db);
}

static int waiting[2];		/* a pipe: a process waits for a slot */

static int
say_that_it_waits(void *arg)
{
	(void)arg;
	return write(waiting[1], "", 1) == 1 ? 0 : 1;
}

/* Opens the file and reads: 0. */
static int
open_and_read(void *arg)
{
	struct mqs_tx *tx;
	struct mqs_db *db;

	options.interrupted = arg == NULL ? interrupted : say_that_it_waits;
	stop = 1;
	db = open_db(0);
	if (mqs_tx_read(db, &tx, &err) != MQS_OK)
		return 1;
	mqs_tx_abort(tx);
	mqs_db_close(db);
	return 0;
}

static void
test_readers_many(void)
{
	struct mqs_db *db = fresh();
	size_t i, n = take_all_slots(db, slots, 2000);
	int status;
	pid_t pid;
	char b;

	/* Another process waits for a slot, and gets the first that is free. */
	must(pipe(waiting) == 0);
	must((pid = fork()) != -1);
	if (pid == 0)
		_exit(open_and_read(waiting));
	must(read(waiting[0], &b, 1) == 1);
	mqs_tx_abort(slots[--n]);
	must(waitpid(pid, &status, 0) == pid);
	check_int(status, 0);
	close(waiting[0]);
	close(waiting[1]);
	/* At rest none of them has one. */
	for (i = 0; i < n; i++)
		mqs_tx_rest(slots[i]);
	check_int(in_child(open_and_read, NULL), 0);
	while (n > 0)
		mqs_tx_abort(slots[--n]);
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
	run_test("a missing file, and one that exists", test_not_there);
	run_test("missing tables are refused", test_foreign_tables);
	run_test("descriptors are closed on exec", test_close_on_exec);
	run_test("opening waits at the gate", test_gate);
	run_test("permissions: read-only, lock file", test_permissions);
	run_test("slots of dead readers are used again", test_readers_dead);
	run_test("readers at rest have no slot; one is waited for", test_readers_many);
	run_test("a file that was deleted or replaced", test_path);
	run_test("a relative path, and chdir", test_relative_path);
	run_test("sync modes", test_relax);
	return finish_tests();
}
