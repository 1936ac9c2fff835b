/*
 * floors.c - what the machine can do without mq, measured in the same run
 *
 *	floors append N SIZE BATCH FILE	N values of SIZE bytes through MDB_APPEND, BATCH
 *					a transaction, durable
 *	floors one FILE SIZE [PAGE]	open, put one value, commit, write PAGE, leave: what
 *					one durable message a process costs at least
 *	floors spawn N COMMAND...	posix_spawn with a filled pipe on stdin, wait
 *	floors wait FILE PAGE COMMAND...	whenever PAGE is written: commit, posix_spawn, wait;
 *					until it is killed
 *	floors copy FILE TO		LMDB's compacting copy, synced
 *	floors peak COMMAND...		runs it; peak anonymous memory of the process in
 *					KiB on stderr
 *
 * Prints seconds, unless it says otherwise.
 */
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <err.h>
#include <fcntl.h>
#include <lmdb.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
check(int rc, const char *what)
{
	if (rc != 0)
		errx(1, "%s: %s", what, mdb_strerror(rc));
}

static MDB_env *
open_env(const char *file, unsigned flags)
{
	MDB_env *env;

	check(mdb_env_create(&env), "mdb_env_create");
	check(mdb_env_set_mapsize(env, (size_t)1 << 40), "mdb_env_set_mapsize");
	check(mdb_env_open(env, file, MDB_NOSUBDIR | MDB_NOTLS | flags, 0600),
	    file);
	return env;
}

static void
put(MDB_txn *txn, MDB_dbi dbi, uint64_t id, size_t size, const char *body,
    unsigned flags)
{
	unsigned char key[8];
	MDB_val k = { sizeof(key), key }, v = { size, NULL };
	int i;

	for (i = 7; i >= 0; i--, id >>= 8)
		key[i] = (unsigned char)id;
	check(mdb_put(txn, dbi, &k, &v, flags | MDB_RESERVE), "mdb_put");
	memcpy(v.mv_data, body, size);
}

static int
append(uint64_t n, size_t size, uint64_t batch, const char *file)
{
	MDB_env *env = open_env(file, 0);
	MDB_txn *txn;
	MDB_dbi dbi;
	uint64_t i;
	char *body = malloc(size);
	double start;

	if (body == NULL)
		err(1, NULL);
	memset(body, 'x', size);
	start = now();
	check(mdb_txn_begin(env, NULL, 0, &txn), "mdb_txn_begin");
	check(mdb_dbi_open(txn, NULL, 0, &dbi), "mdb_dbi_open");
	for (i = 1; i <= n; i++) {
		put(txn, dbi, i, size, body, MDB_APPEND);
		if (i % batch == 0) {
			check(mdb_txn_commit(txn), "mdb_txn_commit");
			check(mdb_txn_begin(env, NULL, 0, &txn), "mdb_txn_begin");
		}
	}
	check(mdb_txn_commit(txn), "mdb_txn_commit");
	printf("%f\n", now() - start);
	free(body);
	return 0;
}

static int
one(const char *file, size_t size, const char *page)
{
	MDB_env *env = open_env(file, 0);
	MDB_txn *txn;
	MDB_dbi dbi;
	struct timespec ts;
	char *body = calloc(1, size);
	static const char zeros[4096];
	int fd;

	if (body == NULL)
		err(1, NULL);
	clock_gettime(CLOCK_REALTIME, &ts);
	check(mdb_txn_begin(env, NULL, 0, &txn), "mdb_txn_begin");
	check(mdb_dbi_open(txn, NULL, 0, &dbi), "mdb_dbi_open");
	put(txn, dbi, (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec,
	    size, body, 0);
	check(mdb_txn_commit(txn), "mdb_txn_commit");
	free(body);
	if (page == NULL)
		return 0;
	if ((fd = open(page, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) == -1 ||
	    pwrite(fd, zeros, sizeof(zeros), 0) != sizeof(zeros))
		err(1, "%s", page);
	return 0;
}

static pid_t
spawn_fed(char **argv)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	pid_t pid;
	int fds[2], rc;

	if (pipe2(fds, O_CLOEXEC) == -1 || write(fds[1], "message", 7) != 7)
		err(1, "pipe");
	close(fds[1]);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fds[0], 0);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
	if ((rc = posix_spawnp(&pid, argv[0], &actions, &attr, argv, environ)) != 0)
		errx(1, "%s: %s", argv[0], strerror(rc));
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	close(fds[0]);
	return pid;
}

