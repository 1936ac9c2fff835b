/* test_db_processes.c - several processes write one LMDB file, and are killed */
#include "db_file.h"

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

int
main(void)
{
	run_test("turns: deadline, signal, no permission", test_turn);
	run_test("several processes write and open", test_together);
	run_test("killed at any moment", test_kills);
	return finish_tests();
}
