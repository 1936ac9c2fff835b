/*
 * test_engine_edges.c - what the header promises at the edges
 */
#include "engine.h"

/* Nothing is pinned while the caller waits. */
static void
test_rest(void)
{
	struct mqs_consumer *c;
	struct mqs_message m;

	start();
	ok(publish("q", "m", 1));
	c = take("q", &m);
	settle(c, &m, MQS_ACK);
	ok(mqs_consumer_flush(c, &err));
	check(c->reader.resting);
	mqs_consumer_free(c);
	finish();
}

/* Messages behind those that have expired are not "nothing". */
static void
test_behind_expired(void)
{
	const int64_t now = mqs_now(), hour = 3600 * MQS_SECOND;
	struct mqs_message m = MQS_MESSAGE_INIT;
	struct mqs_consumer *c;
	int i;

	start();
	m.not_before = now + hour;
	for (i = 0; i < 3; i++) {
		m.expires = i < 2 ? now + hour + 1 : 0;
		ok(publish_message("q", &m));
	}
	c = consumer("q");
	check_int(next(c, &m), MQS_NOTHING);
	spool->options.clock_shift = 2 * hour;
	check_int(next(c, &m), MQS_OK);
	check_int(next(c, &m), MQS_NOTHING);
	mqs_consumer_free(c);
	finish();
}

/* Large bodies are open files until the flush: a batch has only so many. */
static void
test_many_large(void)
{
	static char body[MQS_INLINE_MAX + 1];
	struct mqs_message m = MQS_MESSAGE_INIT;
	struct mqs_publisher *p;
	int i, rc = MQS_OK;

	start();
	m.body = body;
	m.body_len = sizeof(body);
	ok(mqs_publisher_open(&p, spool, "q", NULL, &err));
	for (i = 0; i < 100 && rc == MQS_OK; i++)
		rc = mqs_publisher_send(p, &m, 0, &err);
	check_int(rc, MQS_EBUSY);
	ok(mqs_publisher_flush(p, &err));
	check_u64(count("q"), (uint64_t)i - 1);
	mqs_publisher_free(p);
	finish();
}

/* A time beyond all times is "never", and costs nothing meanwhile. */
static void
test_endless_delay(void)
{
	struct mqs_settlement s;
	struct mqs_consumer *c;
	struct mqs_message m;
	uint64_t v[MQS_GROUP_VALUES];

	start();
	ok(publish("q", "m", 1));
	c = take("q", &m);
	s = settlement(&m, MQS_RETRY);
	s.delay = INT64_MAX;
	ok(mqs_consumer_settle(c, &s, &err));
	ok(mqs_consumer_flush(c, &err));
	ok(mqs_group_state(c->group, v, &err));
	check_u64(v[MQS_GROUP_NEXT_DUE], INT64_MAX);
	mqs_db_on_commit(c->group->db, on_commit, NULL);
	commits = 0;
	check_int(next(c, &m), MQS_NOTHING);
	check_int(commits, 0);
	mqs_consumer_free(c);
	finish();
}

static int
count_queue(void *arg, const struct mqs_queue_stat *st)
{
	(void)st;
	++*(int *)arg;
	return 0;
}

/* Looking at all queues leaves those open that are in use. */
static void
test_stat_beside_others(void)
{
	struct mqs_message m = MQS_MESSAGE_INIT;
	struct mqs_publisher *p;
	int queues = 0;

	start();
	ok(mqs_publisher_open(&p, spool, "q", NULL, &err));
	ok(mqs_create(spool, "other", NULL, NULL, &err));
	ok(mqs_stat(spool, NULL, NULL, count_queue, NULL, &queues, &err));
	check_int(queues, 2);
	check(mqs_spool_is_open(spool, "q") && !mqs_spool_is_open(spool, "other"));
	ok(mqs_publisher_send(p, &m, 0, &err));
	ok(mqs_publisher_flush(p, &err));
	check_u64(count("q"), 1);
	mqs_publisher_free(p);
	finish();
}

