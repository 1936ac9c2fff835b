/* test_db_unlocked.c - an LMDB file that is read without its lock file, while others write */
#include <sys/prctl.h>

#include "db_file.h"

#define KEYS	2000	/* enough for branches; values beyond the page limit among them */
#define LOOKS	3000
#define LARGE	10000

static void
key_of(unsigned i, char key[8])
{
	(void)snprintf(key, 8, "%06u", i);
}

/* Writes entries i, i + step... below KEYS: each 4 bytes of n, some repeated many times. */
static void
fill(struct mqs_tx *tx, unsigned i, unsigned step, uint32_t n)
{
	static unsigned char value[LARGE];
	size_t at, size;
	char key[8];

	for (at = 0; at < LARGE; at += 4)
		mqs_put_le32(value + at, n);
	for (; i < KEYS; i += step) {
		size = i % 100 == 0 ? LARGE : 40;
		key_of(i, key);
		must(mqs_tx_put(tx, 1, key, 6, value, size, &err) == MQS_OK);
	}
}

static void
commit(struct mqs_db *db, unsigned from, unsigned step, uint32_t n)
{
	struct mqs_tx *tx;

	must(mqs_tx_write(db, 0, &tx, &err) == MQS_OK);
	fill(tx, from, step, n);
	must(mqs_tx_put(tx, 0, "n", 1, &n, sizeof(n), &err) == MQS_OK);
	must(mqs_tx_commit(tx, &err) == MQS_OK);
}

static void
walk(struct mqs_db *db, int back)
{
	struct mqs_slice key = { NULL, 0 }, value;
	struct mqs_cur *cur;
	struct mqs_tx *tx;
	char wanted[8];
	unsigned i;

	must(mqs_tx_read(db, &tx, &err) == MQS_OK);
	must(mqs_cur_new(&cur, tx, 1, &err) == MQS_OK);
	for (i = 0; i < KEYS; i++) {
		key_of(back ? KEYS - 1 - i : i, wanted);
		if (!check_int(mqs_cur_move(cur, back ? MQS_PREV : MQS_NEXT, &key, &value,
		    &err), 0))
			break;
		check_mem(key.p, key.n, wanted, 6);
		check_u64(value.n, strcmp(wanted + 4, "00") == 0 ? LARGE : 40);
		check_u64(mqs_get_le32((const char *)value.p + value.n - 4), 7);
	}
	check_int(mqs_cur_move(cur, back ? MQS_PREV : MQS_NEXT, &key, &value, &err), MQS_NOTHING);
	mqs_cur_free(cur);
	mqs_tx_abort(tx);
}

/* All that a transaction and a cursor can do, as with LMDB. */
static void
test_same(void)
{
	struct mqs_db *db = fresh(), *reader = open_db(MQS_DB_UNLOCKED);
	struct mqs_slice value;
	struct mqs_cur *cur;
	struct mqs_tx *tx;
	uint64_t n = 1;

	check_u64(entries(reader), 0);
	commit(db, 0, 1, 7);
	check_u64(entries(reader), KEYS);
	walk(reader, 0);
	walk(reader, 1);
	must(mqs_tx_read(reader, &tx, &err) == MQS_OK);
	check_int(mqs_tx_get(tx, 1, "000300", 6, &value, &err), 0);
	check_u64(value.n, LARGE);
	check_int(mqs_tx_get(tx, 1, "00030", 5, &value, &err), MQS_NOTHING);
	check_int(mqs_tx_get(tx, 1, "1", 1, &value, &err), MQS_NOTHING);
	check_int(mqs_tx_get(tx, 2, "1", 1, &value, &err), MQS_NOTHING);
	check_int(mqs_tx_count(tx, 2, &n, &err), 0);
	check_u64(n, 0);
	must(mqs_cur_new(&cur, tx, 1, &err) == MQS_OK);
	at(cur, MQS_AT, "000500", "000500");
	at(cur, MQS_AT, "0005000", NULL);
	at(cur, MQS_FROM, "0005000", "000501");
	at(cur, MQS_PREV, NULL, "000500");
	at(cur, MQS_NEXT, NULL, "000501");
	at(cur, MQS_FROM, "1", NULL);
	at(cur, MQS_LAST, NULL, "001999");
	at(cur, MQS_FIRST, NULL, "000000");
	at(cur, MQS_PREV, NULL, NULL);
	mqs_cur_free(cur);
	mqs_tx_abort(tx);
	check_int(mqs_tx_write(reader, 0, &tx, &err), MQS_EPERM);
	check_u64(mqs_db_last_commit(reader), mqs_db_last_commit(db));
	mqs_db_close(reader);
	finish(db);
}

