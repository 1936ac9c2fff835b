/*
 * test_engine_unmatched.c - a waiting consumer passes what matches no binding in memory
 */
#include "embedded/queue/group_state.h"
#include "engine.h"

static struct mqs_consumer *waiting;

static int
publish_key(const char *key)
{
	struct mqs_message m = MQS_MESSAGE_INIT;

	m.key = key;
	m.key_len = strlen(key);
	return publish_message("q", &m);
}

static void
bind_key(const char *key, int replace)
{
	const struct mqs_binding b = { MQS_BIND_KEY, key, strlen(key) };

	ok(mqs_bind(spool, "q", "g", &b, 1, replace, &err));
}

static void
begin(void)
{
	struct mqs_message m;

	start();
	ok(mqs_create(spool, "q", "g", NULL, &err));
	bind_key("yes", 1);
	waiting = consumer("q");
	/* The first commit loads the bindings. */
	ok(publish_key("no"));
	check_int(next(waiting, &m), MQS_NOTHING);
	mqs_db_on_commit(waiting->group->db, on_commit, NULL);
	commits = commit_failures = 0;
}

static void
end(void)
{
	mqs_consumer_free(waiting);
	finish();
}

static void
state(uint64_t v[MQS_GROUP_VALUES])
{
	ok(mqs_group_state(waiting->group, v, &err));
}

/* Publishes so many that match nothing, one by one, and wakes the consumer for each. */
static void
pass(int n)
{
	struct mqs_message m;

	for (; n > 0; n--) {
		ok(publish_key("no"));
		check_int(next(waiting, &m), MQS_NOTHING);
	}
}

/* As if it had waited for so long. */
static void
wait_long(void)
{
	waiting->unmatched.since -= 2 * MQS_SECOND;
}

static void
test_few_commits(void)
{
	uint64_t v[MQS_GROUP_VALUES];
	struct mqs_message m;
	int64_t began;
	int most;

	begin();
	began = mqs_boottime();
	pass(300);
	most = (int)((mqs_boottime() - began) / MQS_SECOND) + 1;
	check(commits <= most);
	state(v);
	check(v[MQS_GROUP_ORDINAL] < 301 || commits == most);
	wait_long();
	commits = 0;
	check_int(next(waiting, &m), MQS_NOTHING);
	check_int(commits, 1);
	state(v);
	check_u64(v[MQS_GROUP_FILTERED], 301);
	check_u64(v[MQS_GROUP_ORDINAL], 301);
	check_int(next(waiting, &m), MQS_NOTHING);
	check_int(commits, 1);
	end();
}

/* What matches comes at once, and those before it are passed with it. */
static void
test_match(void)
{
	uint64_t v[MQS_GROUP_VALUES];
	struct mqs_message m;

	begin();
	pass(3);
	ok(publish_key("yes"));
	ok(next(waiting, &m));
	settle(waiting, &m, MQS_ACK);
	ok(mqs_consumer_flush(waiting, &err));
	state(v);
	check_u64(v[MQS_GROUP_FILTERED], 4);
	check_u64(v[MQS_GROUP_ACKED], 1);
	check_u64(v[MQS_GROUP_ORDINAL], 5);
	sound("q");
	end();
}

/* Bindings decide about what the cursor has not passed, also for who has looked at it. */
static void
test_bind(void)
{
	struct mqs_message m;

	begin();
	pass(1);
	bind_key("no", 0);
	ok(next(waiting, &m));
	end();
}

static void
test_rewind_and_purge(void)
{
	const struct mqs_rewind_options to = { .to = "oldest" };
	uint64_t v[MQS_GROUP_VALUES], purged;
	struct mqs_rewound moved;
	struct mqs_message m;

	begin();
	ok(publish_key("yes"));
	ok(next(waiting, &m));
	settle(waiting, &m, MQS_ACK);
	ok(mqs_consumer_flush(waiting, &err));
	pass(2);
	ok(mqs_rewind(spool, "q", "g", &to, &moved, &err));
	ok(next(waiting, &m));
	settle(waiting, &m, MQS_ACK);
	ok(mqs_consumer_flush(waiting, &err));
	pass(2);
	ok(mqs_purge(spool, "q", "g", &purged, &err));
	pass(1);
	wait_long();
	check_int(next(waiting, &m), MQS_NOTHING);
	state(v);
	check_u64(v[MQS_GROUP_ORDINAL], 7);
	sound("q");
	end();
}

/* Another consumer of the group commits: nobody counts twice. */
static void
test_another(void)
{
	uint64_t v[MQS_GROUP_VALUES];
	struct mqs_consumer *other;
	struct mqs_message m;

	begin();
	pass(2);
	other = consumer("q");
	check_int(next(other, &m), MQS_NOTHING);
	pass(1);
	wait_long();
	check_int(next(waiting, &m), MQS_NOTHING);
	state(v);
	check_u64(v[MQS_GROUP_FILTERED], 4);
	mqs_consumer_free(other);
	end();
}

/* A publisher may wait for what the cursor has not passed. */
static void
test_limit(void)
{
	const char *const pairs[] = { "max-messages=80" };
	uint64_t v[MQS_GROUP_VALUES];

	begin();
	ok(mqs_set(spool, "q", NULL, pairs, 1, &err));
	pass(10);
	check(commits > 0);
	pass(200);
	state(v);
	check(v[MQS_GROUP_ORDINAL] >= 210 - 10);
	end();
}

/* Its end passes the cursor, too, and gives back what came meanwhile. */
static void
test_close(void)
{
	uint64_t v[MQS_GROUP_VALUES];
	struct mqs_message m;

	begin();
	pass(2);
	ok(publish_key("yes"));
	ok(mqs_consumer_close(waiting, &err));
	state(v);
	check_u64(v[MQS_GROUP_FILTERED], 3);
	check_u64(v[MQS_GROUP_LEASED], 0);
	mqs_consumer_free(waiting);
	waiting = take("q", &m);
	check(m.key_len == 3);
	end();
}

static void
test_priorities(void)
{
	struct mqs_message m = MQS_MESSAGE_INIT, got;
	uint64_t v[MQS_GROUP_VALUES];
	int i;

	begin();
	for (i = 0; i < 10; i++) {
		m.key = i == 5 ? "yes" : "no";
		m.key_len = strlen(m.key);
		m.priority = i;
		ok(publish_message("q", &m));
		check_int(next(waiting, &got), i == 5 ? MQS_OK : MQS_NOTHING);
		if (i == 5)
			settle(waiting, &got, MQS_ACK);
	}
	wait_long();
	check_int(next(waiting, &got), MQS_NOTHING);
	ok(mqs_consumer_flush(waiting, &err));
	state(v);
	check_u64(v[MQS_GROUP_FILTERED], 10);
	check_u64(v[MQS_GROUP_ORDINAL], 11);
	check_u64(v[MQS_GROUP_AHEAD], 0);
	sound("q");
	end();
}

int
main(void)
{
	run_test("messages that match nothing cost few commits", test_few_commits);
	run_test("one that matches comes at once", test_match);
	run_test("another binding decides about them again", test_bind);
	run_test("after a rewind and a purge it looks again", test_rewind_and_purge);
	run_test("another consumer of the group", test_another);
	run_test("near a limit the cursor follows at once", test_limit);
	run_test("a consumer that ends", test_close);
	run_test("priorities", test_priorities);
	return finish_tests();
}
