/*
 * test_log_walk.c - logs with damaged keys: what a walk says of them, and that nothing else is
 * lost by the damage, nor delivered twice
 *
 * A log that is written in several transactions has several tables.  Then what is removed is
 * hidden, and its keys are damaged, too.
 */
#include "chance.h"
#include "embedded/queue/log_segment_min.h"
#include "embedded/store/lmdb/segments.h"
#include "engine.h"
#include "damage.h"

#define MOST	600
#define APART	20		/* messages of a transaction, where they are written in several */

const uint64_t mqs_log_segment_min = 4096;

static uint64_t all[MOST + 2];	/* ids of all messages, from 1 */
static uint64_t stored[MOST + 2];	/* where they are stored now */
static uint64_t *ids = all;	/* of those that are there, from 1 */
static uint64_t *keys = stored;
static int n;
static int removed;	/* messages in front of these, which are gone */
static uint64_t hidden;	/* of which so many are still in the file */

static struct file_copy whole;	/* the log, as it was written */

/* Closes the spool, stores the messages under their keys, and opens it again. */
static void
damage(void)
{
	struct file_copy now = whole;

	mqs_spool_free(spool);
	must((now.bytes = malloc(whole.n)) != NULL);
	memcpy(now.bytes, whole.bytes, whole.n);
	file_set_keys(&now, all, stored, removed + n);
	file_write(&now);
	free(now.bytes);
	spool = open_spool();
}

/* The group settles the first of the messages, and they are removed. */
static void
remove_first(int m)
{
	static const char *const retain[] = { "retain=0s" };
	struct mqs_consumer *c = consumer("q");
	struct mqs_message message;
	uint64_t gone;

	for (removed = 0; removed < m; removed++) {
		must(next(c, &message) == MQS_OK);
		settle(c, &message, MQS_ACK);
	}
	ok(mqs_consumer_close(c, &err));
	mqs_consumer_free(c);
	ok(mqs_set(spool, "q", NULL, retain, 1, &err));
	ok(mqs_trim(spool, "q", &gone, &err));
	check_u64(gone, (uint64_t)m);
}

static uint64_t
count_hidden(void)
{
	struct mqs_segments_stat st;
	struct mqs_log *log;
	struct mqs_tx *tx;

	must(mqs_spool_log(spool, "q", 0, &log, &err) == MQS_OK);
	must(mqs_tx_read(log->db, &tx, &err) == MQS_OK);
	ok(mqs_segments_stat(tx, &st, &err));
	mqs_tx_abort(tx);
	return st.hidden;
}

/* m messages, of which the first are gone; each so many are written together: ids follow each other. */
static void
fill(int m, int together, int gone)
{
	struct mqs_message message = MQS_MESSAGE_INIT;
	struct mqs_publisher *p;
	struct mqs_reader *r;
	char body[16];
	int i;

	start();
	must(mqs_publisher_open(&p, spool, "q", NULL, &err) == MQS_OK);
	for (i = 1; i <= m; i++) {
		message.body_len = (uint64_t)snprintf(body, sizeof(body), "%d", i);
		message.body = body;
		must(mqs_publisher_send(p, &message, 0, &err) == MQS_OK);
		if (i % together == 0 || i == m)
			must(mqs_publisher_flush(p, &err) == MQS_OK);
	}
	mqs_publisher_free(p);
	must(mqs_reader_open(&r, spool, "q", NULL, NULL, &err) == MQS_OK);
	for (n = 0; mqs_reader_next(r, &message, &err) == MQS_OK; stored[n] = all[n])
		all[++n] = message.seq;
	mqs_reader_free(r);
	check_int(n, m);
	removed = 0;
	if (gone > 0)
		remove_first(gone);
	n -= removed;
	ids = all + removed;
	keys = stored + removed;
	hidden = count_hidden();
	mqs_spool_free(spool);
	(void)snprintf(whole.path, sizeof(whole.path), "%s/q/log.mdb", where);
	file_read(&whole);
	spool = open_spool();
}

static void
end(void)
{
	free(whole.bytes);
	whole.bytes = NULL;
	finish();
}

/* ----------------------------------------------------------- the walk -- */

