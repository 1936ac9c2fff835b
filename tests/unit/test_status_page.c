/* test_status_page.c - status pages: what replaces what, and what is not believed */
#include <sys/resource.h>
#include <sys/time.h>

#include "base/hash.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "check.h"
#include "embedded/store/status_page.h"
#include "tree.h"

#define PAGE	"log.stat"

static struct mqs_dir dir;
static struct mqs_error err;

static struct mqs_page
page_of(uint64_t tx)
{
	struct mqs_page page = { .tx = tx };
	size_t i;

	for (i = 0; i < MQS_PAGE_VALUES; i++)
		page.v[i] = tx * 1000 + i;
	return page;
}

static int
write_tx(int fd, uint64_t tx)
{
	struct mqs_page page = page_of(tx);

	return mqs_page_write(fd, &page, 0, &err);
}

/* The transaction of the page there, if it is whole; 0: MQS_NOTHING. */
static uint64_t
read_tx(int fd)
{
	struct mqs_page page, want;
	int rc = mqs_page_read(fd, &page, &err);

	if (rc == MQS_NOTHING) {
		memset(&want, 0, sizeof(want));
		check_mem(&page, sizeof(page), &want, sizeof(want));
		return 0;
	}
	if (!check_int(rc, 0))
		return UINT64_MAX;
	want = page_of(page.tx);
	check_mem(&page, sizeof(page), &want, sizeof(want));
	return page.tx;
}

static int
open_page(void)
{
	int fd = -1;

	must(mqs_page_open(&dir, PAGE, 1, &fd, &err) == 0);
	return fd;
}

static void
change(int fd, off_t at, unsigned char by)
{
	unsigned char c;

	must(pread(fd, &c, 1, at) == 1);
	c ^= by;
	must(pwrite(fd, &c, 1, at) == 1);
}

/* Puts another number at `at', with a checksum that fits. */
static void
forge(int fd, off_t at, uint64_t v)
{
	unsigned char b[MQS_PAGE_SIZE];

	must(pread(fd, b, sizeof(b), 0) == (ssize_t)sizeof(b));
	mqs_put_le64(b + at, v);
	mqs_put_le64(b + sizeof(b) - 8, XXH3_64bits(b, sizeof(b) - 8));
	must(pwrite(fd, b, sizeof(b), 0) == (ssize_t)sizeof(b));
}

static void
test_missing(void)
{
	struct mqs_page page = page_of(5);
	int fd = 7;

	make_tree(&dir);
	check_int(mqs_page_open(&dir, PAGE, 0, &fd, &err), MQS_NOTHING);
	check_int(fd, -1);
	check_int(mqs_page_peek(&dir, PAGE, &page, &err), MQS_NOTHING);
	check_u64(page.tx, 0);
	check_u64(page.v[3], 0);
	fd = open_page();
	check_u64(read_tx(fd), 0);
	check_int(tree_entries(&dir, "."), 3);	/* no temporary file stays */
	close(fd);
	drop_tree(&dir);
}

static void
test_round_trip(void)
{
	struct mqs_page page = page_of(42), got;
	unsigned char b[MQS_PAGE_SIZE];
	struct stat st;
	int fd, again;

	make_tree(&dir);
	fd = open_page();
	check_int(mqs_page_write(fd, &page, 1, &err), 0);
	check_u64(read_tx(fd), 42);
	check_int(mqs_page_peek(&dir, PAGE, &got, &err), 0);
	check_mem(&got, sizeof(got), &page, sizeof(page));
	again = open_page();
	check_u64(read_tx(again), 42);
	check(fcntl(again, F_GETFD) & FD_CLOEXEC);
	check(fstat(fd, &st) == 0);
	check_int(st.st_size, MQS_PAGE_SIZE);
	must(pread(fd, b, sizeof(b), 0) == (ssize_t)sizeof(b));
	check_mem(b, 8, "mqpage\0\1", 8);
	check_u64(mqs_get_le64(b + 8), mqs_boot());
	check_u64(mqs_get_le64(b + 16), 42);
	check_u64(mqs_get_le64(b + 24 + 8 * 63), 42063);
	close(again);
	close(fd);
	drop_tree(&dir);
}

static void
test_order(void)
{
	int fd;

	make_tree(&dir);
	fd = open_page();
	check_int(write_tx(fd, 10), 0);
	check_int(write_tx(fd, 9), 0);
	check_u64(read_tx(fd), 10);
	check_int(write_tx(fd, 11), 0);
	check_u64(read_tx(fd), 11);
	close(fd);
	drop_tree(&dir);
}

