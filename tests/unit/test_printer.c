/* test_printer.c - messages printed in each framing, into what takes them badly */
#include <sys/mman.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "common/printer.h"

#define LARGE	((size_t)700001)

static const struct mqs_envelope_place place = { .queue = "q", .group = "g",
	.receipt = "q/g/17.9" };
static char large[LARGE];

static struct mqs_message
message(const void *body, size_t n)
{
	struct mqs_message m = MQS_MESSAGE_INIT;

	m.body = body;
	m.body_len = n;
	m.key = "k";
	m.key_len = 1;
	return m;
}

static int
memory_file(const void *p, size_t n)
{
	int fd = memfd_create("file", MFD_CLOEXEC);

	if (!check(fd != -1 && write(fd, p, n) == (ssize_t)n))
		exit(1);
	return fd;
}

static void
check_file(int fd, const void *want, size_t n)
{
	char *have = malloc(n + 1);
	ssize_t got;

	if (have == NULL)
		exit(1);
	got = pread(fd, have, n + 1, 0);
	check_mem(have, (size_t)got, want, n);
	free(have);
}

/* Prints two messages with these options and a flush. */
static void
check_print(int option, const char *arg, int receipts, const char *want, size_t n)
{
	struct mqs_message a = message("a\n", 2), b = message("", 0);
	struct printer p;
	struct mqs_error err;
	int fd = memory_file("", 0);

	printer_init(&p, fd);
	p.receipts = receipts;
	check_int(printer_option(&p, option, arg), option != 'x');
	check_int(print_message(&p, &a, &place, &err), MQS_OK);
	check_int(print_message(&p, &b, &place, &err), MQS_OK);
	check_u64(p.written, 0);
	check_int(printer_flush(&p, &err), MQS_OK);
	check_u64(p.written, n);
	check_u64(p.buf.n, 0);
	check_file(fd, want, n);
	printer_free(&p);
	(void)close(fd);
}

#define CHECK(option, arg, receipts, want) \
	check_print(option, arg, receipts, want, sizeof(want) - 1)

static void
test_framings(void)
{
	CHECK('x', NULL, 0, "a\n\n\n");
	CHECK('0', NULL, 0, "a\n\0\0");
	CHECK('D', "--\\x00", 0, "a\n--\0--\0");
	CHECK('x', NULL, 1, "q/g/17.9\ta\n\nq/g/17.9\t\n");
	CHECK('f', "%k=%s;", 0, "k=a\n;k=;");
	CHECK('J', NULL, 0,
	    "{\"queue\":\"q\",\"group\":\"g\",\"key\":\"k\",\"receipt\":\"q/g/17.9\","
	    "\"body\":\"a\\n\"}\n"
	    "{\"queue\":\"q\",\"group\":\"g\",\"key\":\"k\",\"receipt\":\"q/g/17.9\","
	    "\"body\":\"\"}\n");
}

static void
test_large(void)
{
	struct mqs_message a = message("a", 1), m = message(NULL, LARGE);
	struct mqs_buf want = { 0 };
	struct printer p;
	struct mqs_error err;
	int fd = memory_file("", 0);

	m.body_fd = memory_file(large, LARGE);
	printer_init(&p, fd);
	p.receipts = 1;
	check_int(print_message(&p, &a, &place, &err), MQS_OK);
	check_int(print_message(&p, &m, &place, &err), MQS_OK);
	check_u64(p.written, 11 + 9 + LARGE);
	check(p.buf.cap < LARGE);
	check_int(printer_option(&p, 'f', "<%s%s>"), 1);
	check_int(print_message(&p, &m, &place, &err), MQS_OK);
	check_int(printer_flush(&p, &err), MQS_OK);
	check(mqs_buf_add(&want, "q/g/17.9\ta\nq/g/17.9\t", 20) == 0 &&
	    mqs_buf_add(&want, large, LARGE) == 0 && mqs_buf_add(&want, "\n<", 2) == 0 &&
	    mqs_buf_add(&want, large, LARGE) == 0 &&
	    mqs_buf_add(&want, large, LARGE) == 0 && mqs_buf_add(&want, ">", 1) == 0);
	check_file(fd, want.p, want.n);
	mqs_buf_free(&want);
	printer_free(&p);
	(void)close(m.body_fd);
	(void)close(fd);
}

