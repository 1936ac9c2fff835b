/*
 * test_engine_gaps.c - groups from whose sight messages were removed (overflow=drop-oldest)
 */
#include "base/name.h"
#include "engine.h"

static struct mqs_group *group;

static void
state(uint64_t v[MQS_GROUP_VALUES], uint64_t lv[MQS_LOG_VALUES])
{
	struct mqs_tx *tx;

	ok(mqs_spool_group(spool, "q", "g", 0, NULL, &group, &err));
	ok(mqs_group_state(group, v, &err));
	ok(mqs_tx_read(group->log->db, &tx, &err));
	ok(mqs_log_state(tx, lv, &err));
	mqs_tx_abort(tx);
}

static uint64_t
unsettled(void)
{
	uint64_t v[MQS_GROUP_VALUES], lv[MQS_LOG_VALUES];

	state(v, lv);
	return mqs_group_unsettled(v, lv);
}

static uint64_t
unsettled_bytes(void)
{
	uint64_t v[MQS_GROUP_VALUES], lv[MQS_LOG_VALUES];

	state(v, lv);
	return mqs_group_unsettled_bytes(v, lv);
}

static uint64_t
dropped(void)
{
	uint64_t v[MQS_GROUP_VALUES], lv[MQS_LOG_VALUES];

	state(v, lv);
	return v[MQS_GROUP_DROPPED];
}

static void
set(const char *pair)
{
	ok(mqs_set(spool, "q", NULL, &pair, 1, &err));
}

static void
send(int n, int priority)
{
	struct mqs_message m = MQS_MESSAGE_INIT;

	m.body = "0123456789";
	m.body_len = 10;
	m.priority = priority;
	while (n-- > 0)
		ok(publish_message("q", &m));
}

/* Takes n messages and acks so many of them. */
static void
take_some(struct mqs_consumer *c, int n, int acks)
{
	struct mqs_message m;

	while (n-- > 0) {
		if (!ok(next(c, &m)))
			return;
		if (acks-- > 0)
			settle(c, &m, MQS_ACK);
	}
	ok(mqs_consumer_flush(c, &err));
}

static struct mqs_consumer *
begin(void)
{
	start();
	ok(mqs_create(spool, "q", "g", NULL, &err));
	set("overflow=drop-oldest");
	return consumer("q");
}

/* The urgent were looked at ahead of the cursor, settled, and then removed. */
static void
test_urgent(void)
{
	struct mqs_consumer *c = begin();

	set("max-messages=10");
	send(10, 5);
	take_some(c, 5, 5);
	check_u64(unsettled(), 5);
	send(10, 0);
	check_u64(count("q"), 10);
	check_u64(unsettled(), 10);
	send(3, 0);
	check_u64(count("q"), 10);
	/* The cursor comes to what is left, and not to its end. */
	take_some(c, 3, 3);
	check_u64(unsettled(), 7);
	check_u64(dropped(), 8);
	send(4, 0);
	check_u64(count("q"), 10);
	check_u64(unsettled(), 10);
	sound("q");
	mqs_consumer_free(c);
	finish();
}

/* Some of them are removed, some are still there. */
static void
test_some_urgent(void)
{
	struct mqs_consumer *c = begin();

	send(3, 5);
	send(5, 0);
	send(3, 5);
	take_some(c, 6, 6);
	set("max-messages=10");
	check_u64(unsettled(), 5);
	send(6, 0);
	check_u64(count("q"), 10);
	/* The cursor has yet to come to three that are settled. */
	take_some(c, 1, 1);
	check_u64(unsettled(), 6);
	check_u64(unsettled_bytes(), 60);
	check_u64(dropped(), 4);
	take_some(c, 2, 2);
	check_u64(unsettled(), 4);
	sound("q");
	mqs_consumer_free(c);
	finish();
}

/* Bytes that were removed unseen are not to be settled any more. */
static void
test_bytes(void)
{
	struct mqs_consumer *c = begin();

	set("max-bytes=100");
	send(15, 0);
	check_u64(unsettled_bytes(), 100);
	take_some(c, 4, 4);
	check_u64(unsettled_bytes(), 60);
	take_some(c, 6, 6);
	check_u64(unsettled_bytes(), 0);
	check_u64(dropped(), 5);
	mqs_consumer_free(c);
	finish();
}

/* What was skipped and then removed holds up no trimming, and is no loss. */
static void
test_skipped(void)
{
	struct mqs_consumer *c = begin();
	uint64_t v[MQS_GROUP_VALUES], lv[MQS_LOG_VALUES];
	struct mqs_reader *r;
	struct mqs_message m;
	char first[MQS_ID_SIZE];

	set("max-messages=10");
	send(10, 0);
	ok(mqs_reader_open(&r, spool, "q", NULL, NULL, &err));
	ok(mqs_reader_next(r, &m, &err));
	(void)mqs_format_u64(m.seq, first);
	ok(mqs_skip(spool, "q", "g", (const char *[]){ first }, 1, &err));
	mqs_reader_free(r);
	check_u64(unsettled(), 9);
	send(5, 0);
	check_u64(unsettled(), 10);
	take_some(c, 10, 10);
	state(v, lv);
	check_u64(v[MQS_GROUP_SKIPPED], 0);
	check_u64(v[MQS_GROUP_FLOOR], v[MQS_GROUP_CURSOR] + 1);
	check_u64(v[MQS_GROUP_DROPPED], 1 + 4);
	sound("q");
	mqs_consumer_free(c);
	finish();
}

int
main(void)
{
	run_test("urgent messages that were settled ahead are removed", test_urgent);
	run_test("some of them are", test_some_urgent);
	run_test("bytes of what was removed", test_bytes);
	run_test("skipped messages are removed", test_skipped);
	return finish_tests();
}
