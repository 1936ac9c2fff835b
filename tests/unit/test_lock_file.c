/* test_lock_file.c - the file that LMDB puts beside a data file */
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "embedded/store/lock_file.h"

static char	where[] = "/tmp/mq-lock-file.XXXXXX";
static int	dir = -1;

static int
status_of(const char *name, struct stat *st)
{
	return fstatat(dir, name, st, AT_SYMLINK_NOFOLLOW);
}

static void
test_name(void)
{
	char name[NAME_MAX + 1], data[NAME_MAX + 1];

	check_int(mqs_lock_file_name("log.mdb", name), 0);
	check_str(name, "log.mdb-lock");
	memset(data, 'x', sizeof(data));
	data[NAME_MAX - 5] = '\0';
	check_int(mqs_lock_file_name(data, name), 0);
	check_u64(strlen(name), NAME_MAX);
	data[NAME_MAX - 5] = 'x';
	data[NAME_MAX - 4] = '\0';
	check_int(mqs_lock_file_name(data, name), -1);
	check_int(mqs_lock_file_in_use(dir, data), 1);
}

static void
test_fill_and_share(void)
{
	struct mqs_error err;
	struct stat st;

	check_int(mqs_lock_file_fill(dir, "a", "a", 0600, &err), MQS_OK);
	if (!check(status_of("a-lock", &st) == 0))
		return;
	check_u64(st.st_size, 0);
	check(st.st_blocks * 512 >= 1024 * 64);
	check_int(st.st_mode & 0777, 0600);
	mqs_lock_file_share(dir, "a", 0640);
	check(status_of("a-lock", &st) == 0);
	check_int(st.st_mode & 0777, 0660);
	mqs_lock_file_share(dir, "none", 0640);
	check(status_of("none-lock", &st) == -1);
}

/* A process that locks a byte of it, as LMDB does, says so on one pipe and waits on the other. */
static pid_t
lock_it(short type, off_t at, int go[2])
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = at, .l_len = 1 };
	int said[2], fd;
	pid_t pid;
	char c;

	if (pipe(said) == -1 || pipe(go) == -1)
		return -1;
	if ((pid = fork()) == 0) {
		(void)close(go[1]);
		fd = openat(dir, "b-lock", O_RDWR | O_CLOEXEC);
		if (fd == -1 || fcntl(fd, F_SETLK, &lock) == -1 || write(said[1], "", 1) != 1)
			_exit(1);
		(void)!read(go[0], &c, 1);
		_exit(0);
	}
	(void)close(said[1]);
	(void)close(go[0]);
	check(read(said[0], &c, 1) == 1);
	(void)close(said[0]);
	return pid;
}

static void
test_in_use(void)
{
	static const struct {
		short	type;
		off_t	at;
	} locks[] = { { F_WRLCK, 0 }, { F_RDLCK, 0 }, { F_WRLCK, 12345 } };
	struct mqs_error err;
	int go[2], status;
	pid_t pid;
	size_t i;

	check_int(mqs_lock_file_in_use(dir, "b"), 0);
	check_int(mqs_lock_file_fill(dir, "b", "b", 0600, &err), MQS_OK);
	check_int(mqs_lock_file_in_use(dir, "b"), 0);
	for (i = 0; i < sizeof(locks) / sizeof(*locks); i++) {
		pid = lock_it(locks[i].type, locks[i].at, go);
		check_int(mqs_lock_file_in_use(dir, "b"), 1);
		(void)close(go[1]);
		check(waitpid(pid, &status, 0) == pid && status == 0);
		check_int(mqs_lock_file_in_use(dir, "b"), 0);
	}
	/* What can't be opened may be in use. */
	check(symlinkat("a-lock", dir, "c-lock") == 0);
	check_int(mqs_lock_file_in_use(dir, "c"), 1);
}

int
main(void)
{
	int status;

	if (mkdtemp(where) == NULL || (dir = open(where, O_RDONLY | O_DIRECTORY)) == -1) {
		perror(where);
		return 1;
	}
	(void)umask(022);
	run_test("its name", test_name);
	run_test("its room is taken, and who may read may write it", test_fill_and_share);
	run_test("in use, whatever of it is locked", test_in_use);
	status = finish_tests();
	(void)unlinkat(dir, "a-lock", 0);
	(void)unlinkat(dir, "b-lock", 0);
	(void)unlinkat(dir, "c-lock", 0);
	(void)close(dir);
	(void)rmdir(where);
	return status;
}
