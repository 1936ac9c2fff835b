/*
 * test_engine.c - commits that fail between two others
 *
 * What the crash tests hit only by luck: the moment between the dead letter's commit
 * and the group's, and full disks at each commit.  A hook stands in for both.
 */
#include "engine.h"

static int
publish_text(const char *queue, const char *body)
{
	return publish(queue, body, strlen(body));
}

static void
test_dead_letter_once(void)
{
	struct mqs_consumer *c;
	struct mqs_message m;

	start();
	ok(publish_text("once", "m"));
	c = take("once", &m);
	settle(c, &m, MQS_REJECT);
	mqs_db_on_commit(c->group->db, on_commit, NULL);
	commit_failures = 1;
	check_int(mqs_consumer_flush(c, &err), MQS_EFULL);
	check_u64(count("once.dead"), 1);	/* it is there already ... */
	ok(mqs_consumer_flush(c, &err));
	check_u64(count("once.dead"), 1);	/* ... and no second one comes */
	check_u64(mqs_consumer_held(c), 0);
	mqs_consumer_free(c);
	finish();
}

static void
test_dead_queue_full(void)
{
	struct mqs_consumer *c;
	struct mqs_message dies, lives;
	struct mqs_log *dead;

	start();
	ok(publish_text("full", "dies"));
	ok(publish_text("full", "lives"));
	ok(mqs_create(spool, "full.dead", NULL, NULL, &err));
	c = take("full", &dies);
	ok(next(c, &lives));
	settle(c, &dies, MQS_REJECT);
	settle(c, &lives, MQS_ACK);
	ok(mqs_spool_log(spool, "full.dead", 0, &dead, &err));
	mqs_db_on_commit(dead->db, on_commit, NULL);
	commit_failures = 1;
	check_int(mqs_consumer_flush(c, &err), MQS_EFULL);
	check_u64(count("full.dead"), 0);
	ok(mqs_consumer_close(c, &err));
	mqs_consumer_free(c);

	/* The other was settled; this one waits, and dies when it is its turn again. */
	spool->options.clock_shift = INT64_C(3600) * MQS_SECOND;
	c = take("full", &dies);
	check_u64(dies.body_len, 4);
	settle(c, &dies, MQS_REJECT);
	ok(mqs_consumer_flush(c, &err));
	check_u64(count("full.dead"), 1);
	mqs_consumer_free(c);
	finish();
}

static void
test_publish_fails_whole(void)
{
	struct mqs_log *log;

	start();
	ok(publish_text("whole", "first"));
	ok(mqs_spool_log(spool, "whole", 0, &log, &err));
	mqs_db_on_commit(log->db, on_commit, NULL);
	commit_failures = 1;
	check_int(publish_text("whole", "second"), MQS_EFULL);
	check(strstr(err.text, "whole") != NULL);
	check_u64(count("whole"), 1);
	ok(publish_text("whole", "third"));
	check_u64(count("whole"), 2);
	finish();
}

static void
test_claim_fails_whole(void)
{
	struct mqs_consumer *c;
	struct mqs_message m;
	size_t n;

	start();
	ok(publish_text("claim", "m"));
	c = consumer("claim");
	mqs_db_on_commit(c->group->db, on_commit, NULL);
	commit_failures = 1;
	check_int(mqs_consumer_claim(c, 10, &n, NULL, &err), MQS_EFULL);
	check_u64(n, 0);
	check_int(mqs_consumer_next(c, &m, &err), MQS_NOTHING);
	check_u64(mqs_consumer_held(c), 0);
	ok(next(c, &m));
	check_u64(m.attempt, 1);
	mqs_consumer_free(c);
	finish();
}

int
main(void)
{
	run_test("a dead letter is made once although settling it failed", test_dead_letter_once);
	run_test("a full dead-letter queue keeps the message and hinders no other", test_dead_queue_full);
	run_test("a failed publish leaves nothing", test_publish_fails_whole);
	run_test("a failed claim takes nothing", test_claim_fails_whole);
	return finish_tests();
}
