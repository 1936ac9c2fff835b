/*
 * test_log_trim.c - removing the oldest messages: those that may go, in whatever pages they are
 *
 * Here the records have chosen ids, times and sizes, and keys are damaged where they are.
 */
#include <string.h>

#include "embedded/queue/log_retention.h"
#include "embedded/queue/log_segment_min.h"
#include "embedded/queue/log_tx.h"
#include "chance.h"
#include "engine.h"

#define APART	UINT64_C(1000)		/* ids of messages that follow each other */
#define FIRST	UINT64_C(1000000000)
#define MANY	2000
#define RUNS	40
#define LONG	9000			/* bytes of a body in pages of its own */

const uint64_t mqs_log_segment_min = 4096;

static struct mqs_log *log_of_q;
static struct mqs_log_tx ltx;
static unsigned segments;		/* one in so many messages may begin a segment; 0: none */

static void
set(const char *setting)
{
	ok(mqs_set(spool, "q", NULL, &setting, 1, &err));
}

static void
begin_queue(void)
{
	uint64_t count;

	start();
	ok(publish("q", "x", 1));
	ok(mqs_purge(spool, "q", NULL, &count, &err));
}

static void
begin_tx(void)
{
	must(mqs_log_open(&log_of_q, where, "q", &spool->options, 0, &err) == MQS_OK);
	must(mqs_log_begin(&ltx, log_of_q, 0, &err) == MQS_OK);
}

static void
end_tx(void)
{
	ok(mqs_log_commit(&ltx, &err));
	mqs_log_close(log_of_q);
}

static uint64_t
id_of(uint64_t base, unsigned n)
{
	return base + n * APART;
}

static void
append(struct mqs_message *m, uint64_t id)
{
	struct mqs_record r = { .message = *m };

	r.message.seq = id;
	r.message.time = (int64_t)id;
	if (segments > 0 && chance(segments) == 0)
		ltx.appends = 0;	/* as at the beginning of a transaction: perhaps another segment */
	must(mqs_log_restore(&ltx, &r, &err) == MQS_OK);
}

static void
append_plain(uint64_t id, size_t size)
{
	static const char body[LONG];
	struct mqs_message m = MQS_MESSAGE_INIT;

	m.body = body;
	m.body_len = size;
	append(&m, id);
}

/*
 * Gives the record of a message another key, where it is: it stands in front of the value, in
 * a page that this transaction has changed, and so in memory that can be written to.
 */
static void
damage_key(uint64_t id, uint64_t other)
{
	unsigned char key[8], *at;
	struct mqs_slice value;

	mqs_put_be64(key, id);
	must(mqs_tx_get(ltx.tx, MQS_LOG_MESSAGES, key, 8, &value, &err) == MQS_OK);
	at = (unsigned char *)(uintptr_t)value.p - sizeof(key);
	must(memcmp(at, key, sizeof(key)) == 0);
	mqs_put_be64(at, other);
}

/* The key of the first record, or 0; and how many there are. */
static uint64_t
first_key(uint64_t *count)
{
	struct mqs_slice key = { NULL, 0 }, value;
	struct mqs_cur *cur;
	uint64_t id = 0;

	must(mqs_cur_new(&cur, ltx.tx, MQS_LOG_MESSAGES, &err) == MQS_OK);
	if (mqs_cur_move(cur, MQS_FIRST, &key, &value, &err) == MQS_OK)
		id = mqs_get_be64(key.p);
	mqs_cur_free(cur);
	ok(mqs_tx_count(ltx.tx, MQS_LOG_MESSAGES, count, &err));
	return id;
}

static uint64_t
retained(void)
{
	uint64_t count;

	(void)first_key(&count);
	check_int(count, ltx.v[MQS_LOG_ORDINAL] - ltx.v[MQS_LOG_REMOVED]);
	return count;
}

static uint64_t
trim(int64_t now, uint64_t floor, size_t max, int everything)
{
	static struct mqs_trimmed t;
	uint64_t n = 0;

	/* On a slow machine, one call does not come to the end in the time that it has. */
	do {
		ok(mqs_trim_some(&ltx, now, floor, max - n, everything, &t, &err));
		n += t.records;
	} while (t.more && t.records > 0 && n < max);
	return n;
}

/* Messages 0 to 99, of which one in so many is long (0: none); the key of one is damaged. */
static uint64_t
hundred(unsigned long_ones, unsigned damaged, uint64_t before, uint64_t after)
{
	uint64_t base = ltx.v[MQS_LOG_LAST_ID] + FIRST;
	unsigned i;

	for (i = 0; i < 100; i++)
		append_plain(id_of(base, i), long_ones > 0 && i != damaged && i % long_ones == 0 ?
		    LONG : 100);
	damage_key(id_of(base, damaged), id_of(base, damaged) - before + after);
	return base;
}

/* The floor is respected, whatever keys are damaged on either side of it. */
static void
test_floor(void)
{
	static const uint64_t by[] = { 1, 3 * APART / 2, 11 * APART, 45 * APART / 2, FIRST };
	uint64_t base;
	unsigned n, i;

	for (n = 0; n < 40; n++)
		for (i = 0; i < 10; i++) {
			const uint64_t far = by[i / 2];

			begin_queue();
			begin_tx();
			base = hundred((n + i) % 4, n, i % 2 ? far : 0, i % 2 ? 0 : far);
			check_int(trim(INT64_MAX, id_of(base, 19) + 10, SIZE_MAX, 1), 20);
			if (!check_int(retained(), 80))
				printf("# message %u, damage %u\n", n, i);
			mqs_log_abort(&ltx);
			mqs_log_close(log_of_q);
			finish();
		}
}

