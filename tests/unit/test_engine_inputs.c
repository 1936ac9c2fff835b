/*
 * test_engine_inputs.c - outputs of deliveries: there once, whole, or not at all
 */
#include <sys/wait.h>

#include "filter.h"

static void
hook_out(int (*hook)(void *))
{
	struct mqs_log *log;

	ok(mqs_spool_log(spool, "out", 0, &log, &err));
	mqs_db_on_commit(log->db, hook, NULL);
}

static void
test_once(void)
{
	struct mqs_consumer *c;
	struct mqs_message m;

	start();
	open_publisher();
	ok(publish("q", "m", 1));
	c = take("q", &m);
	check_int(mqs_publisher_input_done(publisher, c, &m, &err), MQS_NOTHING);
	filter(c, &m);
	ok(mqs_publisher_flush(publisher, &err));
	check_u64(count("out"), 2);
	ok(mqs_publisher_input_done(publisher, c, &m, &err));
	settle(c, &m, MQS_ACK);
	ok(mqs_consumer_close(c, &err));
	finish_all(c);
}

/* Killed between OUT's commit and the settling: the rerun is void, and known to be. */
static void
test_killed_between(void)
{
	struct mqs_consumer *c;
	struct mqs_message m;

	start();
	open_publisher();
	ok(publish("q", "m", 1));
	c = take("q", &m);
	filter(c, &m);
	ok(mqs_publisher_flush(publisher, &err));
	mqs_consumer_free(c);
	reopen();
	c = take("q", &m);
	ok(mqs_publisher_input_done(publisher, c, &m, &err));
	filter(c, &m);
	send("c");
	ok(mqs_publisher_flush(publisher, &err));
	check_u64(count("out"), 2);
	finish_all(c);
}

/* The settling's commit fails after OUT's: delivered again by another, and void. */
static void
test_settling_fails(void)
{
	struct mqs_consumer *c;
	struct mqs_message m;
	uint64_t purged;

	start();
	open_publisher();
	ok(publish("q", "m", 1));
	c = take("q", &m);
	filter(c, &m);
	ok(mqs_publisher_flush(publisher, &err));
	settle(c, &m, MQS_ACK);
	mqs_db_on_commit(c->group->db, on_commit, NULL);
	commit_failures = 1;
	check_int(mqs_consumer_flush(c, &err), MQS_EFULL);
	mqs_consumer_free(c);
	/* OUT trimmed of everything meanwhile: the marker does not go with it. */
	ok(mqs_purge(spool, "out", NULL, &purged, &err));
	check_u64(purged, 2);
	reopen();
	c = take("q", &m);
	filter(c, &m);
	ok(mqs_publisher_flush(publisher, &err));
	check_u64(count("out"), 0);
	finish_all(c);
}

/*
 * Its consumer dies after publishing, in the last attempt that it has: it is done, and no
 * dead letter.
 */
static void
last_attempt(int feed, uint64_t letters)
{
	const char *const pairs[] = { "max-attempts=1" };
	struct mqs_consumer *c;
	struct mqs_message m;
	struct mqs_run *run;
	pid_t pid;
	int fd;

	start();
	open_publisher();
	ok(publish("q", "m", 1));
	ok(mqs_create(spool, "q", "g", NULL, &err));
	ok(mqs_set(spool, "q", "g", pairs, 1, &err));
	c = take("q", &m);
	ok(mqs_run_new(&run, c, &m, &fd, &err));
	if ((pid = fork()) == 0)
		_exit(0);
	must(waitpid(pid, NULL, 0) == pid);
	ok(mqs_run_started(run, pid, &err));
	filter(c, &m);
	ok(mqs_publisher_flush(publisher, &err));
	/* As if killed: the slot stays. */
	settle(c, &m, MQS_ACK);
	mqs_run_free(run);
	mqs_consumer_free(c);
	reopen();
	c = consumer("q");
	if (feed)
		check(mqs_publisher_feed(publisher, c, NULL) == MQS_OK);
	check_int(next(c, &m), MQS_NOTHING);
	check_u64(count("q.dead"), letters);
	check_u64(count("out"), 2);
	finish_all(c);
}

static void
test_last_attempt(void)
{
	last_attempt(1, 0);
	/* That it would have been one otherwise. */
	last_attempt(0, 1);
}

/* OUT's commit fails: no output and no marker; a second try makes both. */
static void
test_output_fails(void)
{
	struct mqs_consumer *c;
	struct mqs_message m;

	start();
	open_publisher();
	ok(publish("q", "m", 1));
	c = take("q", &m);
	hook_out(on_commit);
	filter(c, &m);
	commit_failures = 1;
	check_int(mqs_publisher_flush(publisher, &err), MQS_EFULL);
	check_u64(count("out"), 0);
	check_u64(markers(), 0);
	check_int(mqs_publisher_input_done(publisher, c, &m, &err), MQS_NOTHING);
	filter(c, &m);
	ok(mqs_publisher_flush(publisher, &err));
	check_u64(count("out"), 2);
	check_u64(markers(), 1);
	finish_all(c);
}