static void
test_equal(void)
{
	struct mqs_page page = page_of(10);
	int fd;

	make_tree(&dir);
	fd = open_page();
	check_int(write_tx(fd, 10), 0);
	page.v[7] = 1;
	check_int(mqs_page_lower(fd, &page, &err), 0);
	check_int(mqs_page_read(fd, &page, &err), 0);
	check_u64(page.v[7], 1);
	/* What a refresh that began before the lowering would write. */
	check_int(write_tx(fd, 10), 0);
	check_int(mqs_page_read(fd, &page, &err), 0);
	check_u64(page.v[7], 1);
	/* One of another life of the file is in nobody's way. */
	check_int(write_tx(fd, 12), 0);
	check_int(mqs_page_lower(fd, &page, &err), 0);
	check_u64(page.tx, 10);
	check_int(mqs_page_read(fd, &page, &err), 0);
	check_u64(page.tx, 10);
	close(fd);
	drop_tree(&dir);
}

static void
test_torn(void)
{
	int fd;

	make_tree(&dir);
	fd = open_page();
	check_int(write_tx(fd, 1000), 0);
	change(fd, 100, 1);
	check_u64(read_tx(fd), 0);
	/* Not newer than anything, whatever number it bears. */
	check_int(write_tx(fd, 5), 0);
	check_u64(read_tx(fd), 5);
	change(fd, MQS_PAGE_SIZE - 1, 0x80);
	check_u64(read_tx(fd), 0);
	must(ftruncate(fd, 1000) == 0);
	check_u64(read_tx(fd), 0);
	check_int(write_tx(fd, 4), 0);
	check_u64(read_tx(fd), 4);
	close(fd);
	drop_tree(&dir);
}

static void
test_foreign(void)
{
	int fd;

	make_tree(&dir);
	fd = open_page();
	check_int(write_tx(fd, 1000), 0);
	forge(fd, 8, mqs_boot() + 1);
	check_u64(read_tx(fd), 0);
	check_int(write_tx(fd, 3), 0);
	check_u64(read_tx(fd), 3);
	forge(fd, 0, UINT64_C(0x0200656761707162));	/* another format */
	check_u64(read_tx(fd), 0);
	check_int(write_tx(fd, 2), 0);
	check_u64(read_tx(fd), 2);
	close(fd);
	drop_tree(&dir);
}

static void
test_permissions(void)
{
	struct stat st;
	mode_t mask = umask(077);
	int fd;

	make_tree(&dir);
	must(fchmod(dir.fd, 02775) == 0);
	fd = open_page();
	check(fstat(fd, &st) == 0);
	check_int(st.st_mode & 07777, 0664);
	close(fd);
	umask(mask);
	drop_tree(&dir);
}

/* As somebody who may only read. */
static int
read_as_other(void *arg)
{
	int fd, rc;

	(void)arg;
	if (geteuid() == 0 && setresuid(65534, 65534, 65534) == -1)
		return SKIP;
	if ((rc = mqs_page_open(&dir, PAGE, 1, &fd, &err)) != MQS_EPERM)
		return 1;
	if (strstr(err.text, PAGE ": ") == NULL)
		return 2;
	if (mqs_page_open(&dir, PAGE, 0, &fd, &err) != 0 || read_tx(fd) != 6)
		return 3;
	return write_tx(fd, 7) < 0 ? 0 : 4;
}

static void
test_read_only(void)
{
	int fd, rc;

	make_tree(&dir);
	fd = open_page();
	check_int(write_tx(fd, 6), 0);
	must(fchmod(fd, 0444) == 0 && fchmod(dir.fd, 0755) == 0);
	rc = in_child(read_as_other, NULL);
	if (!skipped(rc, "can't become another user"))
		check_int(rc, 0);
	close(fd);
	drop_tree(&dir);
}

