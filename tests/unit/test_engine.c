/*
 * test_engine.c - commits that fail between two others
 *
 * What the crash tests hit only by luck: the moment between the dead letter's commit
 * and the group's, and full disks at each commit.  A hook stands in for both.
 */
#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "base/clock.h"
#include "engine/consumer.h"

static char where[] = "/tmp/mq-test-engine.XXXXXX";
static struct mqs_error err;
static struct mqs_spool *spool;

/* Fails the next so many commits of the file it is set on. */
static int failures;

static int
fail_commit(void *arg)
{
	(void)arg;
	if (failures == 0)
		return 0;
	failures--;
	return ENOSPC;
}

static int
ok(int rc)
{
	if (rc != MQS_OK)
		printf("# %d: %s\n", rc, err.text);
	return check_int(rc, MQS_OK);
}

static void
start(void)
{
	const struct mqs_options options = { .flags = MQS_AUTOCREATE };

	if (mqs_spool_open(&spool, where, &options, &err) != MQS_OK)
		exit(99);
}

static int
publish(const char *queue, const char *body)
{
	struct mqs_message m = MQS_MESSAGE_INIT;
	struct mqs_publisher *p;
	int rc;

	m.body = body;
	m.body_len = strlen(body);
	ok(mqs_publisher_open(&p, spool, queue, NULL, &err));
	ok(mqs_publisher_send(p, &m, 0, &err));
	rc = mqs_publisher_flush(p, &err);
	mqs_publisher_free(p);
	return rc;
}

static uint64_t
count(const char *queue)
{
	struct mqs_reader *r;
	struct mqs_message m;
	uint64_t n = 0;

	if (mqs_reader_open(&r, spool, queue, NULL, NULL, &err) != MQS_OK)
		return 0;
	while (mqs_reader_next(r, &m, &err) == MQS_OK)
		n++;
	mqs_reader_free(r);
	return n;
}

static struct mqs_consumer *
take(const char *queue, struct mqs_message *m)
{
	struct mqs_consumer *c;
	size_t n;

	ok(mqs_consumer_open(&c, spool, queue, "g", NULL, &err));
	ok(mqs_consumer_claim(c, 10, &n, NULL, &err));
	ok(mqs_consumer_next(c, m, &err));
	mqs_consumer_rest(c);
	return c;
}

static void
settle(struct mqs_consumer *c, const struct mqs_message *m, enum mqs_verb verb)
{
	const struct mqs_settlement s = {
		.verb = verb, .seq = m->seq, .lease = m->lease, .delay = -1
	};

	ok(mqs_consumer_settle(c, &s, &err));
}

static void
test_dead_letter_once(void)
{
	struct mqs_consumer *c;
	struct mqs_message m;

	start();
	ok(publish("once", "m"));
	c = take("once", &m);
	settle(c, &m, MQS_REJECT);
	mqs_db_on_commit(c->group->db, fail_commit, NULL);
	failures = 1;
	check_int(mqs_consumer_flush(c, &err), MQS_EFULL);
	check_u64(count("once.dead"), 1);	/* it is there already ... */
	ok(mqs_consumer_flush(c, &err));
	check_u64(count("once.dead"), 1);	/* ... and no second one comes */
	check_u64(c->nown == 0 ? 0 : c->own[0].unsettled, 0);
	mqs_consumer_free(c);
	mqs_spool_free(spool);
}

static void
test_dead_queue_full(void)
{
	struct mqs_consumer *c;
	struct mqs_message m, n;
	struct mqs_log *dead;

	start();
	ok(publish("full", "dies"));
	ok(publish("full", "lives"));
	ok(mqs_create(spool, "full.dead", NULL, NULL, &err));
	c = take("full", &m);
	ok(mqs_consumer_next(c, &n, &err));
	mqs_consumer_rest(c);
	settle(c, &m, MQS_REJECT);
	settle(c, &n, MQS_ACK);
	ok(mqs_spool_log(spool, "full.dead", 0, &dead, &err));
	mqs_db_on_commit(dead->db, fail_commit, NULL);
	failures = 1;
	check_int(mqs_consumer_flush(c, &err), MQS_EFULL);
	check_u64(count("full.dead"), 0);
	ok(mqs_consumer_close(c, &err));
	mqs_consumer_free(c);
	mqs_spool_free(spool);

	/* The other was settled; this one waits, and dies when it is its turn again. */
	start();
	spool->options.clock_shift = INT64_C(3600) * MQS_SECOND;
	c = take("full", &m);
	check_mem(m.body, m.body_len, "dies", 4);
	settle(c, &m, MQS_REJECT);
	ok(mqs_consumer_flush(c, &err));
	check_u64(count("full.dead"), 1);
	mqs_consumer_free(c);
	mqs_spool_free(spool);
}

static void
test_publish_fails_whole(void)
{
	struct mqs_log *log;

	start();
	ok(publish("whole", "first"));
	ok(mqs_spool_log(spool, "whole", 0, &log, &err));
	mqs_db_on_commit(log->db, fail_commit, NULL);
	failures = 1;
	check_int(publish("whole", "second"), MQS_EFULL);
	check(strstr(err.text, "whole") != NULL);
	check_u64(count("whole"), 1);
	ok(publish("whole", "third"));
	check_u64(count("whole"), 2);
	mqs_spool_free(spool);
}

static void
test_claim_fails_whole(void)
{
	struct mqs_consumer *c;
	struct mqs_message m;
	size_t n;

	start();
	ok(publish("claim", "m"));
	ok(mqs_consumer_open(&c, spool, "claim", "g", NULL, &err));
	mqs_db_on_commit(c->group->db, fail_commit, NULL);
	failures = 1;
	check_int(mqs_consumer_claim(c, 10, &n, NULL, &err), MQS_EFULL);
	check_int(mqs_consumer_next(c, &m, &err), MQS_NOTHING);
	check_u64(mqs_consumer_held(c), 0);
	ok(mqs_consumer_claim(c, 10, &n, NULL, &err));
	check_u64(n, 1);
	ok(mqs_consumer_next(c, &m, &err));
	check_u64(m.attempt, 1);
	mqs_consumer_free(c);
	mqs_spool_free(spool);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int
main(void)
{
	if (mkdtemp(where) == NULL)
		return 99;
	run_test("a dead letter is made once although settling it failed", test_dead_letter_once);
	run_test("a full dead-letter queue keeps the message and hinders no other", test_dead_queue_full);
	run_test("a failed publish leaves nothing", test_publish_fails_whole);
	run_test("a failed claim takes nothing", test_claim_fails_whole);
	nftw(where, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return finish_tests();
}
