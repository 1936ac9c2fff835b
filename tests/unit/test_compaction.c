/*
 * test_compaction.c - a compacted queue against a plain model: the newest message of each key
 *
 * Runs of steps by chance, each from a seed: publish, consume, trim, purge, turn compaction
 * and the index off and on.  The model is an array of all messages.  After each step the
 * queue is checked, and its messages are those of the model; so are those that a reader by
 * key, of the newest, and of the last gives.  A group is never given what it acked, and when
 * it has taken all, nothing is left to settle.
 */
#include "chance.h"
#include "engine.h"

#define RUNS	12
#define STEPS	120
#define KEYS	7
#define MANY	8192
#define DAY	(24 * 3600 * MQS_SECOND)

struct stored {
	uint64_t id;
	int	 key;		/* 0: no key */
	int	 empty;
	int	 there;
};

static struct stored model[MANY];
static int nmodel, compact, indexed;
static char names[KEYS][4];

static void
set(const char *setting)
{
	ok(mqs_set(spool, "q", NULL, &setting, 1, &err));
}

/* ---------------------------------------------------------------- model -- */

/* Removes all but the newest of each key. */
static void
model_compact(void)
{
	int i, j;

	for (i = 0; i < nmodel; i++)
		for (j = i + 1; j < nmodel && model[i].there; j++)
			if (model[i].key != 0 && model[j].there && model[i].key == model[j].key)
				model[i].there = 0;
}

static void
on_published(void *arg, uint64_t tag, int code, const char *id)
{
	(void)arg;
	(void)tag;
	must(code == MQS_OK && nmodel < MANY);
	model[nmodel++].id = strtoull(id, NULL, 10);
}

static void
publish_some(void)
{
	const struct mqs_publisher_options options = { .published = on_published };
	struct mqs_publisher *p;
	int n = 1 + (int)chance(12), at = nmodel, i;

	must(mqs_publisher_open(&p, spool, "q", &options, &err) == MQS_OK);
	for (i = 0; i < n; i++) {
		struct mqs_message m = MQS_MESSAGE_INIT;
		struct stored *s = &model[at + i];

		s->key = compact ? 1 + (int)chance(KEYS - 1) : (int)chance(KEYS);
		s->empty = chance(5) == 0;
		s->there = 1;
		m.key = names[s->key];
		m.key_len = strlen(m.key);
		m.body = "0123456789";
		m.body_len = s->empty ? 0 : 1 + chance(9);
		ok(mqs_publisher_send(p, &m, 0, &err));
	}
	ok(mqs_publisher_flush(p, &err));
	mqs_publisher_free(p);
	if (compact)
		model_compact();
}

/* Removes old tombstones, all of which the group has seen. */
static void
trim_later(void)
{
	uint64_t count;
	int i;

	spool->options.clock_shift = 30 * DAY;
	ok(mqs_trim(spool, "q", &count, &err));
	spool->options.clock_shift = 0;
	for (i = 0; i < nmodel && compact; i++)
		if (model[i].empty && model[i].key != 0)
			model[i].there = 0;
}

/* ------------------------------------------------------------- comparing -- */

/* The messages of a reader are those of the model that `want' says, in order. */
static void
compare(const struct mqs_reader_options *o, int (*want)(int i, int arg), int arg)
{
	struct mqs_reader *r;
	struct mqs_message m;
	int i = 0, rc;

	if (!ok(mqs_reader_open(&r, spool, "q", NULL, o, &err)))
		return;
	while ((rc = mqs_reader_next(r, &m, &err)) == MQS_OK) {
		while (i < nmodel && !(model[i].there && want(i, arg)))
			i++;
		if (!check(i < nmodel) || !check_u64(m.seq, model[i].id))
			break;
		check_mem(m.key, m.key_len, names[model[i].key], strlen(names[model[i].key]));
		check_int(m.body_len == 0, model[i].empty);
		i++;
	}
	if (rc != MQS_OK)
		check_int(rc, MQS_NOTHING);
	while (i < nmodel && !(model[i].there && want(i, arg)))
		i++;
	check_int(i, nmodel);
	mqs_reader_free(r);
}

static int
any(int i, int arg)
{
	(void)i;
	(void)arg;
	return 1;
}

static int
of_key(int i, int key)
{
	return model[i].key == key;
}

/* The newest of its key, unless that is deleted; arg is the last index that counts. */
static int
is_newest(int i, int arg)
{
	int j;

	if (i > arg || model[i].empty)
		return 0;
	for (j = i + 1; j <= arg; j++)
		if (model[j].there && model[j].key == model[i].key)
			return 0;
	return 1;
}

