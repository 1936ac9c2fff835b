/* test_count_acks.c - acknowledged messages, their bytes and how long they took */
#include "embedded/queue/group_count_acks.h"
#include "embedded/queue/lease_batch.h"
#include "engine.h"

#define NOW	(UINT64_C(1795000000) * MQS_SECOND)
#define S	((uint64_t)MQS_SECOND)

static struct mqs_group_tx gtx;
static struct mqs_batch batch;

/* Entries of one byte each, published so many seconds before NOW. */
static void
fill(const uint64_t *ages, size_t n)
{
	size_t i;

	memset(&gtx, 0, sizeof(gtx));
	memset(&batch, 0, sizeof(batch));
	gtx.now = NOW;
	gtx.batch = &batch;
	batch.n = n;
	for (i = 0; i < n; i++)
		batch.entries[i] = (struct mqs_entry){ .id = NOW - ages[i] * S, .size = 1 };
	gtx.v[MQS_GROUP_LEASED] = gtx.v[MQS_GROUP_LEASED_BYTES] = n;
}

static void
has(uint64_t n, uint64_t seconds)
{
	uint64_t sum = 0;
	unsigned i;

	for (i = 0; i < MQS_LATENCY_CLASSES; i++)
		sum += gtx.v[MQS_GROUP_ACK_CLASSES + i];
	check_u64(gtx.v[MQS_GROUP_ACKED], n);
	check_u64(sum, n);
	check_u64(gtx.v[MQS_GROUP_ACKED_BYTES], n);
	check_u64(gtx.v[MQS_GROUP_ACK_LATENCY], seconds * 1000000);
}

static uint64_t
class(unsigned i)
{
	return gtx.v[MQS_GROUP_ACK_CLASSES + i];
}

/* In any order, each is counted in its own class, on both sides of a bound. */
static void
test_bounds(void)
{
	uint64_t wanted[MQS_LATENCY_CLASSES] = { 0 }, bound;
	struct mqs_entry e = { .size = 1 };
	unsigned i, round, c;
	int64_t off;

	fill(NULL, 0);
	for (round = 0; round < 400; round++)
		for (off = -1; off <= 1; off++) {
			i = round * 7 % (MQS_LATENCY_CLASSES - 1);
			bound = (uint64_t)mqs_latency_bound(i);
			c = i + (off > 0);
			wanted[c]++;
			e.id = NOW - bound - (uint64_t)off;
			mqs_count_ack(&gtx, &e);
		}
	for (i = 0; i < MQS_LATENCY_CLASSES; i++)
		check_u64(class(i), wanted[i]);
	/* All ids, however far from the clock. */
	e.id = 1;
	mqs_count_ack(&gtx, &e);
	check_u64(class(MQS_LATENCY_CLASSES - 1), wanted[MQS_LATENCY_CLASSES - 1] + 1);
	e.id = UINT64_MAX;
	mqs_count_ack(&gtx, &e);
	mqs_count_ack(&gtx, &e);
	check_u64(class(0), wanted[0] + 2);
}

static void
test_single(void)
{
	const uint64_t ages[] = { 200000, 3, 0 };

	fill(ages, 3);
	batch.entries[2].id = NOW + 5 * S;	/* ahead of the clock */
	mqs_count_ack(&gtx, &batch.entries[0]);
	mqs_count_ack(&gtx, &batch.entries[1]);
	mqs_count_ack(&gtx, &batch.entries[2]);
	has(3, 200003);
	check_u64(class(12), 1);
	check_u64(class(6), 1);
	check_u64(class(0), 1);
}

/* A whole batch of one class, and batches that can't be counted so. */
static void
test_whole(void)
{
	const uint64_t alike[] = { 29, 20, 10, 6 }, differ[] = { 40, 6 };
	struct mqs_id_sum sum;

	fill(alike, 4);
	mqs_sum_ids(&sum, batch.entries, 4);
	check_u64(sum.offsets, (9 + 19 + 23) * UINT64_C(1000000));
	check_int(mqs_is_one_class(&gtx, &sum), 1);
	mqs_count_acks(&gtx, &sum, 4);
	has(4, 65);
	check_u64(class(7), 4);
	fill(differ, 2);
	mqs_sum_ids(&sum, batch.entries, 2);
	check_int(mqs_is_one_class(&gtx, &sum), 0);
	fill(alike, 1);
	batch.entries[0].id = NOW + 1;
	mqs_sum_ids(&sum, batch.entries, 1);
	check_int(mqs_is_one_class(&gtx, &sum), 0);
}

/* All ages of 4,096 messages that are a century old: no sum overflows. */
static void
test_century(void)
{
	static uint64_t ages[MQS_BATCH_MAX];
	struct mqs_id_sum sum;
	uint64_t want = 0;
	size_t i;

	for (i = 0; i < MQS_BATCH_MAX; i++)
		want += ages[i] = UINT64_C(1700000000) - i * 400000;
	fill(ages, MQS_BATCH_MAX);
	mqs_sum_ids(&sum, batch.entries, MQS_BATCH_MAX);
	check_int(mqs_is_one_class(&gtx, &sum), 1);
	mqs_count_acks(&gtx, &sum, MQS_BATCH_MAX);
	has(MQS_BATCH_MAX, want);
}

/* Up to a message; some are settled already, and classes differ, or don't. */
static void
test_through(void)
{
	const uint64_t ages[] = { 90000, 4000, 20, 10, 7, 0 }, alike[] = { 20, 15, 10, 9 };

	fill(ages, 6);
	mqs_batch_mark(&gtx, 3);
	check_u64(mqs_ack_through(&gtx, 4), 4);
	has(4, 90000 + 4000 + 20 + 7);
	check_u64(class(12), 1);
	check_u64(class(11), 1);
	check_u64(class(7), 2);
	check_u64(mqs_ack_through(&gtx, 4), 0);
	has(4, 90000 + 4000 + 20 + 7);
	fill(alike, 4);
	mqs_batch_mark(&gtx, 0);
	check_u64(mqs_ack_through(&gtx, 2), 2);
	has(2, 25);
	check_u64(class(7), 2);
}

/* mq-ctl check tells of a message that no class has. */
static void
test_check(void)
{
	uint64_t findings, messages;
	struct mqs_message m;
	struct mqs_consumer *c;

	start();
	ok(publish("q", "a", 1));
	c = take("q", &m);
	ok(mqs_group_begin(&gtx, c->group, &err));
	gtx.v[MQS_GROUP_ACKED]++;
	ok(mqs_group_commit(&gtx, &err));
	mqs_consumer_rest(c);
	ok(mqs_check(spool, "q", 0, NULL, NULL, &findings, &messages, &err));
	check_u64(findings, 1);
	mqs_consumer_free(c);
	finish();
}

int
main(void)
{
	run_test("messages one by one", test_single);
	run_test("on both sides of each bound, in any order", test_bounds);
	run_test("a whole batch", test_whole);
	run_test("a batch of old messages", test_century);
	run_test("up to a message", test_through);
	run_test("check finds what does not add up", test_check);
	return finish_tests();
}
