/*
 * test_engine_back.c - groups that go back: rewound, or given their dead letters again
 *
 * What a kill between two commits leaves is made here by commits that fail.
 */
#include "embedded/queue/log_retention.h"
#include "engine.h"

/* Takes and acks all that a group has. */
static unsigned
drain(const char *queue)
{
	struct mqs_consumer *c = consumer(queue);
	struct mqs_message m;
	unsigned n = 0;

	while (next(c, &m) == MQS_OK) {
		settle(c, &m, MQS_ACK);
		n++;
	}
	ok(mqs_consumer_close(c, &err));
	mqs_consumer_free(c);
	return n;
}

static struct mqs_group *
group_of(const char *queue, const char *name)
{
	struct mqs_group *g;

	must(mqs_spool_group(spool, queue, name, 0, NULL, &g, &err) == MQS_OK);
	return g;
}

static int
rewind_to(const char *where_to)
{
	const struct mqs_rewind_options o = { .to = where_to };
	struct mqs_rewound r;

	return mqs_rewind(spool, "q", "g", &o, &r, &err);
}

static uint64_t
floor_on_page(const struct mqs_group *g)
{
	uint64_t v[MQS_GROUP_VALUES] = { 0 };

	ok(mqs_group_peek(&g->log->dir, g->name, v, &err));
	return v[MQS_GROUP_FLOOR];
}

/*
 * Killed between the page and the commit: the page's floor is too low, and stays so
 * although the group is looked at; the group stands where it stood.
 */
static void
test_page_first(void)
{
	struct mqs_group *g;
	uint64_t high, v[MQS_GROUP_VALUES];

	start();
	ok(publish("q", "m", 1));
	check_u64(drain("q"), 1);
	g = group_of("q", "g");
	high = floor_on_page(g);
	check(high > 1);
	mqs_db_on_commit(g->db, on_commit, NULL);
	commit_failures = 1;
	check_int(rewind_to("oldest"), MQS_EFULL);
	check_u64(floor_on_page(g), 1);
	ok(mqs_group_refresh(g, &err));
	check_u64(floor_on_page(g), 1);
	ok(mqs_group_state(g, v, &err));
	check_u64(v[MQS_GROUP_FLOOR], high);
	check_u64(drain("q"), 0);
	ok(rewind_to("newest"));
	check_u64(floor_on_page(g), high);
	finish();
}

/* Markers of what was made of a group's messages before a rewind are of another generation. */
static void
test_generation(void)
{
	struct mqs_group *g;
	uint64_t v[MQS_GROUP_VALUES], before;

	start();
	ok(publish("q", "m", 1));
	check_u64(drain("q"), 1);
	g = group_of("q", "g");
	ok(mqs_group_state(g, v, &err));
	before = v[MQS_GROUP_GENERATION];
	ok(rewind_to("oldest"));
	ok(mqs_group_state(g, v, &err));
	check_u64(v[MQS_GROUP_GENERATION], before + 1);
	check_u64(drain("q"), 1);
	finish();
}

/* A group that goes back asks for a new look at the limits. */
static void
test_room(void)
{
	struct mqs_log_tx ltx;
	struct mqs_group *g;

	start();
	ok(publish("q", "m", 1));
	check_u64(drain("q"), 1);
	g = group_of("q", "g");
	ok(mqs_log_begin(&ltx, g->log, 0, &err));
	ltx.v[MQS_LOG_ROOM_ORDINAL] = ltx.v[MQS_LOG_ROOM_BYTES] = 1000;
	ok(mqs_log_commit(&ltx, &err));
	ok(rewind_to("oldest"));
	ok(mqs_log_begin(&ltx, g->log, 0, &err));
	check_u64(ltx.v[MQS_LOG_ROOM_ORDINAL] + ltx.v[MQS_LOG_ROOM_BYTES], 0);
	mqs_log_abort(&ltx);
	finish();
}

/* ------------------------------------------------------------ redriving -- */

/* Commits of all files go on until the n-th, from which on all fail: as after a kill. */
static int last_commit, seen_commits;

static int
killed(void *arg)
{
	(void)arg;
	return ++seen_commits >= last_commit ? ENOSPC : 0;
}

static void
hook(int (*how)(void *))
{
	static const char *const groups[][2] = { { "q", "g" }, { "q.dead", "redrive" } };
	struct mqs_group *g;
	unsigned i;

	for (i = 0; i < 2; i++) {
		g = group_of(groups[i][0], groups[i][1]);
		mqs_db_on_commit(g->db, how, NULL);
		mqs_db_on_commit(g->log->db, how, NULL);
	}
}

