/*
 * test_settle_socket_liars.c - who settles, and what is no consumer, or a bad one
 */
#include <sys/socket.h>

#include <fcntl.h>

#include "base/clock.h"
#include "check.h"
#include "engine/settle_socket_file.h"
#include "engine/settle_socket_format.h"
#include "settle_consumer.h"

static struct mqs_error err;

enum liar {
	LIAR_READS,		/* sends its bytes to each who connects, and reads */
	LIAR_CLOSES,		/* sends them, and closes */
	LIAR_ANSWERS_ONE,	/* sends them and one answer, to the first request, and closes */
	LIAR_OTHER_USER		/* LIAR_READS, as another user */
};

/* Answers the first request that comes. */
static void
answer_one(int peer)
{
	static struct mqs_settle_strings strings;
	struct mqs_settle_request_frame r;
	struct mqs_buf b = { 0 };
	char bytes[4096];
	ssize_t n;

	must(recv(peer, bytes, MQS_SETTLE_GREETING_LEN, MSG_WAITALL) == MQS_SETTLE_GREETING_LEN);
	do {
		must((n = recv(peer, bytes, sizeof(bytes), 0)) > 0);
		must(mqs_buf_add(&b, bytes, (size_t)n) == 0);
	} while (mqs_settle_get_request(b.p, b.n, &r, &strings) == 0);
	b.n = 0;
	must(mqs_settle_put_answer(&b, r.number, MQS_OK, NULL) == 0);
	must(send(peer, b.p, b.n, MSG_NOSIGNAL) == (ssize_t)b.n);
	mqs_buf_free(&b);
}

static void
start_liar(struct test_consumer *c, const void *p, size_t n, enum liar how)
{
	struct mqs_settle_directory d;
	int fds[2], fd, peer;
	char sink[4096];

	must(pipe(fds) == 0);
	must((c->pid = fork()) != -1);
	if (c->pid != 0) {
		(void)close(fds[1]);
		c->notes = fds[0];
		must(read(c->notes, &c->token, sizeof(c->token)) == sizeof(c->token));
		return;
	}
	c->token = mqs_settle_token_new();
	must(mqs_settle_directory_make(&d, &err) == MQS_OK);
	must(mqs_settle_socket_listen(&d, c->token, &fd, &err) == MQS_OK);
	if (how == LIAR_OTHER_USER)
		must(seteuid(65534) == 0 && listen(fd, 5) == 0);
	must(fcntl(fd, F_SETFL, 0) == 0);
	must(write(fds[1], &c->token, sizeof(c->token)) == sizeof(c->token));
	for (;;) {
		must((peer = accept(fd, NULL, NULL)) != -1);
		if (n > 0)
			(void)send(peer, p, n, MSG_NOSIGNAL);
		if (how == LIAR_ANSWERS_ONE)
			answer_one(peer);
		while ((how == LIAR_READS || how == LIAR_OTHER_USER) && recv(peer, sink,
		    sizeof(sink), 0) > 0)
			continue;
		(void)close(peer);
	}
}

static int
settle_with_liar(const void *p, size_t n, enum liar how, int64_t patience)
{
	struct test_consumer liar;
	int code;

	start_liar(&liar, p, n, how);
	code = settle_with(&liar, ANSWER_OK, patience);
	end_consumer(&liar);
	return code;
}

static void
test_liars(void)
{
	struct mqs_buf b = { 0 };

	check_int(settle_with_liar("HTTP/1.1 400", 12, LIAR_READS, 60 * MQS_SECOND), MQS_EVERSION);
	check(strstr(settled_text, "another version") != NULL);
	check_int(settle_with_liar("mqsettl9", 8, LIAR_READS, 60 * MQS_SECOND), MQS_EVERSION);
	check_int(settle_with_liar(NULL, 0, LIAR_READS, 50 * MQS_MSEC), MQS_ETIMEOUT);
	check_int(settle_with_liar(NULL, 0, LIAR_CLOSES, 50 * MQS_MSEC), MQS_ETIMEOUT);
	check_int(settle_with_liar("mqse", 4, LIAR_READS, 50 * MQS_MSEC), MQS_ETIMEOUT);
	check_int(settle_with_liar(MQS_SETTLE_GREETING, 8, LIAR_CLOSES, 60 * MQS_SECOND), MQS_EIO);
	check_int(settle_with_liar(MQS_SETTLE_GREETING "\xff\xff\xff\xff", 12, LIAR_READS,
	    60 * MQS_SECOND), MQS_EVERSION);
	/* An answer to what was not asked. */
	must(mqs_buf_add(&b, MQS_SETTLE_GREETING, 8) == 0);
	must(mqs_settle_put_answer(&b, 7, MQS_OK, NULL) == 0);
	check_int(settle_with_liar(b.p, b.n, LIAR_READS, 60 * MQS_SECOND), MQS_EVERSION);
	mqs_buf_free(&b);
}

static void
count_settled(void *arg, uint64_t tag, int code, const char *text)
{
	(void)tag;
	(void)text;
	*(int *)arg += code == MQS_OK;
}

/* Settles three deliveries of a liar: how many it says were settled. */
static int
settle_three(const void *p, size_t n, enum liar how)
{
	const struct mqs_settlement ack = { .verb = MQS_ACK };
	struct mqs_settle_client *client;
	char receipt[MQS_RECEIPT_SIZE];
	struct test_consumer liar;
	int good = 0;
	uint64_t i;

	start_liar(&liar, p, n, how);
	must(mqs_settle_client_open(&client, NULL, count_settled, &good, &err) == MQS_OK);
	for (i = 0; i < 3; i++)
		must(mqs_settle_client_add(client, receipt_of(&liar, i, 5, receipt), &ack, i,
		    &err) == MQS_OK);
	(void)mqs_settle_client_flush(client, &err);
	mqs_settle_client_free(client);
	end_consumer(&liar);
	return good;
}

/* Only what was not answered is asked again. */
static void
test_connection_lost(void)
{
	check_int(settle_three(MQS_SETTLE_GREETING, 8, LIAR_ANSWERS_ONE), 3);
}

static void
test_answered_twice(void)
{
	struct mqs_buf b = { 0 };

	must(mqs_buf_add(&b, MQS_SETTLE_GREETING, 8) == 0);
	must(mqs_settle_put_answer(&b, 1, MQS_OK, NULL) == 0);
	must(mqs_settle_put_answer(&b, 1, MQS_OK, NULL) == 0);
	check_int(settle_three(b.p, b.n, LIAR_READS), 1);
	check_int(err.code, MQS_EVERSION);
	mqs_buf_free(&b);
}

static void
test_other_user(void)
{
	if (geteuid() != 0) {
		printf("# skipped: needs root to become another user\n");
		return;
	}
	check_int(settle_with_liar(MQS_SETTLE_GREETING, 8, LIAR_OTHER_USER, 60 * MQS_SECOND),
	    MQS_EPERM);
}

int
main(void)
{
	const char *runtime = runtime_dir();

	run_test("something else than a consumer", test_liars);
	run_test("a connection that is lost in the midst of a flush", test_connection_lost);
	run_test("an answer that comes twice", test_answered_twice);
	run_test("another user who listens", test_other_user);
	remove_runtime_dir(runtime);
	return finish_tests();
}
