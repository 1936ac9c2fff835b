/*
 * test_engine_random.c - whatever is done to a group, its counters say what is there
 *
 * Runs of steps by chance, each from a seed.  After each step the queue is checked, and
 * the group has as much to settle as mq-replay of it would show.  What was acked does not
 * come again, but after a rewind.  At the end all that is left is acked: then nothing is
 * left of anything, and every message has come to one end.
 */
#include "chance.h"
#include "engine.h"

#define STEPS	300
#define RUNS	16
#define MANY	4096
#define HOUR	(3600 * MQS_SECOND)

static struct mqs_group *group;
static struct mqs_consumer *c;
static struct mqs_message out[MANY];	/* deliveries that are not settled */
static int nout;
static char keys[MANY][2];		/* of these */
static uint64_t acked[MANY];		/* ids; the first `firm' beyond undoing by a kill */
static int nacked, firm, rewound;
static int ordered, drops, straight;	/* straight: nothing goes back or is purged */

static void
open_consumer(void)
{
	must(mqs_consumer_open(&c, spool, "q", "g", NULL, &err) == MQS_OK);
	nout = 0;
}

static void
set(const char *queue_setting)
{
	ok(mqs_set(spool, "q", NULL, &queue_setting, 1, &err));
}

/* --------------------------------------------------------------- steps -- */

static void
publish_some(void)
{
	static const char *const names[] = { "", "a", "b", "c" };
	int64_t now = mqs_judged_now(spool);
	int n = 1 + (int)chance(8);

	while (n-- > 0) {
		struct mqs_message m = MQS_MESSAGE_INIT;

		m.body = "0123456789";
		m.body_len = chance(11);
		m.key = names[chance(4)];
		m.key_len = strlen(m.key);
		m.priority = chance(3) == 0 ? (int)chance(10) : 0;
		m.not_before = chance(6) == 0 ? now + (int64_t)chance(3) * HOUR : 0;
		m.expires = chance(8) == 0 ? now + (int64_t)chance(3) * HOUR + 1 : 0;
		ok(publish_message("q", &m));
	}
}

/* Of a key that has an order, one is out at a time. */
static void
note(const struct mqs_message *m)
{
	int i;

	must(nout < MANY);
	for (i = 0; i < nacked; i++)
		check(acked[i] != m->seq);
	for (i = 0; i < nout && ordered && m->key_len > 0; i++)
		check(keys[i][0] != *m->key);
	keys[nout][0] = m->key_len > 0 ? *m->key : '\0';
	out[nout++] = *m;
}

static void
claim_some(void)
{
	struct mqs_message m;
	size_t n;
	int rc;

	rc = mqs_consumer_claim(c, 1 + chance(10), &n, NULL, &err);
	if (rc != MQS_NOTHING && !ok(rc))
		return;
	firm = nacked;
	while (mqs_consumer_next(c, &m, &err) == MQS_OK)
		note(&m);
	mqs_consumer_rest(c);
}

static void
flush(void)
{
	ok(mqs_consumer_flush(c, &err));
	firm = nacked;
}

static void
settle_some(void)
{
	static const enum mqs_verb verbs[] = {
		MQS_ACK, MQS_ACK, MQS_ACK, MQS_RETRY, MQS_RELEASE, MQS_REJECT
	};
	int i, n = (int)chance(10);
	enum mqs_verb verb;

	while (n-- > 0 && nout > 0) {
		i = (int)chance((unsigned)nout);
		verb = verbs[chance(6)];
		settle(c, &out[i], verb);
		must(nacked < MANY);
		if (verb == MQS_ACK)
			acked[nacked++] = out[i].seq;
		out[i] = out[--nout];
		keys[i][0] = keys[nout][0];
	}
	if (chance(2))
		flush();
}

/* An id that the group may have to settle; 0: none. */
static uint64_t
some_id(void)
{
	struct mqs_message m;
	struct mqs_reader *r;
	uint64_t id = 0;
	unsigned n = chance(30);

	ok(mqs_reader_open(&r, spool, "q", "g", NULL, &err));
	while (n-- > 0 && mqs_reader_next(r, &m, &err) == MQS_OK)
		id = m.seq;
	mqs_reader_free(r);
	return id;
}

static void
skip_one(void)
{
	char id[24];
	int i;

	flush();
	snprintf(id, sizeof(id), "%llu", (unsigned long long)some_id());
	if (*id == '0')
		return;
	ok(mqs_skip(spool, "q", "g", (const char *[]){ id }, 1, &err));
	for (i = 0; i < nout; i++)
		if (out[i].seq == strtoull(id, NULL, 10)) {
			out[i] = out[--nout];
			keys[i][0] = keys[nout][0];
		}
}

static void
end_consumer(void)
{
	if (chance(2)) {
		ok(mqs_consumer_close(c, &err));
		firm = nacked;
	}
	mqs_consumer_free(c);
	nacked = firm;
	open_consumer();
}

static void
redrive(void)
{
	struct mqs_redriven r;

	/* What died, and was acked after a rewind, comes again. */
	flush();
	if (rewound)
		nacked = firm = 0;
	if (mqs_redrive(spool, "q.dead", NULL, &r, &err) != MQS_OK)
		check_int(err.code, MQS_ENOENT);
}

