/*
 * test_engine_dead.c - dead letters: made once, whole, and for each that died
 */
#include "embedded/admin_remove_orphans.h"
#include "engine.h"

#define LARGE	(MQS_INLINE_MAX + 1)

static int
sweep_it(void *queue)
{
	struct mqs_log *log;

	spool = open_spool();
	return mqs_spool_log(spool, queue, 0, &log, &err) != MQS_OK ||
	    mqs_admin_remove_orphans(log, &err) != MQS_OK;
}

/* A sweep between the dead letter's blob and its record's commit lets it be. */
static void
test_sweep(void)
{
	static char queue[] = "q.dead", body[LARGE];
	struct mqs_settle_tx stx;
	struct mqs_consumer *c;
	struct mqs_message m;
	struct mqs_settle_request want;
	struct mqs_settlement s;

	start();
	ok(mqs_create(spool, queue, NULL, NULL, &err));
	ok(publish("q", body, sizeof(body)));
	c = take("q", &m);
	s = settlement(&m, MQS_REJECT);
	ok(mqs_settle_request_set(&want, &s, m.seq, m.lease, &err));
	ok(mqs_settle_begin(&stx, spool, c->group, &c->reader, 0, &err));
	ok(mqs_settle_delivery(&stx, &want, &err));
	mqs_consumer_rest(c);
	check_int(in_child(sweep_it, queue), 0);
	ok(mqs_settle_commit(&stx, &err));
	mqs_settle_request_free(&want);
	check_u64(count(queue), 1);
	mqs_consumer_free(c);
	finish();
}

/* Many dead letters are committed in parts, and all arrive. */
static void
many(size_t size, unsigned n)
{
	static char body[LARGE];
	struct mqs_consumer *c;
	struct mqs_message m;
	struct mqs_log *dead;
	size_t got;
	unsigned i;

	start();
	ok(mqs_create(spool, "q.dead", NULL, NULL, &err));
	for (i = 0; i < n; i++)
		ok(publish("q", body, size));
	c = consumer("q");
	ok(mqs_consumer_claim(c, n, &got, NULL, &err));
	check_u64(got, n);
	while (mqs_consumer_next(c, &m, &err) == MQS_OK)
		settle(c, &m, MQS_REJECT);
	mqs_consumer_rest(c);
	ok(mqs_spool_log(spool, "q.dead", 0, &dead, &err));
	mqs_db_on_commit(dead->db, on_commit, NULL);
	commits = 0;
	ok(mqs_consumer_flush(c, &err));
	check(commits >= 2 && commits <= 3);
	check_u64(count("q.dead"), n);
	check_u64(mqs_consumer_held(c), 0);
	mqs_consumer_free(c);
	finish();
}

static void
test_many(void)
{
	many(MQS_INLINE_MAX, 33);
	many(LARGE, MQS_SETTLE_BLOBS + 1);
}

/* A group that was deleted and made again is another: what dies in it dies anew. */
static void
test_group_made_again(void)
{
	struct mqs_consumer *c;
	struct mqs_message m;
	uint64_t n;
	int i;

	start();
	ok(publish("q", "m", 1));
	for (i = 0; i < 2; i++) {
		c = take("q", &m);
		settle(c, &m, MQS_REJECT);
		ok(mqs_consumer_close(c, &err));
		mqs_consumer_free(c);
		check_u64(count("q.dead"), 1);
		ok(mqs_purge(spool, "q.dead", NULL, &n, &err));
		check_u64(n, 1);
		ok(mqs_delete(spool, "q", "g", &err));
	}
	finish();
}

/* The group is ahead of its log: as after the log was restored from an older copy. */
static void
run_ahead(struct mqs_group *group)
{
	struct mqs_group_tx gtx;
	int i;

	for (i = 0; i < 2; i++) {
		ok(mqs_group_begin(&gtx, group, &err));
		gtx.v[MQS_GROUP_CURSOR] += 1000;
		gtx.v[MQS_GROUP_ORDINAL] += 1000;
		ok(mqs_group_commit(&gtx, &err));
	}
}

/* The floor of before says nothing about what is delivered again. */
static void
test_restored_log(void)
{
	struct mqs_consumer *c;
	struct mqs_message m;

	start();
	ok(publish("q", "m", 1));
	c = take("q", &m);
	settle(c, &m, MQS_ACK);
	ok(mqs_consumer_flush(c, &err));
	run_ahead(c->group);
	ok(next(c, &m));
	settle(c, &m, MQS_REJECT);
	mqs_db_on_commit(c->group->db, on_commit, NULL);
	commit_failures = 1;
	check_int(mqs_consumer_flush(c, &err), MQS_EFULL);
	check_u64(count("q.dead"), 1);
	ok(mqs_consumer_flush(c, &err));
	check_u64(count("q.dead"), 1);
	mqs_consumer_free(c);
	finish();
}

/* Outcomes of a settler, by tag. */
static int outcome[2], silent[2];

static void
on_settled(void *arg, uint64_t tag, int code, const char *text)
{
	(void)arg;
	outcome[tag] = code;
	silent[tag] = text[0] == '\0';
}

/* The dead-letter queue can't be written: only the receipts that need it fail. */
static void
test_receipts(void)
{
	struct mqs_settlement how = { .verb = MQS_ACK };
	char receipt[MQS_RECEIPT_SIZE];
	struct mqs_settler *settler;
	struct mqs_message m[2];
	struct mqs_consumer *c;
	struct mqs_log *dead;

	start();
	ok(publish("q", "a", 1));
	ok(publish("q", "b", 1));
	c = take("q", &m[0]);
	ok(next(c, &m[1]));
	ok(mqs_create(spool, "q.dead", NULL, NULL, &err));
	ok(mqs_spool_log(spool, "q.dead", 0, &dead, &err));
	mqs_db_on_commit(dead->db, on_commit, NULL);
	commit_failures = 1;
	ok(mqs_settler_open(&settler, spool, on_settled, NULL, &err));
	ok(mqs_settler_add(settler, mqs_consumer_receipt(c, &m[0], receipt), &how, 0, &err));
	how.verb = MQS_REJECT;
	ok(mqs_settler_add(settler, mqs_consumer_receipt(c, &m[1], receipt), &how, 1, &err));
	check_int(mqs_settler_flush(settler, &err), MQS_EFULL);
	check_int(outcome[0], MQS_OK);
	check(silent[0]);
	check_int(outcome[1], MQS_EFULL);
	check(!silent[1]);
	check_u64(count("q.dead"), 0);
	mqs_settler_free(settler);
	mqs_consumer_free(c);
	sound("q");
	finish();
}

int
main(void)
{
	run_test("a sweep spares the body of a dead letter under way", test_sweep);
	run_test("receipts, where the dead-letter queue can't be written", test_receipts);
	run_test("many dead letters are committed in parts", test_many);
	run_test("a group made again makes its own dead letters", test_group_made_again);
	run_test("after a restored log a dead letter is made once", test_restored_log);
	return finish_tests();
}
