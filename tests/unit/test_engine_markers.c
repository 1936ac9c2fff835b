/*
 * test_engine_markers.c - marks of inputs that are done: when they go, and when they count
 */
#include <sys/stat.h>

#include "embedded/queue/marker.h"
#include "filter.h"

/* LMDB syncs through this one. */
static int syncs;

int
fdatasync(int fd)
{
	syncs++;
	return fsync(fd);
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
	run_test("markers are swept", test_swept);
	run_test("a marker stays while its settling can be undone", test_not_swept_early);
	run_test("a new generation makes its own outputs", test_generation);
	run_test("markers of generations that are over go", test_generations_swept);
	run_test("markers of what was deleted go by trimming", test_deleted);
	run_test("not while the new generation can be undone", test_generation_undone);
	run_test("a relaxed queue", test_relaxed);
	run_test("a marker in a relaxed queue is synced before it counts", test_relaxed_stands);
	run_test("markers of redriven messages stay", test_redriven);
	return finish_tests();
}
