/* test_db_damage.c - LMDB files that are damaged, and an environment that broke */
#include "db_file.h"

static void
change_file(const char *name, uint64_t at, const void *p, size_t n)
{
	int fd;

	must((fd = openat(dir.fd, name, O_WRONLY | O_CLOEXEC)) != -1);
	must(pwrite(fd, p, n, (off_t)at) == (ssize_t)n);
	close(fd);
}

static void
cut_file(off_t size)
{
	int fd;

	must((fd = openat(dir.fd, "t.mdb", O_WRONLY | O_CLOEXEC)) != -1);
	must(ftruncate(fd, size) == 0);
	close(fd);
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
	refused(0, MQS_EDAMAGED, "meta page 0");	/* the other one is of this version */
	change_file("t.mdb", 4096 + 20, &version, 4);
	refused(0, MQS_EVERSION, "format 999");
	change_file("t.mdb", 20, "\1\0\0\0", 4);
	change_file("t.mdb", 4096 + 20, "\1\0\0\0", 4);
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

int
main(void)
{
	run_test("empty, truncated and foreign files are refused", test_damaged_files);
	run_test("damaged pages reach the caller", test_damaged_pages);
	run_test("reopened after a failed meta page", test_panic);
	run_test("a lost lock table is noticed", test_lost_lock_table);
	return finish_tests();
}
