/*
 * test_engine_through.c - acks of all that was read up to a message
 */
#include "engine.h"

/* A group's values, and of its tables what leases leave there. */
static uint64_t v[MQS_GROUP_VALUES];

static void
look(struct mqs_consumer *c)
{
	ok(mqs_group_state(c->group, v, &err));
}

static uint64_t
entries(struct mqs_consumer *c, unsigned table)
{
	struct mqs_tx *tx;
	uint64_t n = 0;

	must(mqs_tx_read(c->group->db, &tx, &err) == MQS_OK);
	ok(mqs_tx_count(tx, table, &n, &err));
	mqs_tx_abort(tx);
	return n;
}

/* Publishes n messages; the i-th (from 1 on) has i % 7 bytes. */
static void
publish_many(size_t n)
{
	struct mqs_message m = MQS_MESSAGE_INIT;
	struct mqs_publisher *p;
	size_t i;

	ok(mqs_publisher_open(&p, spool, "q", NULL, &err));
	m.body = "1234567";
	for (i = 1; i <= n; i++) {
		m.body_len = i % 7;
		ok(mqs_publisher_send(p, &m, 0, &err));
	}
	ok(mqs_publisher_flush(p, &err));
	mqs_publisher_free(p);
}

/* Claims n messages, in one lease if they fit, and reads them. */
static void
claim(struct mqs_consumer *c, struct mqs_message *m, size_t n)
{
	size_t got, i;

	ok(mqs_consumer_claim(c, n, &got, NULL, &err));
	check_u64(got, n);
	for (i = 0; i < n; i++)
		ok(mqs_consumer_next(c, &m[i], &err));
	mqs_consumer_rest(c);
}

static void
through(struct mqs_consumer *c, const struct mqs_message *m, size_t n)
{
	ok(mqs_consumer_ack_through(c, m->seq, m->lease, n, &err));
}

/* Settles one by its receipt, as another process does. */
static void
elsewhere(struct mqs_consumer *c, const struct mqs_message *m, enum mqs_verb verb)
{
	const struct mqs_settlement s = { .verb = verb, .delay = 3600 * MQS_SECOND };
	char receipt[MQS_RECEIPT_SIZE];
	struct mqs_settler *settler;

	ok(mqs_settler_open(&settler, spool, NULL, NULL, &err));
	ok(mqs_settler_add(settler, mqs_consumer_receipt(c, m, receipt), &s, 0, &err));
	ok(mqs_settler_flush(settler, &err));
	mqs_settler_free(settler);
}

/* Part of a lease: the rest of it stays, and comes back. */
static void
test_part(void)
{
	struct mqs_message m[10];
	struct mqs_consumer *c;

	start();
	publish_many(10);
	c = consumer("q");
	claim(c, m, 10);
	through(c, &m[0], 1);
	ok(mqs_consumer_flush(c, &err));
	look(c);
	check_u64(v[MQS_GROUP_ACKED], 1);
	check_u64(v[MQS_GROUP_LEASED], 9);
	through(c, &m[2], 2);
	through(c, &m[3], 1);
	check_u64(mqs_collected(c), 3);
	ok(mqs_consumer_flush(c, &err));
	look(c);
	check_u64(v[MQS_GROUP_ACKED], 4);
	check_u64(v[MQS_GROUP_LEASED], 6);
	check_u64(v[MQS_GROUP_LEASED_BYTES], 5 + 6 + 0 + 1 + 2 + 3);
	check_u64(mqs_consumer_held(c), 6);
	through(c, &m[8], 5);
	ok(mqs_consumer_flush(c, &err));
	check_u64(mqs_consumer_held(c), 1);
	ok(mqs_consumer_close(c, &err));
	mqs_consumer_free(c);
	c = take("q", &m[0]);
	check_u64(m[0].seq, m[9].seq);
	check_int(next(c, &m[0]), MQS_NOTHING);
	mqs_consumer_free(c);
	finish();
}

/* The whole of several leases, and a part of the last: nothing of the others is left. */
static void
test_leases(void)
{
	struct mqs_message m[9];
	struct mqs_consumer *c;

	start();
	publish_many(9);
	c = consumer("q");
	claim(c, m, 3);
	claim(c, m + 3, 3);
	claim(c, m + 6, 3);
	check(m[2].lease < m[3].lease && m[5].lease < m[6].lease);
	elsewhere(c, &m[4], MQS_EXTEND);
	check_u64(entries(c, MQS_GROUP_EXTENDED), 1);
	through(c, &m[2], 3);
	through(c, &m[5], 3);
	through(c, &m[7], 2);
	ok(mqs_consumer_flush(c, &err));
	look(c);
	check_u64(v[MQS_GROUP_ACKED], 8);
	check_u64(v[MQS_GROUP_LEASED], 1);
	check_u64(v[MQS_GROUP_LEASED_BYTES], 9 % 7);
	check_u64(entries(c, MQS_GROUP_BATCH), 1);
	check_u64(entries(c, MQS_GROUP_LEASE), 1);
	check_u64(entries(c, MQS_GROUP_FIRST), 1);
	check_u64(entries(c, MQS_GROUP_EXTENDED), 0);
	through(c, &m[8], 1);
	ok(mqs_consumer_flush(c, &err));
	look(c);
	check_u64(v[MQS_GROUP_ACKED], 9);
	check_u64(v[MQS_GROUP_LEASED], 0);
	check_u64(v[MQS_GROUP_LEASED_BYTES], 0);
	check_u64(entries(c, MQS_GROUP_LEASE), 0);
	mqs_consumer_free(c);
	finish();
}

