/*
 * test_settle_socket_hostile.c - a consumer, and clients that break the rules
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <fcntl.h>

#include "base/clock.h"
#include "check.h"
#include "engine/settle_socket_client.h"
#include "engine/settle_socket_file.h"
#include "engine/settle_socket_format.h"
#include "settle_consumer.h"

#define PLACES	1024	/* peers that a consumer has room for */

static struct mqs_error err;
static const char *runtime;
static struct test_consumer consumer;

static int
settle(const struct test_consumer *c)
{
	return settle_with(c, ANSWER_OK, 60 * MQS_SECOND);
}

static int
raw(const struct test_consumer *c)
{
	int fd;

	must(mqs_settle_socket_connect(c->token, &fd, &err) == MQS_OK);
	must(fcntl(fd, F_SETFL, 0) == 0);	/* it may block */
	return fd;
}

/* Sends some bytes after the greeting. */
static int
raw_with(const struct test_consumer *c, const void *p, size_t n)
{
	int fd = raw(c);

	must(send(fd, MQS_SETTLE_GREETING, MQS_SETTLE_GREETING_LEN, MSG_NOSIGNAL) ==
	    MQS_SETTLE_GREETING_LEN);
	must(send(fd, p, n, MSG_NOSIGNAL) == (ssize_t)n);
	return fd;
}

/* 1 if the other side closes the connection, after any bytes. */
static int
is_closed(int fd)
{
	char buf[4096];
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0)
		continue;
	(void)close(fd);
	return n == 0 || errno == ECONNRESET;
}