/* Those that are too old go, also behind one that a damaged key makes look younger. */
static void
test_old(void)
{
	uint64_t base;

	begin_queue();
	set("retain=1s");
	begin_tx();
	base = hundred(0, 20, 0, 30 * APART);
	check_int(trim((int64_t)id_of(base, 25) + 10 + MQS_SECOND, UINT64_MAX, SIZE_MAX, 0), 26);
	check_int(retained(), 74);
	mqs_log_abort(&ltx);
	mqs_log_close(log_of_q);
	finish();
}

/* Keys that are damaged among settled messages: all go, and the counters are true. */
static void
test_settled(void)
{
	uint64_t base;
	unsigned n;

	begin_queue();
	begin_tx();
	base = ltx.v[MQS_LOG_LAST_ID] + FIRST;
	for (n = 0; n < 200; n++) {
		append_plain(id_of(base, n), 60 + n);
		if (n % 7 == 3 && n < 150)
			damage_key(id_of(base, n), n % 2 ? id_of(base, n) + 1 : id_of(base, n - 3) + 1);
	}
	check_int(trim(INT64_MAX, id_of(base, 150), SIZE_MAX, 1), 150);
	check_int(retained(), 50);
	check_int(trim(INT64_MAX, UINT64_MAX, SIZE_MAX, 1), 50);
	check_int(retained(), 0);
	check_int(ltx.v[MQS_LOG_IN_BYTES], ltx.v[MQS_LOG_REMOVED_BYTES]);
	mqs_log_abort(&ltx);
	mqs_log_close(log_of_q);
	finish();
}

static void
append_any(uint64_t id, unsigned kind, size_t size)
{
	struct mqs_message m = MQS_MESSAGE_INIT;
	static const char body[LONG];
	char name[32];

	m.body = body;
	m.body_len = size;
	if (kind == 1) {
		m.key = "key";
		m.key_len = 3;
	} else if (kind == 2) {
		m.message_id = name;
		m.message_id_len = (size_t)snprintf(name, sizeof(name), "%llu", (unsigned long long)id);
	} else if (kind == 3)
		m.priority = 5;
	append(&m, id);
}

static size_t
any_size(unsigned range)
{
	static const unsigned most[] = { 1, 40, 120, 500, 1200, 2900, LONG };

	return chance(most[chance(range)]);
}

/* Messages of all sizes and kinds, appended and removed by chance, in several transactions. */
static void
run_by_chance(void)
{
	static uint64_t ids[MANY], sizes[MANY];
	unsigned n = 0, removed = 0, i;
	uint64_t last, count, rest = 0;
	const unsigned range = 1 + chance(7), kinds = 1 + chance(4) * chance(2);

	begin_queue();
	begin_tx();
	last = ltx.v[MQS_LOG_LAST_ID] + FIRST;
	while (n < MANY) {
		for (i = chance(200); i > 0 && n < MANY; i--, n++) {
			ids[n] = last += 1 + chance(1000);
			sizes[n] = any_size(range);
			append_any(ids[n], chance(kinds), sizes[n]);
		}
		i = removed + chance(n - removed + 1);
		removed = i;
		count = ltx.v[MQS_LOG_REMOVED];
		/* By the floor, or by how many. */
		if (chance(2) == 0)
			(void)trim(INT64_MAX, i < n ? ids[i] : last + 1, SIZE_MAX, 1);
		else
			(void)trim(INT64_MAX, UINT64_MAX, i - (unsigned)(count - 1), 1);
		check_int(retained(), n - i);
		check_int(first_key(&count), i < n ? ids[i] : 0);
		check_int(ltx.v[MQS_LOG_OLDEST_TIME], i < n ? ids[i] : 0);
		if (chance(3) == 0) {
			end_tx();
			begin_tx();
		}
	}
	for (i = removed; i < n; i++)
		rest += sizes[i];
	check_int(ltx.v[MQS_LOG_IN_BYTES] - ltx.v[MQS_LOG_REMOVED_BYTES], rest);
	(void)trim(INT64_MAX, UINT64_MAX, SIZE_MAX, 1);
	check_int(retained(), 0);
	ok(mqs_tx_count(ltx.tx, MQS_LOG_IDS, &count, &err));
	check_int(count, 0);
	ok(mqs_tx_count(ltx.tx, MQS_LOG_PRIORITY, &count, &err));
	check_int(count, 0);
	end_tx();
	finish();
}

static void
test_chance(void)
{
	for (state = 1; state <= RUNS && check_failures == 0; state++) {
		const unsigned long long seed = state;

		run_by_chance();
		if (check_failures > 0)
			printf("# seed %llu\n", seed);
		state = seed;
	}
}

int
main(void)
{
	static const unsigned each[] = { 0, 7, 40 };
	unsigned i;

	for (i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
		segments = each[i];
		printf("# a segment may begin at one message in %u\n", segments);
		run_test("the floor, whatever keys are damaged", test_floor);
		run_test("age, whatever keys are damaged", test_old);
		run_test("settled messages go, whatever their keys say", test_settled);
		run_test("any sizes and kinds: those that should be there are", test_chance);
	}
	return finish_tests();
}