static int
spawn(uint64_t n, char **argv)
{
	double start = now();
	int status;

	while (n-- > 0)
		if (waitpid(spawn_fed(argv), &status, 0) == -1)
			err(1, "waitpid");
	printf("%f\n", now() - start);
	return 0;
}

static int
wait_for(const char *file, const char *page, char **argv)
{
	char event[4096];
	MDB_env *env = open_env(file, MDB_NOMETASYNC);
	MDB_txn *txn;
	MDB_dbi dbi;
	int in = inotify_init1(IN_CLOEXEC), status;
	uint64_t i;

	if (in == -1 || inotify_add_watch(in, page, IN_MODIFY) == -1)
		err(1, "%s", page);
	for (i = 1; read(in, event, sizeof(event)) > 0; i++) {
		check(mdb_txn_begin(env, NULL, 0, &txn), "mdb_txn_begin");
		check(mdb_dbi_open(txn, NULL, 0, &dbi), "mdb_dbi_open");
		put(txn, dbi, i, 100, event, 0);
		check(mdb_txn_commit(txn), "mdb_txn_commit");
		if (waitpid(spawn_fed(argv), &status, 0) == -1)
			err(1, "waitpid");
	}
	err(1, "%s", page);
}

static int
copy(const char *file, const char *to)
{
	const double start = now();
	MDB_env *env = open_env(file, MDB_RDONLY);
	int fd = open(to, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd == -1)
		err(1, "%s", to);
	check(mdb_env_copyfd2(env, fd, MDB_CP_COMPACT), "mdb_env_copyfd2");
	if (fsync(fd) == -1)
		err(1, "%s", to);
	printf("%.6f\n", now() - start);
	return 0;
}

/* Peak of RssAnon while the command runs, sampled from /proc. */
static int
peak(char **argv)
{
	char path[64], line[256];
	unsigned long most = 0, kib;
	int status;
	pid_t pid;
	FILE *f;

	if ((pid = fork()) == -1)
		err(1, "fork");
	if (pid == 0) {
		execvp(argv[0], argv);
		err(127, "%s", argv[0]);
	}
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if ((f = fopen(path, "r")) != NULL) {
			while (fgets(line, sizeof(line), f) != NULL)
				if (sscanf(line, "RssAnon: %lu", &kib) == 1 && kib > most)
					most = kib;
			fclose(f);
		}
		nanosleep(&(struct timespec){ 0, 2000000 }, NULL);
	}
	fprintf(stderr, "%lu\n", most);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int
main(int argc, char **argv)
{
	if (argc == 6 && strcmp(argv[1], "append") == 0)
		return append(strtoull(argv[2], NULL, 10),
		    strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10), argv[5]);
	if ((argc == 4 || argc == 5) && strcmp(argv[1], "one") == 0)
		return one(argv[2], strtoull(argv[3], NULL, 10), argv[4]);
	if (argc >= 4 && strcmp(argv[1], "spawn") == 0)
		return spawn(strtoull(argv[2], NULL, 10), argv + 3);
	if (argc >= 5 && strcmp(argv[1], "wait") == 0)
		return wait_for(argv[2], argv[3], argv + 4);
	if (argc == 4 && strcmp(argv[1], "copy") == 0)
		return copy(argv[2], argv[3]);
	if (argc >= 3 && strcmp(argv[1], "peak") == 0)
		return peak(argv + 2);
	fprintf(stderr, "usage: floors append|one|spawn|wait|copy|peak ...\n");
	return 64;
}