/* A body whose file is shorter than it should be. */
static void
test_short_body(void)
{
	struct mqs_message m = message(NULL, LARGE);
	struct printer p;
	struct mqs_error err;
	int fd = memory_file("", 0);

	m.body_fd = memory_file(large, LARGE - 1);
	printer_init(&p, fd);
	check_int(print_message(&p, &m, &place, &err), MQS_EDAMAGED);
	check_str(err.text, "body ends after 700000 of 700001 bytes");
	check_u64(p.buf.n, 0);
	(void)close(m.body_fd);
	m.body_fd = -2;
	check_int(print_message(&p, &m, &place, &err), MQS_EIO);
	check_str(err.text, "body: Bad file descriptor");
	printer_free(&p);
	(void)close(fd);
}

/* What can't be printed leaves nothing of it, and what came before. */
static void
test_nothing_left(void)
{
	static const struct mqs_envelope_place nowhere = { 0 };
	struct mqs_message a = message("a", 1), m = message(NULL, LARGE);
	struct printer p;
	struct mqs_error err;

	printer_init(&p, -1);
	check_int(print_message(&p, &a, &nowhere, &err), MQS_OK);
	p.receipts = 1;
	check_int(print_message(&p, &a, &nowhere, &err), MQS_EBUG);
	check_mem(p.buf.p, p.buf.n, "a\n", 2);
	/* After its receipt, what is buffered can't be flushed. */
	m.body_fd = 0;
	check_int(print_message(&p, &m, &place, &err), MQS_EIO);
	check_mem(p.buf.p, p.buf.n, "a\n", 2);
	printer_free(&p);
}

static void
check_failure(int fd, int error, const char *text)
{
	struct mqs_message a = message("a", 1);
	struct printer p;
	struct mqs_error err;

	printer_init(&p, fd);
	check_int(print_message(&p, &a, &place, &err), MQS_OK);
	errno = 0;
	check_int(printer_flush(&p, &err), MQS_EIO);
	check_int(errno, error);
	check_str(err.text, text);
	check_int(err.code, MQS_EIO);
	printer_free(&p);
}

static void
test_failures(void)
{
	int ends[2], fd;

	(void)signal(SIGPIPE, SIG_IGN);
	check_failure(-1, EBADF, "output: Bad file descriptor");
	if (!check(pipe(ends) == 0))
		return;
	(void)close(ends[0]);
	check_failure(ends[1], EPIPE, "output: Broken pipe");
	(void)close(ends[1]);
	fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	check_failure(fd, ENOSPC, "output: No space left on device");
	(void)close(fd);
}

static void
on_alarm(int sig)
{
	(void)sig;
}

/* Into a small pipe that does not block, slowly emptied, interrupted all the time. */
static void
test_slow_reader(void)
{
	struct sigaction act = { .sa_handler = on_alarm };
	struct mqs_message m = message(large, LARGE);
	char chunk[1000];
	struct printer p;
	struct mqs_error err;
	int ends[2], status;
	size_t have = 0;
	ssize_t n;
	pid_t pid, ended;

	if (!check(pipe(ends) == 0) || !check(fcntl(ends[1], F_SETPIPE_SZ, 4096) != -1) ||
	    !check(sigaction(SIGALRM, &act, NULL) == 0))
		return;
	if ((pid = fork()) == 0) {
		(void)close(ends[1]);
		while ((n = read(ends[0], chunk, sizeof(chunk))) > 0) {
			if (have + (size_t)n > LARGE + 1 ||
			    memcmp(chunk, large + have,
			    have + (size_t)n > LARGE ? LARGE - have : (size_t)n) != 0)
				_exit(1);
			have += (size_t)n;
			if (have % 50000 < 1000)
				(void)kill(getppid(), SIGALRM);
		}
		_exit(have == LARGE + 1 ? 0 : 2);
	}
	(void)close(ends[0]);
	check(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
	printer_init(&p, ends[1]);
	check_int(print_message(&p, &m, &place, &err), MQS_OK);
	check_int(printer_flush(&p, &err), MQS_OK);
	check_u64(p.written, LARGE + 1);
	(void)close(ends[1]);
	while ((ended = waitpid(pid, &status, 0)) == -1 && errno == EINTR)
		;
	check(ended == pid && status == 0);
	printer_free(&p);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < LARGE; i++)
		large[i] = (char)(i % 251);
	run_test("framings", test_framings);
	run_test("a large body is copied from its file", test_large);
	run_test("a large body that can't be read", test_short_body);
	run_test("what can't be printed leaves nothing", test_nothing_left);
	run_test("output that fails says why", test_failures);
	run_test("a slow reader, and signals", test_slow_reader);
	return finish_tests();
}