static void
walk_begin(struct mqs_walk *w, struct mqs_log_reader *reader)
{
	struct mqs_log *log;
	uint64_t v[MQS_LOG_VALUES];

	must(mqs_spool_log(spool, "q", 0, &log, &err) == MQS_OK);
	must(mqs_log_reader_init(reader, log, &err) == MQS_OK);
	must(mqs_log_reader_state(reader, v, &err) == MQS_OK);
	mqs_walk_begin(w, reader->cur, v[MQS_LOG_LAST_ID], v[MQS_LOG_ORDINAL],
	    v[MQS_LOG_REMOVED]);
}

/* 1 if an id is one that the i-th message can have, in its place. */
static int
fits(int i, uint64_t id)
{
	int next;

	if (keys[i] == ids[i])
		return id == ids[i];
	for (next = i + 1; next <= n && keys[next] != ids[next]; next++)
		;
	return next > n || id < ids[next];
}

/* Every message has its own id, or, if it is damaged, one that fits its place. */
static void
check_walk(void)
{
	struct mqs_log_reader reader;
	struct mqs_walk w;
	int i;

	walk_begin(&w, &reader);
	for (i = 1; i <= n && check_int(mqs_walk_next(&w, &err), MQS_OK); i++) {
		check_int(w.bad, keys[i] != ids[i]);
		check_u64(w.key, keys[i]);
		check(fits(i, w.id));
		check_u64(w.ordinal, (uint64_t)(removed + i));
		check_u64(w.missing, 0);
		check(w.id > w.before);
	}
	check_int(mqs_walk_next(&w, &err), MQS_NOTHING);
	check_u64(w.missing, 0);
	/* A search finds each that is whole. */
	for (i = 1; i <= n; i++)
		if (keys[i] == ids[i] && check_int(mqs_walk_from(&w, ids[i], 0, &err), MQS_OK))
			check_u64(w.id, ids[i]);
	mqs_log_reader_done(&reader);
}

static void
test_each_bit(void)
{
	int bit, i, together;

	for (together = 1; together <= 5; together += 4)
		for (i = 1; i <= 5; i++) {
			fill(5, together, 0);
			for (bit = 0; bit < 64; bit++) {
				keys[i] = ids[i] ^ UINT64_C(1) << bit;
				damage();
				check_walk();
			}
			end();
		}
}

/* Around the place up to which messages are hidden: the last two of these, and the next two. */
static void
test_each_bit_hidden(void)
{
	int bit, i;

	fill(MOST, APART, MOST / 2 - 7);
	must(hidden > 2 && hidden < (uint64_t)removed);
	for (i = -1; i <= 2; i++)
		for (bit = 0; bit < 64; bit++) {
			keys[i] = ids[i] ^ UINT64_C(1) << bit;
			damage();
			check_walk();
			keys[i] = ids[i];
		}
	end();
}

/* -------------------------------------------------------- what is read -- */

/* Reading the queue: each damaged message is an error, all others come once. */
static void
check_read(void)
{
	struct mqs_reader *r;
	struct mqs_message m;
	int i, rc;

	must(mqs_reader_open(&r, spool, "q", NULL, NULL, &err) == MQS_OK);
	for (i = 1; i <= n; i++) {
		rc = mqs_reader_next(r, &m, &err);
		check_int(rc, keys[i] == ids[i] ? MQS_OK : MQS_EDAMAGED);
		if (rc == MQS_OK)
			check_u64(m.seq, ids[i]);
		else
			check(fits(i, m.seq));
		if (chance(4) == 0)
			mqs_reader_rest(r);
	}
	check_int(mqs_reader_next(r, &m, &err), MQS_NOTHING);
	mqs_reader_free(r);
}

/* Skips the message that an error is about, as its text says. */
static int
skip_named(void)
{
	const char *id = strrchr(err.text, ' ');

	if (!check(id != NULL && strstr(err.text, " skip q/g ") != NULL))
		return 0;
	id++;
	return ok(mqs_skip(spool, "q", "g", &id, 1, &err));
}