static void
compare_all(void)
{
	struct mqs_reader_options by_key = { .key = names[1] }, newest = { .latest = 1 };
	uint64_t findings, messages;
	char until[MQS_ID_SIZE];
	int key = (int)chance(KEYS), i;

	ok(mqs_check(spool, "q", 0, print_finding, NULL, &findings, &messages, &err));
	check_u64(findings, 0);
	compare(NULL, any, 0);
	by_key.key = names[key];
	by_key.key_len = strlen(names[key]);
	compare(&by_key, of_key, key);
	compare(&newest, is_newest, nmodel - 1);
	if (nmodel == 0)
		return;
	i = (int)chance((unsigned)nmodel);
	snprintf(until, sizeof(until), "%" PRIu64, model[i].id);
	newest.until_id = until;
	compare(&newest, is_newest, i);
}

/* ------------------------------------------------------------- consuming -- */

static uint64_t
depth(const char *name)
{
	uint64_t v[MQS_GROUP_VALUES], lv[MQS_LOG_VALUES];
	struct mqs_group *g;
	struct mqs_tx *tx;

	must(mqs_spool_group(spool, "q", name, 0, NULL, &g, &err) == MQS_OK);
	ok(mqs_group_state(g, v, &err));
	must(mqs_tx_read(g->log->db, &tx, &err) == MQS_OK);
	ok(mqs_log_state(tx, lv, &err));
	mqs_tx_abort(tx);
	check(mqs_group_unsettled_bytes(v, lv) < UINT64_C(1) << 40);
	return mqs_group_unsettled(v, lv);
}

/* Takes up to max messages and settles each somehow; ids ascend but for what was given back. */
static void
consume(struct mqs_consumer *c, unsigned max)
{
	struct mqs_settlement s = { .delay = 0 };
	struct mqs_message m;
	size_t n;

	if (mqs_consumer_claim(c, max, &n, NULL, &err) != MQS_OK)
		return;
	while (mqs_consumer_next(c, &m, &err) == MQS_OK) {
		s.verb = chance(6) == 0 ? MQS_RELEASE : MQS_ACK;
		s.seq = m.seq;
		s.lease = m.lease;
		ok(mqs_consumer_settle(c, &s, &err));
	}
	mqs_consumer_rest(c);
	if (chance(2) == 0)
		ok(mqs_consumer_flush(c, &err));
}

/* Takes all there is: then nothing is left, and nothing is counted. */
static void
drain(struct mqs_consumer *c, const char *name)
{
	struct mqs_settlement s = { .verb = MQS_ACK };
	struct mqs_message m;
	size_t n;
	int turns = 0;

	ok(mqs_consumer_flush(c, &err));
	while (mqs_consumer_claim(c, 100, &n, NULL, &err) == MQS_OK && turns++ < 1000) {
		while (mqs_consumer_next(c, &m, &err) == MQS_OK) {
			s.seq = m.seq;
			s.lease = m.lease;
			ok(mqs_consumer_settle(c, &s, &err));
		}
		mqs_consumer_rest(c);
		ok(mqs_consumer_flush(c, &err));
	}
	check(turns < 1000);
	check_u64(depth(name), 0);
}

static void
step(struct mqs_consumer *c)
{
	uint64_t count;
	int i;

	switch (chance(12)) {
	case 0:
		compact = !compact;
		set(compact ? "compact=key" : "compact=off");
		if (compact)
			model_compact();
		break;
	case 1:
		indexed = !indexed;
		set(indexed ? "index=key" : "index=off");
		break;
	case 2:
		drain(c, "g");
		if (compact)
			trim_later();
		break;
	case 3:
		if (chance(8) != 0)
			break;
		ok(mqs_purge(spool, "q", NULL, &count, &err));
		for (i = 0; i < nmodel; i++)
			model[i].there = 0;
		break;
	case 4:
	case 5:
	case 6:
		consume(c, 1 + chance(9));
		break;
	default:
		publish_some();
	}
}

static void
run_steps(unsigned long long seed)
{
	struct mqs_consumer *c;
	int i;

	state = seed;
	nmodel = compact = indexed = 0;
	for (i = 1; i < KEYS; i++)
		snprintf(names[i], sizeof(names[i]), "k%d", i);
	start();
	must(mqs_create(spool, "q", NULL, NULL, &err) == MQS_OK);
	must(mqs_consumer_open(&c, spool, "q", "g", NULL, &err) == MQS_OK);
	for (i = 0; i < STEPS && check_failures == 0; i++) {
		step(c);
		compare_all();
	}
	drain(c, "g");
	ok(mqs_consumer_close(c, &err));
	mqs_consumer_free(c);
	if (check_failures > 0)
		printf("# seed %llu, step %d\n", seed, i);
	finish();
}

static void
test_model(void)
{
	unsigned long long seed;

	for (seed = 1; seed <= RUNS && check_failures == 0; seed++)
		run_steps(seed);
}

int
main(void)
{
	run_test("random steps: the newest of each key, as an array has them", test_model);
	return finish_tests();
}
