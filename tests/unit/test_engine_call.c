/*
 * test_engine_call.c - request and reply: mailboxes, and who dies when
 */
#include <fcntl.h>

#include "embedded/store/file.h"
#include "embedded/store/mailbox.h"
#include "engine.h"

static struct mqs_call *call;
static struct mqs_dir *dir;

static void
open_call(void)
{
	struct mqs_log *log;

	ok(mqs_call_open(&call, spool, "q", &err));
	ok(mqs_spool_log(spool, "q", 0, &log, &err));
	dir = &log->dir;
}

static int
file_of(const char *text)
{
	int fd = open(where, O_TMPFILE | O_RDWR, 0600);

	must(fd != -1);
	must(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	return fd;
}

static int
reply(const char *address, const char *reason, const char *text)
{
	int rc, fd = file_of(text);

	rc = mqs_reply(spool, address, reason, fd, &err);
	close(fd);
	return rc;
}

/* A message to the call's mailbox: *m borrows from static memory. */
static void
request(struct mqs_message *m)
{
	static char headers[256];
	int n;

	n = snprintf(headers, sizeof(headers), "%s%c%s", MQS_REPLY_TO, 0,
	    mqs_call_address(call));
	*m = (struct mqs_message)MQS_MESSAGE_INIT;
	m->headers = headers;
	m->headers_len = (size_t)n + 1;
	m->body = "x";
	m->body_len = 1;
}

static void
check_reply(const char *reason, const char *text)
{
	struct mqs_reply r;
	char b[64] = { 0 };

	if (!ok(mqs_call_wait(call, 0, &r, &err)))
		return;
	check((reason == NULL) == (r.reason == NULL));
	if (reason != NULL && r.reason != NULL)
		check_str(r.reason, reason);
	check_u64(r.size, strlen(text));
	check(read(r.fd, b, sizeof(b)) == (ssize_t)strlen(text));
	check_str(b, text);
}

static void
test_reply(void)
{
	struct mqs_reply r;

	start();
	open_call();
	check_int(mqs_call_wait(call, 0, &r, &err), MQS_ETIMEOUT);
	ok(reply(mqs_call_address(call), NULL, "body"));
	check_reply(NULL, "body");
	mqs_call_free(call);
	check_int(owner_files("q"), 0);
	open_call();
	ok(reply(mqs_call_address(call), "exit 1", ""));
	check_reply("exit 1", "");
	mqs_call_free(call);
	finish();
}

/* The first reply counts, whoever comes after it and whatever that is. */
static void
test_first_counts(void)
{
	start();
	open_call();
	ok(reply(mqs_call_address(call), NULL, "first"));
	ok(reply(mqs_call_address(call), "exit 2", "second, which is longer"));
	check_reply(NULL, "first");
	mqs_call_free(call);
	finish();
}

/* A replier that was killed in the middle left no reply; the next one's is whole. */
static void
test_half_a_reply(void)
{
	struct mqs_reply r;
	uint64_t number;
	int fd;

	start();
	open_call();
	must(mqs_file_number(strchr(mqs_call_address(call), '/') + 1, &number) == 0);
	ok(mqs_mailbox_open(dir, number, &fd, &err));
	must(mqs_file_lock(fd, F_WRLCK, 1, 0) == 0);
	must(mqs_file_write(fd, "half of what was long", 21, MQS_MAILBOX_BODY) == 0);
	close(fd);
	check_int(mqs_call_wait(call, 0, &r, &err), MQS_ETIMEOUT);
	ok(reply(mqs_call_address(call), NULL, "whole"));
	check_reply(NULL, "whole");
	mqs_call_free(call);
	finish();
}

/* Killed between the reply and the settling: the message is done, and known to be. */
static void
test_answered(void)
{
	struct mqs_consumer *c;
	struct mqs_message m;
	const char *address;

	start();
	open_call();
	request(&m);
	ok(publish_message("q", &m));
	c = take("q", &m);
	ok(mqs_reply_wanted(spool, &m, &address, &err));
	check_str(address, mqs_call_address(call));
	ok(reply(mqs_call_address(call), NULL, "done"));
	mqs_consumer_free(c);
	c = take("q", &m);
	check_int(mqs_reply_wanted(spool, &m, &address, &err), MQS_EEXIST);
	mqs_consumer_free(c);
	mqs_call_free(call);
	finish();
}

static int
call_and_die(void *arg)
{
	(void)arg;
	spool = open_spool();
	open_call();
	_exit(puts(mqs_call_address(call)) < 0);
}

/* What a dead caller left is removed by a replier, a caller and a sweep. */
static void
test_dead_caller(void)
{
	uint64_t trimmed;
	int i;

	start();
	ok(mqs_create(spool, "q", NULL, NULL, &err));
	for (i = 0; i < 2; i++) {
		check_int(in_child(call_and_die, NULL), 0);
		check_int(owner_files("q"), 1);
		if (i == 0) {
			open_call();
			check_int(owner_files("q"), 1);
			mqs_call_free(call);
		} else
			ok(mqs_trim(spool, "q", &trimmed, &err));
		check_int(owner_files("q"), 0);
	}
	finish();
}

/* The mailbox of somebody who has gone, or never was. */
static void
test_refused(void)
{
	static const char *const addresses[] = {
		"", "q", "q/", "/", "q/0123456789abcdef", "none/0123456789abcdef",
		"../q/0123456789abcdef", "q/../0123456789abcdef", "q/0123456789abcdeg"
	};
	char address[64];
	size_t i;

	start();
	open_call();
	snprintf(address, sizeof(address), "%s", mqs_call_address(call));
	mqs_call_free(call);
	check_int(reply(address, NULL, "late"), MQS_NOTHING);
	for (i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
		check_int(reply(addresses[i], NULL, "x"), MQS_NOTHING);
	check_int(owner_files("q"), 0);
	finish();
}

int
main(void)
{
	run_test("a reply, its size and its reason", test_reply);
	run_test("the first reply counts", test_first_counts);
	run_test("half a reply is none", test_half_a_reply);
	run_test("a message that is answered is done", test_answered);
	run_test("a dead caller's mailbox is removed", test_dead_caller);
	run_test("there is no such mailbox", test_refused);
	return finish_tests();
}
