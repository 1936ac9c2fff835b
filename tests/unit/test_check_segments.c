/*
 * test_check_segments.c - a list of segments that does not fit the tables: check tells it, and
 * repairing makes it no worse
 */
#include "base/hash.h"
#include "chance.h"
#include "embedded/queue/log_segment_min.h"
#include "embedded/queue/log_tx.h"
#include "embedded/store/lmdb/handle.h"
#include "embedded/store/lmdb/segments.h"
#include "engine.h"

#define NUMBERS		16u
#define IN_USE		0
#define OLDEST		1
#define HIDDEN		2
#define LAST		3
#define FROM		4
#define START		5

const uint64_t mqs_log_segment_min = 4096;

static struct mqs_log *log_of_q;
static struct mqs_log_tx ltx;
static char found[8192];

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

/* The numbers of the list, without the checksum. */
static void
read_list(unsigned char bytes[NUMBERS * 8])
{
	struct mqs_slice value;

	must(mqs_tx_get(ltx.tx, MQS_DB_MAIN, MQS_SEGMENTS_KEY, sizeof(MQS_SEGMENTS_KEY) - 1,
	    &value, &err) == MQS_OK && value.n == (size_t)NUMBERS * 8);
	memcpy(bytes, value.p, value.n);
}

static uint64_t
number(unsigned i)
{
	unsigned char bytes[NUMBERS * 8];
	uint64_t n;

	begin_tx();
	read_list(bytes);
	n = mqs_get_le64(bytes + 8 * i);
	mqs_log_abort(&ltx);
	mqs_log_close(log_of_q);
	return n;
}

/* Gives the list another number, and the checksum of that. */
static void
set_number(unsigned i, uint64_t n)
{
	unsigned char bytes[NUMBERS * 8];

	begin_tx();
	read_list(bytes);
	mqs_put_le64(bytes + 8 * i, n);
	mqs_put_le64(bytes + 8 * (NUMBERS - 1), XXH3_64bits(bytes, 8 * (NUMBERS - 1)));
	ok(mqs_tx_put(ltx.tx, MQS_DB_MAIN, MQS_SEGMENTS_KEY, sizeof(MQS_SEGMENTS_KEY) - 1, bytes,
	    sizeof(bytes), &err));
	end_tx();
}

/* A trimmed queue of several tables, with an index of keys. */
static void
begin_queue(void)
{
	static const char *const settings[] = { "index=key", "retain-bytes=60000" };
	static const char body[500];
	struct mqs_message m = MQS_MESSAGE_INIT;
	struct mqs_publisher *p;
	uint64_t gone;
	char key[16];
	int i;

	start();
	ok(publish("q", "x", 1));
	ok(mqs_set(spool, "q", NULL, settings, 2, &err));
	must(mqs_publisher_open(&p, spool, "q", NULL, &err) == MQS_OK);
	for (i = 0; i < 299; i++) {
		m.body = body;
		m.body_len = sizeof(body);
		m.key = key;
		m.key_len = (size_t)snprintf(key, sizeof(key), "k%d", i % 7);
		ok(mqs_publisher_send(p, &m, 0, &err));
		if (i % 13 == 12)
			ok(mqs_publisher_flush(p, &err));
	}
	mqs_publisher_free(p);
	ok(mqs_trim(spool, "q", &gone, &err));
	must(number(IN_USE) > 2 && number(HIDDEN) > 2);
}

static void
on_finding(void *arg, const char *text)
{
	(void)arg;
	if (strlen(found) + strlen(text) + 2 < sizeof(found))
		strcat(strcat(found, text), "\n");
}

static uint64_t
findings(unsigned flags)
{
	uint64_t n = 0, messages;

	found[0] = '\0';
	ok(mqs_check(spool, "q", flags, on_finding, NULL, &n, &messages, &err));
	return n;
}

/* What repairing must leave as it is: the entries of the index and the state. */
static void
note(uint64_t *indexed, uint64_t v[MQS_LOG_VALUES])
{
	begin_tx();
	ok(mqs_tx_count(ltx.tx, MQS_LOG_KEYS, indexed, &err));
	memcpy(v, ltx.v, MQS_LOG_VALUES * sizeof(v[0]));
	mqs_log_abort(&ltx);
	mqs_log_close(log_of_q);
}

/* With another number in the list check finds that, and repairs nothing; with the old one all is well. */
static void
tells(unsigned i, uint64_t wrong, const char *words)
{
	const uint64_t right = number(i);
	uint64_t before, after, v[MQS_LOG_VALUES], w[MQS_LOG_VALUES];

	note(&before, v);
	set_number(i, wrong);
	check(findings(0) > 0);
	if (!check(strstr(found, words) != NULL))
		printf("# number %u: %s", i, found);
	check(findings(MQS_REPAIR) > 0);
	check(strstr(found, words) != NULL);
	check(strstr(found, "nothing is repaired") != NULL);
	note(&after, w);
	check_u64(after, before);
	check(memcmp(v, w, sizeof(v)) == 0);
	set_number(i, right);
	if (!check_u64(findings(MQS_REPAIR), 0))
		printf("# %s", found);
	note(&after, w);
	check_u64(after, before);
}

static void
test_list(void)
{
	begin_queue();
	if (!check_u64(findings(0), 0))
		printf("# %s", found);
	tells(HIDDEN, number(HIDDEN) + 1, "hidden entries is");
	tells(HIDDEN, number(HIDDEN) - 1, "hidden entries is");
	tells(HIDDEN, 1000, "1000 entries at its front are hidden, but it has");
	tells(LAST, number(LAST) + 1, "hidden entries is");
	tells(FROM, number(FROM) + 1000000000, "what is below");
	tells(FROM, number(LAST), "but the last is");
	tells(START, number(LAST), "table messages");
	tells(START + 1, number(START) - 1, "but the next one at");
	tells(START + 1, number(START + 1) + 1, "it begins at");
	tells(START + 1, number(START + 1) - 1000000000, "the next one begins at");
	tells(IN_USE, number(IN_USE) - 1, "it is not in use, but has");
	finish();
}

/* Compaction writes the list anew. */
static void
test_entry_of_unused(void)
{
	const struct mqs_db_spec *spec;
	uint64_t unused, before, after;
	unsigned table;

	begin_queue();
	unused = (number(OLDEST) + number(IN_USE)) % MQS_LOG_SEGMENTS;
	begin_tx();
	spec = &ltx.tx->db->spec;
	table = unused == 0 ? MQS_LOG_MESSAGES : spec->ntables + 1 - spec->segments + (unsigned)unused;
	ok(mqs_tx_put(ltx.tx, table, "12345678", 8, "x", 1, &err));
	end_tx();
	check_u64(findings(0), 1);
	check(strstr(found, "it is not in use, but has 1 entries") != NULL);
	ok(mqs_compact(spool, "q", -1, &before, &after, &err));
	check_u64(findings(0), 0);
	finish();
}

int
main(void)
{
	run_test("each number of the list", test_list);
	run_test("an entry of a table that is not in use", test_entry_of_unused);
	return finish_tests();
}