/* Following: after nothing for now comes what was published since. */
static void
test_follow(void)
{
	const struct mqs_reader_options follow = { .follow = 1 };
	struct mqs_message m;
	struct mqs_reader *r;

	start();
	ok(publish("q", "1", 1));
	ok(mqs_reader_open(&r, spool, "q", NULL, &follow, &err));
	check_int(mqs_reader_next(r, &m, &err), MQS_OK);
	check_int(mqs_reader_next(r, &m, &err), MQS_NOTHING);
	ok(publish("q", "2", 1));
	if (check_int(mqs_reader_next(r, &m, &err), MQS_OK))
		check_mem(m.body, m.body_len, "2", 1);
	mqs_reader_free(r);
	finish();
}

/* A settlement that makes no sense is refused, and hinders no other. */
static void
test_no_such_verb(void)
{
	struct mqs_settlement s;
	struct mqs_consumer *c;
	struct mqs_message m;

	start();
	ok(publish("q", "m", 1));
	c = take("q", &m);
	s = settlement(&m, (enum mqs_verb)99);
	check_int(mqs_consumer_settle(c, &s, &err), MQS_EINVAL);
	settle(c, &m, MQS_ACK);
	ok(mqs_consumer_flush(c, &err));
	check_u64(mqs_consumer_held(c), 0);
	mqs_consumer_free(c);
	finish();
}

/* Appends a message at a time by the clock, which may have been set back. */
static void
append_at(const char *body, int64_t now)
{
	struct mqs_record r = { .message = { .body = body, .body_len = 1, .body_fd = -1 } };
	struct mqs_log_tx ltx;
	struct mqs_log *log;
	uint64_t id;
	int duplicate;

	ok(mqs_spool_log(spool, "q", 1, &log, &err));
	ok(mqs_log_begin(&ltx, log, 0, &err));
	ltx.now = now;
	ok(mqs_log_append(&ltx, &r, &id, &duplicate, &err));
	ok(mqs_log_commit(&ltx, &err));
}

/* What is earlier than `until' is read, also behind what is later. */
static void
test_until_set_back(void)
{
	const int64_t t = mqs_now(), s = MQS_SECOND;
	struct mqs_reader_options o = { .until = t + 5 * s };
	struct mqs_reader *r;
	struct mqs_message m;
	char got[8] = "";
	size_t n = 0;

	start();
	append_at("a", t);
	append_at("b", t + 10 * s);
	append_at("c", t + s);
	append_at("d", t + 6 * s);
	append_at("e", t + 4 * s);
	append_at("f", t + 20 * s);
	ok(mqs_reader_open(&r, spool, "q", NULL, &o, &err));
	while (n < 7 && mqs_reader_next(r, &m, &err) == MQS_OK)
		got[n++] = *(const char *)m.body;
	check_str(got, "ace");
	mqs_reader_free(r);
	o.last = 2;
	ok(mqs_reader_open(&r, spool, "q", NULL, &o, &err));
	for (n = 0; n < 2 && mqs_reader_next(r, &m, &err) == MQS_OK;)
		got[n++] = *(const char *)m.body;
	check_int(mqs_reader_next(r, &m, &err), MQS_NOTHING);
	got[n] = '\0';
	check_str(got, "ce");
	mqs_reader_free(r);
	finish();
}

/* How a queue commits follows its setting, also where a consumer saw that first. */
static void
test_sync_changes(void)
{
	struct mqs_consumer *c;
	struct mqs_message m;
	const char *pair = "sync=relaxed";
	int i;

	start();
	ok(publish("q", "m", 1));
	c = take("q", &m);
	check_int(c->group->log->relaxed, 0);
	for (i = 1; i >= 0; i--) {
		ok(mqs_set(spool, "q", NULL, &pair, 1, &err));
		settle(c, &m, MQS_ACK);
		ok(mqs_consumer_flush(c, &err));
		check_int((int)c->group->log->settings.relaxed, i);
		ok(publish("q", "m", 1));
		check_int(c->group->log->relaxed, i);
		ok(next(c, &m));
		pair = "sync=full";
	}
	mqs_consumer_free(c);
	finish();
}