static void
start_over(void)
{
	static const char *const places[] = { "oldest", "newest" };
	const struct mqs_rewind_options o = { .to = places[chance(2)] };
	struct mqs_rewound r;
	uint64_t n;

	flush();
	nacked = firm = 0;
	rewound = 1;
	if (chance(2))
		ok(mqs_purge(spool, "q", "g", &n, &err));
	else
		ok(mqs_rewind(spool, "q", "g", &o, &r, &err));
	nout = 0;
}

static void
remove_some(void)
{
	uint64_t n;

	if (drops && chance(2)) {
		set("max-messages=20");
		publish_some();
		set("max-messages=off");
		return;
	}
	set("retain=0s");
	ok(mqs_trim(spool, "q", &n, &err));
	set("retain=1h");
}

static void
step(void)
{
	unsigned n = chance(100);

	if (n < 30)
		publish_some();
	else if (n < 55)
		claim_some();
	else if (n < 80)
		settle_some();
	else if (n < 84)
		spool->options.clock_shift += (int64_t)chance(3) * HOUR / 2;
	else if (n < 88)
		skip_one();
	else if (n < 92)
		end_consumer();
	else if (n < 96)
		remove_some();
	else if (n < 98 && !straight)
		redrive();
	else if (!straight)
		start_over();
}

/* --------------------------------------------------------------- looks -- */

static void
look(uint64_t v[MQS_GROUP_VALUES], uint64_t lv[MQS_LOG_VALUES])
{
	struct mqs_tx *tx;

	ok(mqs_group_state(group, v, &err));
	ok(mqs_tx_read(group->log->db, &tx, &err));
	ok(mqs_log_state(tx, lv, &err));
	mqs_tx_abort(tx);
}

static void
agrees(void)
{
	uint64_t v[MQS_GROUP_VALUES], lv[MQS_LOG_VALUES], n = 0, bytes = 0;
	struct mqs_message m;
	struct mqs_reader *r;

	sound("q");
	ok(mqs_reader_open(&r, spool, "q", "g", NULL, &err));
	while (mqs_reader_next(r, &m, &err) == MQS_OK) {
		n++;
		bytes += m.body_len;
	}
	mqs_reader_free(r);
	look(v, lv);
	/* Removed ones that it holds, and, before it comes to the place, ahead or skipped. */
	if (drops)
		check(mqs_group_unsettled(v, lv) >= n &&
		    mqs_group_unsettled_bytes(v, lv) >= bytes);
	else
		check_u64(mqs_group_unsettled(v, lv), n);
}

static void
nothing_left(void)
{
	static const unsigned none[] = {
		MQS_GROUP_LEASED, MQS_GROUP_LEASED_BYTES, MQS_GROUP_WAITING,
		MQS_GROUP_READY, MQS_GROUP_PARKED, MQS_GROUP_HELD_BYTES, MQS_GROUP_AHEAD,
		MQS_GROUP_AHEAD_BYTES, MQS_GROUP_SKIPPED, MQS_GROUP_NEXT_DUE
	};
	uint64_t v[MQS_GROUP_VALUES], lv[MQS_LOG_VALUES];
	unsigned i;

	look(v, lv);
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		if (v[none[i]] != 0)
			printf("# value %u\n", none[i]), check_u64(v[none[i]], 0);
	check_u64(mqs_group_unsettled(v, lv), 0);
	check_u64(mqs_group_unsettled_bytes(v, lv), 0);
	check_u64(v[MQS_GROUP_FLOOR], v[MQS_GROUP_CURSOR] + 1);
	check_u64(v[MQS_GROUP_CURSOR], lv[MQS_LOG_LAST_ID]);
	if (straight)
		check_u64(v[MQS_GROUP_ACKED] + v[MQS_GROUP_DEAD] + v[MQS_GROUP_EXPIRED] +
		    v[MQS_GROUP_DROPPED], lv[MQS_LOG_ORDINAL]);
}

static void
drain(void)
{
	int i, rounds;

	for (rounds = 0; rounds < MANY; rounds++) {
		spool->options.clock_shift += HOUR;
		for (i = 0; i < nout; i++)
			settle(c, &out[i], MQS_ACK);
		nout = 0;
		ok(mqs_consumer_flush(c, &err));
		claim_some();
		if (nout == 0 && rounds > 2)
			break;
	}
	sound("q");
	nothing_left();
}

static void
run(unsigned seed)
{
	const struct mqs_consumer_options options = {
		.settings = (const char *const[]){ seed & 1 ? "ordered=on" : "ordered=off" },
		.nsettings = 1
	};
	int before = check_failures, i;

	state = seed;
	ordered = seed & 1;
	drops = seed >> 1 & 1;
	straight = seed >> 2 & 1;
	nacked = firm = rewound = 0;
	start();
	ok(mqs_create(spool, "q", "g", &options, &err));
	set("overflow=drop-oldest");
	set("retain=1h");
	ok(mqs_spool_group(spool, "q", "g", 0, NULL, &group, &err));
	open_consumer();
	for (i = 0; i < STEPS && check_failures == before; i++) {
		step();
		agrees();
	}
	if (check_failures == before)
		drain();
	if (check_failures != before)
		printf("# seed %u, step %d\n", seed, i);
	mqs_consumer_free(c);
	finish();
}

static void
test_random(void)
{
	const char *only = getenv("MQ_SEED");
	unsigned seed;

	if (only != NULL)
		run((unsigned)strtoul(only, NULL, 10));
	for (seed = 0; seed < RUNS && only == NULL; seed++)
		run(seed);
}

int
main(void)
{
	run_test("counters, whatever is done", test_random);
	return finish_tests();
}