/* What was settled before, here or elsewhere, stays settled that way, and counts once. */
static void
test_over_settled(void)
{
	struct mqs_message m[8], again;
	struct mqs_consumer *c;

	start();
	publish_many(8);
	c = consumer("q");
	claim(c, m, 8);
	settle(c, &m[1], MQS_RELEASE);
	through(c, &m[3], 3);
	elsewhere(c, &m[0], MQS_ACK);	/* acked twice; what was released stays so */
	elsewhere(c, &m[5], MQS_RELEASE);
	elsewhere(c, &m[7], MQS_ACK);
	ok(mqs_consumer_flush(c, &err));
	look(c);
	check_u64(v[MQS_GROUP_ACKED], 4);
	check_u64(v[MQS_GROUP_RELEASED], 2);
	check_u64(v[MQS_GROUP_LEASED], 2);
	through(c, &m[7], 4);
	ok(mqs_consumer_flush(c, &err));
	look(c);
	check_u64(v[MQS_GROUP_ACKED], 6);
	check_u64(v[MQS_GROUP_LEASED], 0);
	check_u64(v[MQS_GROUP_LEASED_BYTES], 0);
	check_u64(v[MQS_GROUP_READY], 2);
	through(c, &m[7], 8);		/* no such lease any more */
	ok(mqs_consumer_flush(c, &err));
	look(c);
	check_u64(v[MQS_GROUP_ACKED], 6);
	ok(next(c, &again));
	check_u64(again.seq, m[1].seq);
	ok(next(c, &again));
	check_u64(again.seq, m[5].seq);
	check_int(next(c, &again), MQS_NOTHING);
	mqs_consumer_free(c);
	finish();
}

/* The message itself was settled elsewhere: those before it are acked all the same. */
static void
test_itself_settled(void)
{
	struct mqs_message m[4];
	struct mqs_consumer *c;

	start();
	publish_many(4);
	c = consumer("q");
	claim(c, m, 4);
	elsewhere(c, &m[2], MQS_RELEASE);
	through(c, &m[2], 3);
	ok(mqs_consumer_flush(c, &err));
	look(c);
	check_u64(v[MQS_GROUP_ACKED], 2);
	check_u64(v[MQS_GROUP_LEASED], 1);
	check_u64(v[MQS_GROUP_READY], 1);
	mqs_consumer_free(c);
	finish();
}

/* More than one lease holds; what is acked makes room in the same transaction. */
static void
test_large_claim(void)
{
	const struct mqs_consumer_options options = { .prefetch = MQS_BATCH_MAX + 2 };
	static struct mqs_message m[MQS_BATCH_MAX + 2];
	struct mqs_consumer *c;
	size_t n;

	start();
	publish_many(MQS_BATCH_MAX + 7);
	must(mqs_consumer_open(&c, spool, "q", "g", &options, &err) == MQS_OK);
	claim(c, m, MQS_BATCH_MAX + 2);
	check(m[0].lease == m[MQS_BATCH_MAX - 1].lease);
	check(m[0].lease < m[MQS_BATCH_MAX].lease);
	through(c, &m[MQS_BATCH_MAX - 1], MQS_BATCH_MAX);
	through(c, &m[MQS_BATCH_MAX], 1);
	ok(mqs_consumer_claim(c, SIZE_MAX, &n, NULL, &err));
	check_u64(n, 5);
	look(c);
	check_u64(v[MQS_GROUP_ACKED], MQS_BATCH_MAX + 1);
	check_u64(v[MQS_GROUP_LEASED], 6);
	check_u64(mqs_consumer_held(c), 6);
	mqs_consumer_free(c);
	finish();
}

/* A commit that fails settles nothing; the next one does. */
static void
test_failed_commit(void)
{
	struct mqs_message m[3];
	struct mqs_consumer *c;

	start();
	publish_many(3);
	c = consumer("q");
	claim(c, m, 3);
	through(c, &m[2], 3);
	mqs_db_on_commit(c->group->db, on_commit, NULL);
	commit_failures = 1;
	check_int(mqs_consumer_flush(c, &err), MQS_EFULL);
	look(c);
	check_u64(v[MQS_GROUP_LEASED], 3);
	ok(mqs_consumer_flush(c, &err));
	look(c);
	check_u64(v[MQS_GROUP_LEASED], 0);
	check_u64(v[MQS_GROUP_ACKED], 3);
	mqs_consumer_free(c);
	finish();
}

int
main(void)
{
	run_test("a part of a lease is acked", test_part);
	run_test("several leases are acked at once, and go", test_leases);
	run_test("what was settled before stays as it is", test_over_settled);
	run_test("up to a message that was settled elsewhere", test_itself_settled);
	run_test("more than one lease, and room for as many", test_large_claim);
	run_test("a failed commit leaves acks for the next one", test_failed_commit);
	return finish_tests();
}
