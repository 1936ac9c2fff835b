/*
 * test_engine_inputs.c - outputs of deliveries: there once, whole, or not at all
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include "embedded/queue/marker.h"
#include "engine.h"

static struct mqs_publisher *publisher;

static void
open_publisher(void)
{
	ok(mqs_publisher_open(&publisher, spool, "out", NULL, &err));
	check(mqs_publisher_atomic(publisher, 1, NULL) == MQS_OK);
}

/* LMDB syncs through this one. */
static int syncs;

int
fdatasync(int fd)
{
	syncs++;
	return fsync(fd);
}

/* Begins over, as after a kill: nothing is released. */
static void
reopen(void)
{
	mqs_publisher_free(publisher);
	mqs_spool_free(spool);
	spool = open_spool();
	open_publisher();
}

static void
send(const char *body)
{
	struct mqs_message m = MQS_MESSAGE_INIT;

	m.body = body;
	m.body_len = strlen(body);
	ok(mqs_publisher_send(publisher, &m, 0, &err));
}

/* Makes two outputs of a delivery. */
static void
filter(struct mqs_consumer *c, const struct mqs_message *m)
{
	ok(mqs_publisher_input(publisher, c, m, &err));
	send("a");
	send("b");
}

static uint64_t
markers(void)
{
	struct mqs_log *log;
	struct mqs_tx *tx;
	uint64_t n = 0;

	ok(mqs_spool_log(spool, "out", 0, &log, &err));
	ok(mqs_tx_read(log->db, &tx, &err));
	ok(mqs_tx_count(tx, MQS_LOG_MARKERS, &n, &err));
	mqs_tx_abort(tx);
	return n;
}

static void
hook_out(int (*hook)(void *))
{
	struct mqs_log *log;

	ok(mqs_spool_log(spool, "out", 0, &log, &err));
	mqs_db_on_commit(log->db, hook, NULL);
}