static void
test_nonsense(void)
{
	struct mqs_buf b = { 0 };
	static const char much[200000] = { 0x7f };
	int fd;

	fd = raw(&consumer);
	must(send(fd, "GET / HTTP/1.1\r\n\r\n", 18, MSG_NOSIGNAL) == 18);
	check(is_closed(fd));
	check(is_closed(raw_with(&consumer, "\0\0\0\0", 4)));
	check(is_closed(raw_with(&consumer, "\xff\xff\xff\xff", 4)));
	fd = raw(&consumer);
	must(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
	(void)send(fd, much, sizeof(much), MSG_NOSIGNAL);
	must(fcntl(fd, F_SETFL, 0) == 0);
	check(is_closed(fd));
	/* A good request, and rubbish behind it: the good one is answered. */
	must(mqs_settle_put_request(&b, 1, &(struct mqs_settlement){ .verb = MQS_ACK,
	    .seq = ANSWER_OK }) == 0);
	must(mqs_buf_add(&b, "\xff\xff\xff\xff", 4) == 0);
	check(is_closed(raw_with(&consumer, b.p, b.n)));
	mqs_buf_free(&b);
	check_int(settle(&consumer), MQS_OK);
}

static void
test_partial(void)
{
	struct mqs_buf b = { 0 };
	char answer[MQS_SETTLE_GREETING_LEN + 12];
	size_t i;
	int fd, silent = raw(&consumer);

	must(mqs_settle_put_request(&b, 1, &(struct mqs_settlement){ .verb = MQS_ACK,
	    .seq = ANSWER_WITH_OK, .reason = "r" }) == 0);
	fd = raw_with(&consumer, b.p, 1);
	for (i = 1; i + 1 < b.n; i++) {
		must(send(fd, b.p + i, 1, MSG_NOSIGNAL) == 1);
		if (i % 16 == 0)
			check_int(settle(&consumer), MQS_OK);
	}
	/* It ends its sending, and still gets the answer. */
	must(send(fd, b.p + i, 1, MSG_NOSIGNAL) == 1);
	must(shutdown(fd, SHUT_WR) == 0);
	check_int(settle_with(&consumer, ANSWER_LATER, 60 * MQS_SECOND), MQS_OK);
	check_int(settle(&consumer), MQS_OK);
	check_int(recv(fd, answer, sizeof(answer), MSG_WAITALL), sizeof(answer));
	check(is_closed(fd));
	(void)close(silent);
	mqs_buf_free(&b);
	check_int(settle(&consumer), MQS_OK);
}

/* One that asks and asks, and takes no answer, is not read for ever. */
static void
test_takes_no_answers(void)
{
	struct mqs_buf b = { 0 };
	size_t sent = 0;
	ssize_t n;
	int fd, i;

	for (i = 0; i < 1000; i++)
		must(mqs_settle_put_request(&b, (uint32_t)i, &(struct mqs_settlement){
		    .verb = MQS_ACK, .seq = ANSWER_LATER, .reason = "r" }) == 0);
	fd = raw_with(&consumer, b.p, b.n);
	must(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
	for (i = 0; i < 200; i++) {
		n = send(fd, b.p, b.n, MSG_NOSIGNAL);
		if (n > 0)
			sent += (size_t)n;
		check_int(settle(&consumer), MQS_OK);	/* others are not held up */
		if (n != (ssize_t)b.n)
			break;
	}
	check(i < 200);
	check(sent < (size_t)8 << 20);
	(void)close(fd);
	mqs_buf_free(&b);
	check_int(settle(&consumer), MQS_OK);
}

/* What it asked for, more than one read, is carried out although it does not wait for that. */
static void
test_goes_away(void)
{
	struct mqs_buf b = { 0 };
	char notes[3000];
	size_t got = 0;
	ssize_t n;
	int i;

	for (i = 0; i < (int)sizeof(notes); i++)
		must(mqs_settle_put_request(&b, (uint32_t)i, &(struct mqs_settlement){
		    .verb = MQS_ACK, .seq = ANSWER_NOTE }) == 0);
	must(kill(consumer.pid, SIGSTOP) == 0);
	(void)close(raw_with(&consumer, b.p, b.n));
	must(kill(consumer.pid, SIGCONT) == 0);
	while (got < sizeof(notes) && (n = read(consumer.notes, notes, sizeof(notes))) > 0)
		got += (size_t)n;
	check_u64(got, sizeof(notes));
	mqs_buf_free(&b);
	check_int(settle(&consumer), MQS_OK);
}

/* More than it has room for: who is idle makes way, and comes again. */
static void
test_crowd(void)
{
	static int fds[PLACES + 200];
	const struct mqs_settlement how = { .verb = MQS_ACK };
	struct mqs_settle_client *client;
	char receipt[MQS_RECEIPT_SIZE];
	size_t i, n = sizeof(fds) / sizeof(fds[0]);
	int code = 1;

	must(mqs_settle_client_open(&client, NULL, settled_one, &code, &err) == MQS_OK);
	receipt_of(&consumer, ANSWER_OK, 5, receipt);
	must(mqs_settle_client_add(client, receipt, &how, 0, &err) == MQS_OK);
	check_int(mqs_settle_client_flush(client, &err), MQS_OK);
	for (i = 0; i < n; i++)
		fds[i] = raw(&consumer);
	check_int(settle(&consumer), MQS_OK);
	/* The connection that this one has kept was the first to go. */
	code = 1;
	must(mqs_settle_client_add(client, receipt, &how, 0, &err) == MQS_OK);
	check_int(mqs_settle_client_flush(client, &err), MQS_OK);
	check_int(code, MQS_OK);
	mqs_settle_client_free(client);
	for (i = 0; i < n; i++)
		(void)close(fds[i]);
	check_int(settle(&consumer), MQS_OK);
}

/* Everybody waits for an answer: the next one is turned away, and comes again. */
static void
test_all_busy(void)
{
	static int fds[PLACES];
	struct mqs_buf b = { 0 };
	char greeting[MQS_SETTLE_GREETING_LEN];
	size_t i;

	must(mqs_settle_put_request(&b, 1, &(struct mqs_settlement){ .verb = MQS_ACK,
	    .seq = ANSWER_NEVER }) == 0);
	for (i = 0; i < PLACES; i++) {
		fds[i] = raw_with(&consumer, b.p, b.n);
		must(recv(fds[i], greeting, sizeof(greeting), MSG_WAITALL) == sizeof(greeting));
	}
	check_int(settle_with(&consumer, ANSWER_OK, 100 * MQS_MSEC), MQS_ETIMEOUT);
	(void)close(fds[0]);
	check_int(settle(&consumer), MQS_OK);
	for (i = 1; i < PLACES; i++)
		(void)close(fds[i]);
	mqs_buf_free(&b);
}

static void
test_no_descriptors(void)
{
	struct test_consumer poor;
	int fds[40], closed = 0;
	char byte;
	size_t i;

	start_consumer_with(&poor, 16);
	for (i = 0; i < 40; i++)
		fds[i] = raw(&poor);
	/* The last ones were disconnected before they were greeted, and nothing spins. */
	for (i = 0; i < 40; i++)
		closed += recv(fds[i], &byte, 1, 0) == 0;
	check(closed >= 24 && closed < 40);
	for (i = 0; i < 40; i++)
		(void)close(fds[i]);
	check_int(settle(&poor), MQS_OK);
	end_consumer(&poor);
}

/* ---------------------------------------- something else than a consumer -- */

/* Another user, who has got at the socket by whatever way. */
static void
test_other_user(void)
{
	char mq[80];
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	char token[MQS_SETTLE_TOKEN_SIZE];
	int status = -1, fd;
	pid_t pid;

	if (geteuid() != 0) {
		printf("# skipped: needs root to become another user\n");
		return;
	}
	(void)snprintf(mq, sizeof(mq), "%s/mq", runtime);
	(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/%s", mq,
	    mqs_settle_token_format(consumer.token, token));
	must(chmod(runtime, 0755) == 0 && chmod(mq, 0755) == 0);
	must(chmod(sun.sun_path, 0666) == 0);
	must((pid = fork()) != -1);
	if (pid == 0) {
		must(setuid(65534) == 0);
		must((fd = socket(AF_UNIX, SOCK_STREAM, 0)) != -1);
		must(connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0);
		_exit(is_closed(fd) ? 0 : 1);
	}
	must(waitpid(pid, &status, 0) == pid);
	check_int(status, 0);
	/* Nor does this user trust such a directory. */
	check_int(settle(&consumer), MQS_EPERM);
	must(chmod(mq, 0700) == 0);
	check_int(settle(&consumer), MQS_OK);
}

int
main(void)
{
	struct rlimit many;

	must(getrlimit(RLIMIT_NOFILE, &many) == 0);
	many.rlim_cur = many.rlim_max;
	must(setrlimit(RLIMIT_NOFILE, &many) == 0);
	runtime = runtime_dir();
	start_consumer(&consumer);
	run_test("nonsense", test_nonsense);
	run_test("requests in pieces", test_partial);
	run_test("who takes no answers", test_takes_no_answers);
	run_test("who does not wait for answers", test_goes_away);
	run_test("more than there is room for", test_crowd);
	run_test("all places taken by others who wait", test_all_busy);
	run_test("a consumer without descriptors", test_no_descriptors);
	run_test("another user", test_other_user);
	end_consumer(&consumer);
	remove_runtime_dir(runtime);
	return finish_tests();
}