/* Consumes all, some at a time, retrying some; what is damaged is skipped. */
static void
check_consumed(void)
{
	static unsigned char got[MOST + 1];
	struct mqs_consumer *c = NULL;
	struct mqs_message m;
	size_t claimed;
	int i, rc, rounds, damaged = 0, told = 0;

	memset(got, 0, sizeof(got));
	for (rounds = 0; rounds < 10 * MOST; rounds++) {
		if (c == NULL)
			c = consumer("q");
		rc = mqs_consumer_next(c, &m, &err);
		if (rc == MQS_NOTHING)
			rc = mqs_consumer_claim(c, 1 + chance(40), &claimed, NULL, &err);
		else if (rc == MQS_OK) {
			for (i = 1; i <= n && ids[i] != m.seq; i++)
				;
			if (!check(i <= n && keys[i] == ids[i]))
				break;
			if (chance(8) == 0) {
				settle(c, &m, MQS_RELEASE);
			} else {
				settle(c, &m, MQS_ACK);
				check_int(++got[i], 1);
			}
		}
		if (rc == MQS_NOTHING)
			break;
		if (rc != MQS_OK && (!check_int(rc, MQS_EDAMAGED) || !skip_named()))
			break;
		told += rc != MQS_OK;
		if (rc != MQS_OK || chance(30) == 0) {
			ok(mqs_consumer_close(c, &err));
			mqs_consumer_free(c);
			c = NULL;
		}
	}
	for (i = 1; i <= n; i++)
		if (!check_int(got[i], keys[i] == ids[i]))
			printf("# message %d of %d\n", i, n);
	for (i = 1; i <= n; i++)
		damaged += keys[i] != ids[i];
	check_int(told, damaged);	/* none is passed over silently */
	if (c != NULL)
		ok(mqs_consumer_close(c, &err));
	mqs_consumer_free(c);
}

/* A new key: any bit of it changed, another message's, or anything. */
static uint64_t
wrong_key(int i)
{
	uint64_t key;

	switch (chance(4)) {
	case 0:
	case 1:
		key = ids[i] ^ UINT64_C(1) << chance(64);
		break;
	case 2:
		key = ids[1 + chance((unsigned)n)];
		break;
	default:
		key = (uint64_t)chance(1u << 31) << 33 | chance(1u << 31);
	}
	return key == ids[i] || key == 0 ? ids[i] ^ 1 : key;
}

/* Damages keys of those that are hidden; often of the last one. */
static void
damage_hidden(void)
{
	unsigned i;
	int at;

	for (i = chance(3); i > 0 && hidden > 0; i--) {
		at = chance(2) == 0 ? 0 : -(int)chance((unsigned)hidden);
		keys[at] = wrong_key(at);
	}
}

static void
run(unsigned seed, int hides)
{
	const int before = check_failures;
	unsigned i, many;
	int size, gone;

	state = seed;
	size = 1 + (int)chance(chance(3) == 0 ? MOST : 20);
	gone = chance(2) == 0 ? (int)chance((unsigned)size) : 0;
	if (hides) {
		size = MOST / 2 + (int)chance(MOST / 2);
		gone = 1 + (int)chance((unsigned)size - 1);
	}
	fill(size, hides ? APART : chance(4) != 0 ? size : 1, gone);
	damage_hidden();
	many = 1 + chance(3);
	for (i = 0; i < many; i++) {
		int at = chance(4) == 0 ? 1 : 1 + (int)chance((unsigned)n);

		keys[at] = wrong_key(at);
	}
	damage();
	check_walk();
	check_read();
	check_consumed();
	end();
	if (check_failures > before)
		printf("# seed %u\n", seed);
}

static void
test_by_chance(int hides)
{
	const char *only = getenv("MQ_SEED"), *most = getenv("MQ_SEEDS");
	unsigned seed, hid = 0, last = most != NULL ? (unsigned)atoi(most) : 40;

	if (only != NULL) {
		run((unsigned)atoi(only), hides);
		return;
	}
	for (seed = 1; seed <= last; seed++) {
		run(seed, hides);
		hid += hidden > 0;
	}
	check(!hides || hid > last / 2);
}

static void
test_any(void)
{
	test_by_chance(0);
}

static void
test_hidden(void)
{
	test_by_chance(1);
}

int
main(void)
{
	run_test("a key, each bit of it", test_each_bit);
	run_test("a key around the last hidden one, each bit of it", test_each_bit_hidden);
	run_test("keys by chance: read and consumed", test_any);
	run_test("the same behind messages that are hidden", test_hidden);
	return finish_tests();
}