static void
reject(const char *queue)
{
	struct mqs_consumer *c;
	struct mqs_message m;

	c = take(queue, &m);
	settle(c, &m, MQS_REJECT);
	ok(mqs_consumer_close(c, &err));
	mqs_consumer_free(c);
}

static uint64_t
redriven(void)
{
	struct mqs_redriven r;

	ok(mqs_redrive(spool, "q.dead", NULL, &r, &err));
	return r.redriven;
}

/* A dead letter of one message, which is retained or not. */
static void
one_letter(int trimmed)
{
	uint64_t n;

	start();
	ok(publish("q", "m", 1));
	reject("q");
	check_u64(count("q.dead"), 1);
	ok(mqs_create(spool, "q.dead", "redrive", NULL, &err));
	if (trimmed)
		ok(mqs_purge(spool, "q", NULL, &n, &err));
}

/* Killed before the n-th commit, or not at all: 1 if it was. */
static int
redrive_killed(int n)
{
	struct mqs_redriven r;

	last_commit = n;
	seen_commits = 0;
	hook(killed);
	(void)mqs_redrive(spool, "q.dead", NULL, &r, &err);
	hook(NULL);
	return seen_commits >= n;
}

/* However far it came, and whether the message was taken meanwhile: it comes once. */
static void
killed_anywhere(int trimmed, int taken)
{
	unsigned got;
	int n, more = 1;

	for (n = 1; more && n < 20; n++) {
		one_letter(trimmed);
		more = redrive_killed(n);
		got = taken ? drain("q") : 0;
		redriven();
		got += drain("q");
		if (!check_u64(got, 1))
			printf("# killed before commit %d\n", n);
		check_u64(redriven(), 0);
		check_u64(drain("q"), 0);
		finish();
	}
	check(n > 4 && n < 20);
}

static void
test_killed(void)
{
	killed_anywhere(0, 0);
	killed_anywhere(0, 1);
	killed_anywhere(1, 0);
	killed_anywhere(1, 1);
}

/* The same for a message that dies again: it always has one letter that is not settled. */
static void
test_killed_dead(void)
{
	int n, more = 1;

	for (n = 1; more && n < 20; n++) {
		one_letter(0);
		more = redrive_killed(n);
		redriven();
		reject("q");
		check_u64(count("q.dead"), 2);
		if (!check_u64(redriven(), 1))
			printf("# killed before commit %d\n", n);
		check_u64(drain("q"), 1);
		finish();
	}
	check(n > 4 && n < 20);
}

/* Killed between the letter and its settling: the letter goes, and another can be made. */
static void
test_half_dead(void)
{
	struct mqs_consumer *c;
	struct mqs_message m;

	start();
	ok(publish("q", "m", 1));
	c = take("q", &m);
	settle(c, &m, MQS_REJECT);
	mqs_db_on_commit(c->group->db, on_commit, NULL);
	commit_failures = 1;
	check_int(mqs_consumer_flush(c, &err), MQS_EFULL);
	check_u64(count("q.dead"), 1);
	check_u64(redriven(), 1);
	ok(mqs_consumer_flush(c, &err));
	check_u64(count("q.dead"), 2);
	ok(mqs_consumer_close(c, &err));
	mqs_consumer_free(c);
	check_u64(redriven(), 1);
	check_u64(drain("q"), 1);
	finish();
}

/* Nothing of a redrive that is done is left in the group. */
static void
test_no_marks(void)
{
	struct mqs_group *g;
	struct mqs_tx *tx;
	uint64_t n = 1;

	one_letter(0);
	check_u64(redriven(), 1);
	g = group_of("q", "g");
	ok(mqs_tx_read(g->db, &tx, &err));
	ok(mqs_tx_count(tx, MQS_GROUP_MARKERS, &n, &err));
	mqs_tx_abort(tx);
	check_u64(n, 0);
	finish();
}

int
main(void)
{
	run_test("a rewind that fails leaves the page low and the group alone", test_page_first);
	run_test("a rewind makes another generation", test_generation);
	run_test("a rewind forgets what room there was", test_room);
	run_test("killed before any commit, a redrive brings each message back once", test_killed);
	run_test("and each can die again", test_killed_dead);
	run_test("a letter whose message was not settled yet", test_half_dead);
	run_test("a redrive leaves no marks in the group", test_no_marks);
	return finish_tests();
}
