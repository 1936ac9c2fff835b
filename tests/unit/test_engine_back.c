/*
 * test_engine_back.c - groups that go back: rewound, or given their dead letters again
 *
 * What a kill between two commits leaves is made here by commits that fail.
 */
#include "engine.h"
#include "queue/retention.h"

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

int
main(void)
{
	run_test("a rewind that fails leaves the page low and the group alone", test_page_first);
	run_test("a rewind makes another generation", test_generation);
	run_test("a rewind forgets what room there was", test_room);
	return finish_tests();
}