static int
write_beyond_limit(void *arg)
{
	const struct rlimit limit = { 100, 100 };
	int fd = *(int *)arg;

	signal(SIGXFSZ, SIG_IGN);
	must(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	if (write_tx(fd, 1) != MQS_EIO)
		return 1;
	if (strstr(err.text, PAGE ": write: ") == NULL)
		return 2;
	return read_tx(fd) == 0 ? 0 : 3;
}

static void
test_limit(void)
{
	int fd;

	make_tree(&dir);
	fd = open_page();
	check_int(in_child(write_beyond_limit, &fd), 0);
	check_int(write_tx(fd, 1), 0);		/* the lock was given back */
	check_u64(read_tx(fd), 1);
	close(fd);
	drop_tree(&dir);
}

#define WRITERS	4
#define WRITES	3000

static int
write_many(void *arg)
{
	int fd = open_page(), i;

	for (i = 0; i < WRITES; i++) {
		if (write_tx(fd, (uint64_t)(1 + i * WRITERS + *(int *)arg)) != 0)
			return 1;
	}
	return 0;
}

static void
test_many_writers(void)
{
	int fd, i, status, left = WRITERS;
	uint64_t tx, last = 0;
	pid_t pid;

	make_tree(&dir);
	fd = open_page();
	fflush(stdout);
	for (i = 0; i < WRITERS; i++) {
		must((pid = fork()) != -1);
		if (pid == 0)
			_exit(write_many(&i));
	}
	while (left > 0) {
		/* Whole whenever it can be read, and never older than before. */
		if ((tx = read_tx(fd)) != 0) {
			if (!check(tx >= last))
				break;
			last = tx;
		}
		if (waitpid(-1, &status, WNOHANG) > 0) {
			check_int(status, 0);
			left--;
		}
	}
	while (left > 0 && waitpid(-1, &status, 0) > 0)
		left--;
	check_u64(read_tx(fd), WRITES * WRITERS);
	close(fd);
	drop_tree(&dir);
}

static int alarms, alarm_pipe;

/* After some signals have come while the lock was waited for, ends the wait. */
static void
on_alarm(int sig)
{
	int saved = errno;

	(void)sig;
	if (++alarms == 5)
		tell(alarm_pipe, "", 1);
	errno = saved;
}

static void
test_interrupted(void)
{
	struct sigaction action = { .sa_handler = on_alarm }, old;
	struct itimerval often = { { 0, 1000 }, { 0, 1000 } }, none = { 0 };
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
	int fd, ready[2], go[2];
	pid_t pid;
	char c;

	make_tree(&dir);
	make_pipe(ready);
	make_pipe(go);
	fflush(stdout);
	must((pid = fork()) != -1);
	if (pid == 0) {
		fd = open_page();
		must(fcntl(fd, F_OFD_SETLKW, &lock) == 0);
		close(go[1]);
		tell(ready[1], "", 1);
		_exit(!hear(go[0], &c, 1));
	}
	must(hear(ready[0], &c, 1));
	fd = open_page();
	alarm_pipe = go[1];
	must(sigaction(SIGALRM, &action, &old) == 0);
	must(setitimer(ITIMER_REAL, &often, NULL) == 0);
	check_int(write_tx(fd, 1), 0);
	must(setitimer(ITIMER_REAL, &none, NULL) == 0);
	must(sigaction(SIGALRM, &old, NULL) == 0);
	check(alarms >= 5);
	check_u64(read_tx(fd), 1);
	close(go[1]);
	must(waitpid(pid, NULL, 0) == pid);
	close(ready[0]);
	close(ready[1]);
	close(go[0]);
	close(fd);
	drop_tree(&dir);
}

static void
test_gone(void)
{
	int fd;

	make_tree(&dir);
	must(nftw(dir.path, tree_remove, 16, FTW_DEPTH | FTW_PHYS) == 0);
	check_int(mqs_page_open(&dir, PAGE, 1, &fd, &err), MQS_ENOENT);
	drop_tree(&dir);
}

int
main(void)
{
	run_test("a page that is missing or empty is nothing", test_missing);
	run_test("what is written is read, byte for byte", test_round_trip);
	run_test("an older page does not replace a newer", test_order);
	run_test("a page of the same transaction only if it lowers the floor", test_equal);
	run_test("a torn page is nothing, and gives way to any", test_torn);
	run_test("so does one of another boot or format", test_foreign);
	run_test("permissions are the directory's, not the umask's", test_permissions);
	run_test("reading needs permission to read only", test_read_only);
	run_test("a failed write says which file, and unlocks", test_limit);
	run_test("many writers, one reader: whole and in order", test_many_writers);
	run_test("signals do not end the wait for the lock", test_interrupted);
	run_test("a queue that is gone ends in an error", test_gone);
	return finish_tests();
}