static void
finish_all(struct mqs_consumer *c)
{
	mqs_consumer_free(c);
	mqs_publisher_free(publisher);
	finish();
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

/* A marker goes once its input's settling can't be undone, and not before. */
static void
test_swept(void)
{
	struct mqs_consumer *c;
	struct mqs_message m;
	int i;

	start();
	open_publisher();
	c = consumer("q");
	for (i = 0; i < 300; i++) {
		ok(publish("q", "m", 1));
		ok(next(c, &m));
		filter(c, &m);
		ok(mqs_publisher_flush(publisher, &err));
		ok(mqs_publisher_input_done(publisher, c, &m, &err));
		settle(c, &m, MQS_ACK);
	}
	check(markers() <= 3);
	check_u64(count("out"), 600);
	finish_all(c);
}

/* What must not be forgotten: settled, but the commit can still be undone. */
static void
test_not_swept_early(void)
{
	struct mqs_message first, second;
	struct mqs_consumer *c;

	start();
	open_publisher();
	ok(publish("q", "m", 1));
	ok(publish("q", "m", 1));
	c = take("q", &first);
	filter(c, &first);
	ok(mqs_publisher_flush(publisher, &err));
	settle(c, &first, MQS_ACK);
	ok(next(c, &second));
	filter(c, &second);
	ok(mqs_publisher_flush(publisher, &err));
	check_u64(markers(), 2);
	ok(mqs_publisher_input_done(publisher, c, &first, &err));
	finish_all(c);
}

/* A new generation of the group makes its own outputs. */
static void
test_generation(void)
{
	struct mqs_group_tx gtx;
	struct mqs_consumer *c;
	struct mqs_message m, other;

	start();
	open_publisher();
	ok(publish("q", "m", 1));
	c = take("q", &m);
	ok(mqs_group_begin(&gtx, c->group, &err));
	gtx.v[MQS_GROUP_GENERATION]++;
	ok(mqs_group_commit(&gtx, &err));
	filter(c, &m);
	ok(mqs_publisher_flush(publisher, &err));
	settle(c, &m, MQS_RELEASE);
	ok(next(c, &other));
	check_u64(other.seq, m.seq);
	check_int(mqs_publisher_input_done(publisher, c, &other, &err), MQS_NOTHING);
	filter(c, &other);
	ok(mqs_publisher_flush(publisher, &err));
	check_u64(count("out"), 4);
	finish_all(c);
}

static void
rewind_group(void)
{
	const struct mqs_rewind_options to = { .to = "oldest" };
	struct mqs_rewound moved;

	ok(mqs_rewind(spool, "q", "g", &to, &moved, &err));
}

/* Filters all messages of the group, settled or as if killed before that. */
static void
filter_all(int settled)
{
	struct mqs_consumer *c = consumer("q");
	struct mqs_message m;

	while (next(c, &m) == MQS_OK) {
		filter(c, &m);
		ok(mqs_publisher_flush(publisher, &err));
		if (settled)
			settle(c, &m, MQS_ACK);
	}
	mqs_consumer_free(c);
	reopen();
}

/* Markers of generations that a rewind ended go, however many there were. */
static void
test_generations_swept(void)
{
	uint64_t made = 0;
	int i;

	start();
	open_publisher();
	for (i = 0; i < 5; i++)
		ok(publish("q", "m", 1));
	for (i = 0; i < 20; i++) {
		filter_all(i % 2);
		made += 10;
		check_u64(count("out"), made);
		/* Killed before the settling: the markers stand, and the rerun is void. */
		check(markers() <= 5);
		filter_all(1);
		check_u64(count("out"), made);
		rewind_group();
	}
	finish_all(NULL);
}

/* A generation that was not committed, or may be undone, sweeps nothing of the one before. */
static void
test_generation_undone(void)
{
	struct mqs_group_tx gtx;
	struct mqs_marker old;
	struct mqs_log_tx ltx;
	struct mqs_consumer *c;
	struct mqs_message m;
	int before;

	start();
	open_publisher();
	ok(publish("q", "m", 1));
	c = take("q", &m);
	filter(c, &m);
	ok(mqs_publisher_flush(publisher, &err));
	check_u64(markers(), 1);
	ok(mqs_group_begin(&gtx, c->group, &err));
	ok(mqs_spool_log(spool, "out", 0, &ltx.log, &err));
	ok(mqs_log_begin(&ltx, ltx.log, 0, &err));
	mqs_marker_of(&old, c->group, ++gtx.v[MQS_GROUP_GENERATION], 0);
	ok(mqs_marker_sweep(ltx.tx, MQS_LOG_MARKERS, c->group, &old, &err));
	ok(mqs_log_commit(&ltx, &err));
	check_u64(markers(), 1);
	ok(mqs_group_commit(&gtx, &err));
	ok(mqs_log_begin(&ltx, ltx.log, 0, &err));
	before = syncs;
	ok(mqs_marker_sweep(ltx.tx, MQS_LOG_MARKERS, c->group, &old, &err));
	check(syncs > before);
	ok(mqs_log_commit(&ltx, &err));
	check_u64(markers(), 0);
	finish_all(c);
}

static void
filter_one(const char *queue, const char *group)
{
	struct mqs_consumer *c;
	struct mqs_message m;

	ok(mqs_consumer_open(&c, spool, queue, group, NULL, &err));
	ok(next(c, &m));
	filter(c, &m);
	ok(mqs_publisher_flush(publisher, &err));
	mqs_consumer_free(c);
	reopen();
}

/* Markers of groups and queues that were deleted go by trimming, and no others. */
static void
test_deleted(void)
{
	char damaged[96], file[112];
	uint64_t trimmed;

	start();
	open_publisher();
	ok(publish("q", "m", 1));
	ok(publish("r", "m", 1));
	filter_one("q", "g");
	filter_one("q", "h");
	filter_one("r", "g");
	ok(mqs_trim(spool, "out", &trimmed, &err));
	check_u64(markers(), 3);
	ok(mqs_delete(spool, "q", "h", &err));
	ok(mqs_trim(spool, "out", &trimmed, &err));
	check_u64(markers(), 2);
	/* As long as there is a queue that can't be read, it may be the one that is missed. */
	ok(mqs_delete(spool, "r", NULL, &err));
	snprintf(damaged, sizeof(damaged), "%s/damaged", where);
	snprintf(file, sizeof(file), "%s/log.mdb", damaged);
	must(mkdir(damaged, 0777) == 0 && mknod(file, S_IFREG | 0666, 0) == 0);
	ok(mqs_trim(spool, "out", &trimmed, &err));
	check_u64(markers(), 2);
	must(unlink(file) == 0 && rmdir(damaged) == 0);
	ok(mqs_trim(spool, "out", &trimmed, &err));
	check_u64(markers(), 1);
	sound("out");
	finish_all(NULL);
}

/* A relaxed log is synced: a commit whose meta page lies in memory could be undone. */
static void
test_relaxed(void)
{
	const char *const pairs[] = { "sync=relaxed" };
	struct mqs_consumer *c;
	struct mqs_message m;
	int plain;

	start();
	open_publisher();
	ok(mqs_set(spool, "out", NULL, pairs, 1, &err));
	send("x");
	syncs = 0;
	ok(mqs_publisher_flush(publisher, &err));
	plain = syncs;
	ok(publish("q", "m", 1));
	c = take("q", &m);
	filter(c, &m);
	syncs = 0;
	ok(mqs_publisher_flush(publisher, &err));
	check_int(syncs, plain + 1);
	check_u64(count("out"), 3);
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

/*
 * Whoever put the marker into a relaxed queue may have been killed before the sync: who
 * finds it syncs, before the input is settled for good.
 */
static void
test_relaxed_stands(void)
{
	static const char *const pair = "sync=relaxed";
	struct mqs_consumer *c;
	struct mqs_message m;

	start();
	open_publisher();
	ok(mqs_set(spool, "out", NULL, &pair, 1, &err));
	ok(publish("q", "m", 1));
	c = take("q", &m);
	filter(c, &m);
	ok(mqs_publisher_flush(publisher, &err));
	mqs_consumer_free(c);
	reopen();
	c = take("q", &m);
	syncs = 0;
	ok(mqs_publisher_input_done(publisher, c, &m, &err));
	check(syncs > 0);
	/* Or its last attempt died: it is settled because the marker stands. */
	check(mqs_publisher_feed(publisher, c, NULL) == MQS_OK);
	settle(c, &m, MQS_REJECT);
	mqs_db_on_commit(c->group->db, on_commit, NULL);
	commit_failures = 1;
	syncs = 0;
	check_int(mqs_consumer_flush(c, &err), MQS_EFULL);
	check(syncs > 0);
	finish_all(c);
}

/* A message that was redriven is below what the floor was when others were run. */
static void
test_redriven(void)
{
	struct mqs_publisher *first;
	struct mqs_redriven redriven;
	struct mqs_consumer *c;
	struct mqs_message m;

	start();
	open_publisher();
	ok(publish("q", "dies", 4));
	ok(publish("q", "m", 1));
	c = take("q", &m);
	settle(c, &m, MQS_REJECT);
	ok(mqs_consumer_flush(c, &err));
	ok(next(c, &m));
	filter(c, &m);
	first = publisher;
	open_publisher();
	ok(mqs_redrive(spool, "q.dead", NULL, &redriven, &err));
	check_u64(redriven.redriven, 1);
	ok(next(c, &m));
	filter(c, &m);
	ok(mqs_publisher_flush(publisher, &err));
	check_u64(markers(), 1);
	ok(mqs_publisher_flush(first, &err));
	check_u64(markers(), 2);
	mqs_publisher_free(first);
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
	run_test("markers are swept", test_swept);
	run_test("a marker stays while its settling can be undone", test_not_swept_early);
	run_test("a new generation makes its own outputs", test_generation);
	run_test("markers of generations that are over go", test_generations_swept);
	run_test("markers of what was deleted go by trimming", test_deleted);
	run_test("not while the new one can be undone", test_generation_undone);
	run_test("a relaxed queue", test_relaxed);
	run_test("a marker in a relaxed queue is synced before it counts", test_relaxed_stands);
	run_test("markers of redriven messages stay", test_redriven);
	run_test("void outputs are reported", test_report);
	return finish_tests();
}