/* Two commits later, a snapshot is of no use, and says so. */
static void
test_written_over(void)
{
	struct mqs_db *db = fresh(), *reader = open_db(MQS_DB_UNLOCKED);
	struct mqs_slice value;
	struct mqs_tx *tx;
	unsigned tries = 0;
	int rc;

	commit(db, 0, 1, 7);
	must(mqs_tx_read(reader, &tx, &err) == MQS_OK);
	commit(db, 0, 1, 8);
	check_int(mqs_tx_get(tx, 1, "000300", 6, &value, &err), 0);
	check_u64(mqs_get_le32(value.p), 7);
	commit(db, 0, 1, 9);
	rc = mqs_tx_get(tx, 1, "000300", 6, &value, &err);
	check_int(rc, MQS_EBUSY);
	check_str(err.text, "orders: written to while it was read");
	check(mqs_db_again(reader, rc, &tries));
	check(!mqs_db_again(db, rc, &tries));
	check_int(mqs_tx_renew(tx, &err), 0);
	check_int(mqs_tx_get(tx, 1, "000300", 6, &value, &err), 0);
	check_u64(mqs_get_le32(value.p), 9);
	mqs_tx_abort(tx);
	mqs_db_close(reader);
	finish(db);
}

static void
write_on(pid_t parent)
{
	struct mqs_db *db;
	uint32_t n;

	/* Not beyond a test that fails, or is stopped. */
	must(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent);
	close(dir.gate);
	close(dir.turn);
	must((dir.turn = openat(dir.fd, "turn", O_RDWR)) != -1);
	must((dir.gate = openat(dir.fd, "gate", O_RDONLY)) != -1);
	db = open_db(0);
	/* In turn, so that the tree is of pages of several commits. */
	for (n = 8; ; n++)
		commit(db, n % 3, 300, n);
}

/* Looks at one entry and at "n": 0, or what the library said. */
static int
look(struct mqs_db *db, unsigned i, uint32_t *newest)
{
	struct mqs_slice value = { NULL, 0 };
	uint32_t n, of, last;
	struct mqs_tx *tx;
	char key[8];
	int rc;

	if ((rc = mqs_tx_read(db, &tx, &err)) != MQS_OK)
		return rc;
	key_of(i, key);
	if ((rc = mqs_tx_get(tx, 0, "n", 1, &value, &err)) == MQS_OK) {
		memcpy(&n, value.p, sizeof(n));
		if ((rc = mqs_tx_get(tx, 1, key, 6, &value, &err)) == MQS_OK) {
			of = mqs_get_le32(value.p);
			last = mqs_get_le32((const char *)value.p + value.n - 4);
			check_u64(of, last);
			check_u64(of, n - (n + 3 * KEYS - i) % 3);
			check(n >= *newest);
			*newest = n;
		}
	}
	mqs_tx_abort(tx);
	return rc;
}

/* While another process commits all the time, what is read is of one commit, or not read. */
static void
test_busy(void)
{
	struct mqs_db *db = fresh(), *reader;
	unsigned i, good = 0, busy = 0;
	uint32_t newest = 0;
	const pid_t parent = getpid();
	pid_t pid;
	int rc;

	commit(db, 0, 1, 4);
	for (i = 5; i < 8; i++)
		commit(db, i % 3, 300, i);
	mqs_db_close(db);
	fflush(stdout);
	must((pid = fork()) != -1);
	if (pid == 0)
		write_on(parent);
	reader = open_db(MQS_DB_UNLOCKED);
	while (good < LOOKS || newest < 200) {
		i = good % 3 + good % 7 * 300;
		if ((rc = look(reader, i, &newest)) == MQS_OK)
			good++;
		else if (rc == MQS_EBUSY)
			busy++;
		else if (rc != MQS_OK)
			break;
	}
	if (!check(good >= LOOKS))
		printf("# %s\n", err.text);
	printf("# %u looks, %u failed because of a commit\n", good, busy);
	must(kill(pid, SIGKILL) == 0);
	must(waitpid(pid, NULL, 0) == pid);
	mqs_db_close(reader);
	teardown();
}

/* Damage anywhere in the file: an answer or an error, and never more than that. */
static void
test_damage(void)
{
	struct mqs_db *db = fresh(), *reader;
	struct mqs_slice value;
	unsigned char byte;
	unsigned seed = 5;
	struct mqs_tx *tx;
	uint64_t size;
	off_t place;
	int i, fd;

	commit(db, 0, 1, 7);
	mqs_db_close(db);
	size = file_size();
	must((fd = openat(dir.fd, "t.mdb", O_RDWR)) != -1);
	for (i = 0; i < 20000; i++) {
		place = (off_t)(2 * 4096 + (uint64_t)rand_r(&seed) % (size - 2 * 4096));
		must(pread(fd, &byte, 1, place) == 1);
		byte ^= (unsigned char)(1 + rand_r(&seed) % 255);
		must(pwrite(fd, &byte, 1, place) == 1);
		if (i % 20 != 0)
			continue;
		reader = open_db(MQS_DB_UNLOCKED);
		must(mqs_tx_read(reader, &tx, &err) == MQS_OK);
		(void)mqs_tx_get(tx, 1, "000300", 6, &value, &err);
		(void)mqs_tx_get(tx, 0, "n", 1, &value, &err);
		(void)mqs_tx_get(tx, 1, "001999", 6, &value, &err);
		mqs_tx_abort(tx);
		mqs_db_close(reader);
	}
	close(fd);
	teardown();
}

int
main(void)
{
	run_test("reads as LMDB does", test_same);
	run_test("a snapshot that was written over is refused", test_written_over);
	run_test("beside a busy writer", test_busy);
	run_test("a damaged file", test_damage);
	return finish_tests();
}
