/*
 * test_engine_order.c - ordered groups: what is hard to arrange with the commands
 */
#include "embedded/queue/group_key_order.h"
#include "engine.h"

static const struct mqs_consumer_options ordered = {
	.settings = (const char *const[]){ "ordered=on" }, .nsettings = 1
};

static struct mqs_consumer *
open_ordered(void)
{
	struct mqs_consumer *c;

	must(mqs_consumer_open(&c, spool, "q", "g", &ordered, &err) == MQS_OK);
	return c;
}

static void
send(const char *key, const char *body, int64_t not_before, int64_t expires)
{
	struct mqs_message m = MQS_MESSAGE_INIT;

	m.key = key;
	m.key_len = strlen(key);
	m.body = body;
	m.body_len = strlen(body);
	m.not_before = not_before;
	m.expires = expires;
	ok(publish_message("q", &m));
}

/* What is due and must be parked is no reason to find nothing behind it. */
static void
test_due_behind_parked(void)
{
	const int64_t hour = 3600 * MQS_SECOND, then = mqs_now() + hour;
	struct mqs_consumer *c;
	struct mqs_message m;

	start();
	ok(mqs_create(spool, "q", "g", &ordered, &err));
	send("a", "1", 0, 0);
	send("a", "2", then, 0);
	send("b", "3", then + 1, 0);
	c = open_ordered();
	ok(next(c, &m));
	check_int(*(const char *)m.body, '1');
	check_int(next(c, &m), MQS_NOTHING);
	spool->options.clock_shift = 2 * hour;
	check_int(next(c, &m), MQS_OK);
	check_int(*(const char *)m.body, '3');
	check_int(next(c, &m), MQS_NOTHING);
	sound("q");
	mqs_consumer_free(c);
	finish();
}

#define KEYS	40

static void
settle_all(struct mqs_consumer *c, const struct mqs_message *m, int n, enum mqs_verb verb)
{
	while (n-- > 0)
		settle(c, m++, verb);
	ok(mqs_consumer_flush(c, &err));
}

/*
 * Older messages of many keys (they were redriven) wait for younger ones that expire
 * among others that do not: what then goes out does not ascend.
 */
static void
test_older_behind(void)
{
	const int64_t hour = 3600 * MQS_SECOND, then = mqs_now() + hour;
	struct mqs_message held[2 * KEYS], m;
	struct mqs_redriven redriven;
	struct mqs_consumer *c;
	char key[8];
	size_t n;
	int rc, i;

	start();
	c = open_ordered();
	for (i = 0; i < KEYS; i++) {
		snprintf(key, sizeof(key), "%d", i);
		send(key, "older", 0, 0);
		ok(next(c, &held[i]));
	}
	settle_all(c, held, KEYS, MQS_REJECT);
	for (i = 0; i < KEYS; i++) {
		snprintf(key, sizeof(key), "%d", i);
		send(key, "expires", 0, then);
		send("", "stays", 0, 0);
	}
	for (i = 0; i < 2 * KEYS; i++)
		ok(next(c, &held[i]));
	ok(mqs_redrive(spool, "q.dead", NULL, &redriven, &err));
	check_u64(redriven.redriven, KEYS);
	sound("q");
	settle_all(c, held, 2 * KEYS, MQS_RELEASE);
	spool->options.clock_shift = 2 * hour;
	for (i = 0; (rc = mqs_consumer_claim(c, 1000, &n, NULL, &err)) == MQS_OK;)
		while (mqs_consumer_next(c, &m, &err) == MQS_OK) {
			settle(c, &m, MQS_ACK);
			i++;
		}
	check_int(rc, MQS_NOTHING);
	check_int(i, 2 * KEYS);
	sound("q");
	mqs_consumer_free(c);
	finish();
}

/* Puts something into the group's tables, and says how much the check finds wrong. */
static uint64_t
findings_with(int (*put)(struct mqs_group_tx *))
{
	uint64_t findings = 0, messages;
	struct mqs_group *group;
	struct mqs_group_tx gtx;

	start();
	ok(mqs_create(spool, "q", "g", &ordered, &err));
	send("a", "1", 0, 0);
	ok(mqs_spool_group(spool, "q", "g", 0, NULL, &group, &err));
	ok(mqs_group_begin(&gtx, group, &err));
	gtx.v[MQS_GROUP_CURSOR] = 100;
	ok(put(&gtx));
	ok(mqs_group_commit(&gtx, &err));
	ok(mqs_check(spool, "q", 0, NULL, NULL, &findings, &messages, &err));
	finish();
	return findings;
}

static const struct mqs_entry some = { .id = 10, .key = 7 }, other = { .id = 11, .key = 7 };

static int
put_nothing(struct mqs_group_tx *gtx)
{
	(void)gtx;
	return MQS_OK;
}

static int
put_busy(struct mqs_group_tx *gtx)
{
	int out;

	return mqs_group_key_enter(gtx, &some, &out, &err);
}

static int
put_ready(struct mqs_group_tx *gtx)
{
	return mqs_group_hold_ready(gtx, &some, &err);
}

static int
put_parked(struct mqs_group_tx *gtx)
{
	const struct mqs_held h = { some, MQS_PARKED, some.key };

	return mqs_group_hold(gtx, &h, &err);
}

static int
put_two(struct mqs_group_tx *gtx)
{
	int out, rc;

	if ((rc = mqs_group_key_enter(gtx, &some, &out, &err)) == MQS_OK &&
	    (rc = mqs_group_hold_ready(gtx, &some, &err)) == MQS_OK)
		rc = mqs_group_key_enter(gtx, &other, &out, &err);
	return rc;
}

static void
test_check(void)
{
	check_u64(findings_with(put_nothing), 0);
	check_u64(findings_with(put_two), 0);
	check_u64(findings_with(put_busy), 1);
	check_u64(findings_with(put_ready), 1);
	check_u64(findings_with(put_parked), 1);
}

int
main(void)
{
	run_test("what is due and parked hides nothing", test_due_behind_parked);
	run_test("older ones that wait for younger", test_older_behind);
	run_test("what check finds of keys", test_check);
	return finish_tests();
}