/* No output at all is remembered just the same. */
static void
test_nothing_made(void)
{
	struct mqs_consumer *c;
	struct mqs_message m;

	start();
	open_publisher();
	ok(publish("q", "m", 1));
	c = take("q", &m);
	ok(mqs_publisher_input(publisher, c, &m, &err));
	ok(mqs_publisher_flush(publisher, &err));
	check_u64(count("out"), 0);
	ok(mqs_publisher_input_done(publisher, c, &m, &err));
	finish_all(c);
}

/* Several inputs in one commit, of which one was there already; large bodies too. */
static void
test_several(void)
{
	static char large[MQS_INLINE_MAX + 1];
	struct mqs_message m[3], big = MQS_MESSAGE_INIT;
	struct mqs_consumer *c;
	uint64_t findings, n;
	size_t got;
	int i;

	start();
	open_publisher();
	for (i = 0; i < 3; i++)
		ok(publish("q", "m", 1));
	c = consumer("q");
	ok(mqs_consumer_claim(c, 3, &got, NULL, &err));
	for (i = 0; i < 3; i++)
		ok(mqs_consumer_next(c, &m[i], &err));
	mqs_consumer_rest(c);
	filter(c, &m[1]);
	ok(mqs_publisher_flush(publisher, &err));
	hook_out(on_commit);
	commits = 0;
	big.body = large;
	big.body_len = sizeof(large);
	for (i = 0; i < 3; i++) {
		filter(c, &m[i]);
		ok(mqs_publisher_send(publisher, &big, 0, &err));
	}
	ok(mqs_publisher_flush(publisher, &err));
	check_int(commits, 1);
	check_u64(count("out"), 2 + 2 * 3);
	ok(mqs_check(spool, "out", 0, NULL, NULL, &findings, &n, &err));
	check_u64(findings, 0);
	check_u64(n, 8);
	finish_all(c);
}

/* What is dropped of a batch leaves the rest as it was. */
static void
test_drop(void)
{
	struct mqs_message m[2];
	struct mqs_consumer *c;
	size_t got;
	int i;

	start();
	open_publisher();
	ok(publish("q", "m", 1));
	ok(publish("q", "m", 1));
	c = consumer("q");
	ok(mqs_consumer_claim(c, 2, &got, NULL, &err));
	for (i = 0; i < 2; i++)
		ok(mqs_consumer_next(c, &m[i], &err));
	mqs_consumer_rest(c);
	filter(c, &m[0]);
	filter(c, &m[1]);
	check_u64(mqs_publisher_pending(publisher, NULL), 4);
	mqs_publisher_input_drop(publisher);
	check_u64(mqs_publisher_pending(publisher, NULL), 2);
	ok(mqs_publisher_flush(publisher, &err));
	check_u64(count("out"), 2);
	ok(mqs_publisher_input_done(publisher, c, &m[0], &err));
	check_int(mqs_publisher_input_done(publisher, c, &m[1], &err), MQS_NOTHING);
	finish_all(c);
}

static int voided;

static void
on_published(void *arg, uint64_t tag, int code, const char *id)
{
	(void)arg;
	(void)tag;
	voided += code == MQS_EEXIST && id == NULL;
}

static void
test_report(void)
{
	const struct mqs_publisher_options options = { .published = on_published };
	struct mqs_consumer *c;
	struct mqs_message m;
	int i;

	start();
	ok(mqs_publisher_open(&publisher, spool, "out", &options, &err));
	ok(publish("q", "m", 1));
	c = take("q", &m);
	for (i = 0; i < 2; i++) {
		check_int(voided, 0);
		filter(c, &m);
		ok(mqs_publisher_flush(publisher, &err));
	}
	check_int(voided, 2);
	finish_all(c);
}

int
main(void)
{
	run_test("an input's outputs are there, and known to be", test_once);
	run_test("killed between OUT's commit and the settling", test_killed_between);
	run_test("the settling's commit fails, and OUT is emptied", test_settling_fails);
	run_test("killed after publishing, in the last attempt", test_last_attempt);
	run_test("OUT's commit fails: no output, no marker", test_output_fails);
	run_test("no output is remembered as well", test_nothing_made);
	run_test("several inputs share a commit", test_several);
	run_test("a section that is dropped", test_drop);
	run_test("void outputs are reported", test_report);
	return finish_tests();
}