/* Replaces what is stored of a lease; keeps what was there. */
static void
swap_lease(struct mqs_group *group, uint64_t lease, void *value, size_t *n, size_t most)
{
	struct mqs_group_tx gtx;
	struct mqs_slice there;
	unsigned char key[8], old[256];
	size_t size;

	mqs_put_be64(key, lease);
	ok(mqs_group_begin(&gtx, group, &err));
	ok(mqs_tx_get(gtx.tx, MQS_GROUP_LEASE, key, sizeof(key), &there, &err));
	must((size = there.n) <= sizeof(old) && size <= most);
	memcpy(old, there.p, size);
	ok(mqs_tx_put(gtx.tx, MQS_GROUP_LEASE, key, sizeof(key), value, *n, &err));
	ok(mqs_group_commit(&gtx, &err));
	memcpy(value, old, size);
	*n = size;
}

/* An error while a consumer counts what it holds: it counts again, and nothing twice. */
static void
test_recount(void)
{
	unsigned char value[256] = { 0 };
	struct mqs_message m[3];
	struct mqs_consumer *c;
	size_t n = 1;
	int i;

	start();
	for (i = 0; i < 4; i++)
		ok(publish("q", "m", 1));
	c = take("q", &m[0]);
	ok(next(c, &m[1]));
	ok(next(c, &m[2]));
	check_u64(mqs_consumer_held(c), 3);
	swap_lease(c->group, m[1].lease, value, &n, sizeof(value));
	settle(c, &m[0], MQS_ACK);
	check_int(mqs_consumer_flush(c, &err), MQS_EDAMAGED);
	check_u64(mqs_consumer_held(c), 2);
	swap_lease(c->group, m[1].lease, value, &n, sizeof(value));
	check_int(next(c, &m[0]), MQS_OK);
	check_u64(mqs_consumer_held(c), 3);
	for (i = 0; i < 3; i++)
		settle(c, &m[i], MQS_ACK);
	ok(mqs_consumer_flush(c, &err));
	check_u64(mqs_consumer_held(c), 0);
	mqs_consumer_free(c);
	sound("q");
	finish();
}

/* Queues are closed only where no handle borrows them. */
static void
test_close_queues(void)
{
	struct mqs_message body = MQS_MESSAGE_INIT, m;
	struct mqs_publisher *p;
	struct mqs_consumer *c;
	struct mqs_reader *r;
	struct mqs_call *call;

	start();
	ok(mqs_publisher_open(&p, spool, "q", NULL, &err));
	mqs_spool_close_queues(spool);
	ok(mqs_publisher_send(p, &body, 0, &err));
	ok(mqs_publisher_flush(p, &err));
	mqs_publisher_free(p);
	c = take("q", &m);
	mqs_spool_close_queues(spool);
	settle(c, &m, MQS_ACK);
	ok(mqs_consumer_flush(c, &err));
	mqs_consumer_free(c);
	ok(mqs_reader_open(&r, spool, "q", NULL, NULL, &err));
	mqs_spool_close_queues(spool);
	ok(mqs_reader_next(r, &m, &err));
	mqs_reader_free(r);
	ok(mqs_call_open(&call, spool, "q", &err));
	check_u64(mqs_spool_count_open(spool), 2);
	mqs_spool_close_queues(spool);
	check_u64(mqs_spool_count_open(spool), 2);
	mqs_call_free(call);
	mqs_spool_close_queues(spool);
	check_u64(mqs_spool_count_open(spool), 0);
	ok(publish("q", "m", 1));	/* opened again */
	finish();
}

int
main(void)
{
	run_test("after settling, no snapshot is held", test_rest);
	run_test("what lies behind expired messages is found", test_behind_expired);
	run_test("a batch has only so many large bodies", test_many_large);
	run_test("an endless delay", test_endless_delay);
	run_test("looking at all queues beside a publisher", test_stat_beside_others);
	run_test("a reader that follows goes on", test_follow);
	run_test("a settlement that makes no sense", test_no_such_verb);
	run_test("until a time, after the clock was set back", test_until_set_back);
	run_test("another setting of sync", test_sync_changes);
	run_test("an error while counting what is held", test_recount);
	run_test("queues are closed unless a handle borrows them", test_close_queues);
	return finish_tests();
}
