/*
 * test_model.c - a queue and its groups against a plain model of them
 *
 * Runs of steps by chance, each from a seed: publish, claim, settle, lose a consumer, trim,
 * purge, rewind, compact, rename, back up, index.  The model is an array of messages, each
 * with what every group has made of it.  After each step the library is asked for everything
 * that the model knows: the messages of the log, of each key, the newest of each key, and
 * what each group has yet to settle.  MQ_SEED runs one seed only.
 */
#include "embedded/queue/log_segment_min.h"
#include "chance.h"
#include "engine.h"

#define STEPS	150
#define RUNS	12
#define MANY	2048
#define GROUPS	2
#define KEYS	4

struct entry {
	uint64_t id;
	char	 key;			/* 'a' to 'd' */
	char	 body[12];
	size_t	 len;
	int	 there;			/* retained */
	int	 purged;		/* with the queue: whatever had it, it is dropped */
	int	 settled[GROUPS];
	int	 acking[GROUPS];	/* settled by a consumer, and perhaps not carried out yet */
};

/* What a group's consumer has taken and not settled. */
struct taken {
	uint64_t seq, lease;
	struct entry *entry;
};

/* So that the log has several tables, which are emptied and used again. */
const uint64_t mqs_log_segment_min = 4096;

static const char *const group_names[GROUPS] = { "one", "two" };
static struct entry model[MANY];
static size_t nmodel;
static struct mqs_consumer *consumers[GROUPS];
static struct taken taken[GROUPS][MANY];
static size_t ntaken[GROUPS];
/* What a group has counted, ever. */
static struct { uint64_t delivered, delivered_bytes, acked, acked_bytes; } counted[GROUPS];
static const char *queue;		/* its name now */
static int tables, indexed;		/* compact=key; index=key */

static void
set(const char *pair)
{
	ok(mqs_set(spool, queue, NULL, &pair, 1, &err));
}

static struct entry *
find(uint64_t id)
{
	size_t i;

	for (i = 0; i < nmodel; i++)
		if (model[i].id == id)
			return &model[i];
	return NULL;
}

/* ------------------------------------------------------------ consumers -- */

static void
open_consumer(int g)
{
	must(mqs_consumer_open(&consumers[g], spool, queue, group_names[g], NULL, &err) == MQS_OK);
}

/* What a consumer had settled is carried out; what it had not is given up. */
static void
close_consumer(int g)
{
	size_t i;

	ok(mqs_consumer_close(consumers[g], &err));
	mqs_consumer_free(consumers[g]);
	consumers[g] = NULL;
	ntaken[g] = 0;
	for (i = 0; i < nmodel; i++)
		model[i].acking[g] = 0;
}

static void
close_all(void)
{
	int g;

	for (g = 0; g < GROUPS; g++)
		close_consumer(g);
}

static void
open_all(void)
{
	int g;

	for (g = 0; g < GROUPS; g++)
		open_consumer(g);
}

/* A group's consumer, or none of its deliveries, is known any more. */
static void
forget_deliveries(int g)
{
	ntaken[g] = 0;
}

/* ---------------------------------------------------------------- steps -- */

/* In a table, a message takes the place of those of its key. */
static void
add(uint64_t id, char key, const char *body, size_t len)
{
	struct entry *e;
	size_t i;

	must(nmodel < MANY);
	for (i = 0; i < nmodel && tables; i++)
		if (model[i].key == key)
			model[i].there = 0;
	e = &model[nmodel++];
	memset(e, 0, sizeof(*e));
	e->id = id;
	e->key = key;
	e->len = len;
	memcpy(e->body, body, len);
	e->there = 1;
}

static void
note_published(void *arg, uint64_t tag, int code, const char *id)
{
	uint64_t *ids = arg;

	if (check_int(code, MQS_OK))
		ids[tag] = strtoull(id, NULL, 10);
}

static void
publish_some(void)
{
	uint64_t ids[8];
	char bodies[8][12];
	size_t lens[8], i, n = 1 + chance(8);
	char names[8];
	const struct mqs_publisher_options o = { .published = note_published, .arg = ids };
	struct mqs_publisher *p;

	ok(mqs_publisher_open(&p, spool, queue, &o, &err));
	for (i = 0; i < n; i++) {
		struct mqs_message m = MQS_MESSAGE_INIT;

		names[i] = (char)('a' + (int)chance(KEYS));
		lens[i] = (size_t)snprintf(bodies[i], sizeof(bodies[i]), "%u", chance(1000000));
		m.key = &names[i];
		m.key_len = 1;
		m.body = bodies[i];
		m.body_len = lens[i];
		m.priority = !tables && chance(4) == 0 ? (int)chance(10) : 0;
		ok(mqs_publisher_send(p, &m, i, &err));
	}
	ok(mqs_publisher_flush(p, &err));
	mqs_publisher_free(p);
	for (i = 0; i < n; i++)
		add(ids[i], names[i], bodies[i], lens[i]);
}

static uint64_t
last_of(char key)
{
	uint64_t last = 0;
	size_t i;

	for (i = 0; i < nmodel; i++)
		if (model[i].there && (key == '\0' || model[i].key == key))
			last = model[i].id;
	return last;
}

/* Publishes behind what is expected: behind what is there, or in vain behind something else. */
static void
publish_expecting(void)
{
	struct mqs_publisher *p;
	struct mqs_message m = MQS_MESSAGE_INIT;
	uint64_t ids[1];
	const struct mqs_publisher_options o = { .published = note_published, .arg = ids };
	const struct mqs_publisher_options quiet = { .wait = 0 };
	const char key = (char)('a' + (int)chance(KEYS));
	const int by_key = indexed && chance(2), wrong = chance(3) == 0;
	uint64_t last = last_of(by_key ? key : '\0');
	char id[24];

	snprintf(id, sizeof(id), "%llu", (unsigned long long)last + (unsigned)wrong);
	ok(mqs_publisher_open(&p, spool, queue, wrong ? &quiet : &o, &err));
	ok(mqs_publisher_expect(p, id, by_key ? &key : NULL, 1, &err));
	m.key = &key;
	m.key_len = 1;
	m.body = "expected";
	m.body_len = 8;
	ok(mqs_publisher_send(p, &m, 0, &err));
	if (wrong)
		check_int(mqs_publisher_flush(p, &err), MQS_EBUSY);
	else {
		ok(mqs_publisher_flush(p, &err));
		add(ids[0], key, "expected", 8);
	}
	mqs_publisher_free(p);
}

/* The acks of a group are carried out. */
static void
carried_out(int g)
{
	size_t i;

	for (i = 0; i < nmodel; i++)
		if (model[i].acking[g]) {
			model[i].settled[g] = 1;
			model[i].acking[g] = 0;
			counted[g].acked += !model[i].purged;
			counted[g].acked_bytes += model[i].purged ? 0 : model[i].len;
		}
}

static void
claim_some(int g)
{
	struct mqs_message m;
	struct entry *e;
	size_t n;
	int rc = mqs_consumer_claim(consumers[g], 1 + chance(10), &n, NULL, &err);

	if (rc != MQS_NOTHING && !ok(rc))
		return;
	carried_out(g);
	while (mqs_consumer_next(consumers[g], &m, &err) == MQS_OK) {
		e = find(m.seq);
		if (!check(e != NULL && e->there && !e->settled[g]))
			continue;
		check_mem(m.body, m.body_len, e->body, e->len);
		check_mem(m.key, m.key_len, &e->key, 1);
		counted[g].delivered++;
		counted[g].delivered_bytes += e->len;
		taken[g][ntaken[g]++] = (struct taken){ m.seq, m.lease, e };
	}
	mqs_consumer_rest(consumers[g]);
}

static void
settle_some(int g)
{
	static const enum mqs_verb verbs[] = { MQS_ACK, MQS_ACK, MQS_RELEASE };
	size_t i, n = chance(10);

	while (n-- > 0 && ntaken[g] > 0) {
		const enum mqs_verb verb = verbs[chance(3)];
		struct mqs_settlement s = { .verb = verb, .delay = -1 };

		i = chance((unsigned)ntaken[g]);
		s.seq = taken[g][i].seq;
		s.lease = taken[g][i].lease;
		ok(mqs_consumer_settle(consumers[g], &s, &err));
		taken[g][i].entry->acking[g] = verb == MQS_ACK;
		taken[g][i] = taken[g][--ntaken[g]];
	}
	ok(mqs_consumer_flush(consumers[g], &err));
	carried_out(g);
}

/* A consumer that dies: what it held comes back. */
static void
lose_consumer(int g)
{
	mqs_consumer_free(consumers[g]);
	forget_deliveries(g);
	open_consumer(g);
}

/*
 * What is gone from the log after a trim is a beginning of it that all groups had settled;
 * but for that, a trim may keep what it likes, since a batch of leases lets go as a whole.
 */
static void
trim(void)
{
	struct mqs_reader *r;
	struct mqs_message m;
	uint64_t n, first = UINT64_MAX;
	size_t i;
	int g;

	set("retain=0s");
	ok(mqs_trim(spool, queue, &n, &err));
	set("retain=1h");
	ok(mqs_reader_open(&r, spool, queue, NULL, NULL, &err));
	if (mqs_reader_next(r, &m, &err) == MQS_OK)
		first = m.seq;
	mqs_reader_free(r);
	for (i = 0; i < nmodel && model[i].id < first; i++)
		for (g = 0; g < GROUPS && model[i].there; g++)
			check(model[i].settled[g]);
	for (i = 0; i < nmodel && model[i].id < first; i++)
		model[i].there = 0;
}

static void
purge(void)
{
	const int g = (int)chance(GROUPS);
	uint64_t n;
	size_t i;

	if (chance(4) != 0) {
		ok(mqs_purge(spool, queue, group_names[g], &n, &err));
		for (i = 0; i < nmodel; i++)
			model[i].settled[g] = 1;
		forget_deliveries(g);
		return;
	}
	ok(mqs_purge(spool, queue, NULL, &n, &err));
	for (i = 0; i < nmodel; i++) {
		model[i].there = 0;
		model[i].purged = 1;
	}
}

static void
rewind_group(void)
{
	const int g = (int)chance(GROUPS);
	struct mqs_rewind_options o = { .to = "oldest" };
	struct mqs_rewound r;
	uint64_t from = 0;
	char id[24];
	size_t i;

	if (chance(2) == 0 && nmodel > 0) {
		from = model[chance((unsigned)nmodel)].id;
		snprintf(id, sizeof(id), "%llu", (unsigned long long)from);
		o.to = id;
	}
	ok(mqs_rewind(spool, queue, group_names[g], &o, &r, &err));
	for (i = 0; i < nmodel; i++)
		model[i].settled[g] = model[i].id < from;
	forget_deliveries(g);
}

static void
compact(void)
{
	uint64_t before, after;

	close_all();
	ok(mqs_compact(spool, queue, 0, &before, &after, &err));
	check(after > 0 && after <= before + 65536);
	open_all();
}

static void
rename_queue(void)
{
	const char *name = strcmp(queue, "q") == 0 ? "other" : "q";
	char before[MQS_UUID_SIZE], after[MQS_UUID_SIZE];

	close_all();
	ok(mqs_queue_uuid(spool, queue, before, &err));
	ok(mqs_rename(spool, queue, name, &err));
	check_int(mqs_queue_uuid(spool, queue, after, &err), MQS_ENOENT);
	queue = name;
	ok(mqs_queue_uuid(spool, queue, after, &err));
	check_str(after, before);
	open_all();
}

static void
change_index(void)
{
	if (tables)
		return;
	indexed = !indexed;
	set(indexed ? "index=key" : "index=off");
}

/* ---------------------------------------------------------------- looks -- */

/* What a reader gives is what the model says that it should. */
static void
same(struct mqs_spool *s, const char *group, const struct mqs_reader_options *o,
    const int *wanted)
{
	struct mqs_reader *r;
	struct mqs_message m;
	size_t i = 0;
	int rc;

	if (!ok(mqs_reader_open(&r, s, queue, group, o, &err)))
		return;
	while ((rc = mqs_reader_next(r, &m, &err)) == MQS_OK) {
		while (i < nmodel && !wanted[i])
			i++;
		if (!check(i < nmodel) || !check_u64(m.seq, model[i].id))
			break;
		check_mem(m.body, m.body_len, model[i].body, model[i].len);
		i++;
	}
	check_int(rc, MQS_NOTHING);
	while (i < nmodel && !wanted[i])
		i++;
	check_u64(i, nmodel);
	mqs_reader_free(r);
}

/* Messages that a group has taken out of turn come first: compared as a set. */
static void
same_of_group(struct mqs_spool *s, int g)
{
	struct mqs_reader *r;
	struct mqs_message m;
	size_t i, n = 0, want = 0;
	struct entry *e;

	for (i = 0; i < nmodel; i++)
		want += model[i].there && !model[i].settled[g];
	if (!ok(mqs_reader_open(&r, s, queue, group_names[g], NULL, &err)))
		return;
	while (mqs_reader_next(r, &m, &err) == MQS_OK) {
		e = find(m.seq);
		check(e != NULL && e->there && !e->settled[g]);
		n++;
	}
	check_u64(n, want);
	mqs_reader_free(r);
}

static void
same_of_keys(struct mqs_spool *s)
{
	static int wanted[MANY];
	struct mqs_reader_options o = { .key_len = 1 };
	char key;
	size_t i;

	for (key = 'a'; key < 'a' + KEYS; key++) {
		for (i = 0; i < nmodel; i++)
			wanted[i] = model[i].there && model[i].key == key;
		o.key = &key;
		same(s, NULL, &o, wanted);
	}
}

/* The newest of each key, up to some message. */
static void
same_newest(struct mqs_spool *s)
{
	static int wanted[MANY];
	char id[24];
	struct mqs_reader_options o = { .latest = 1 };
	size_t i, newest[KEYS], upto = nmodel;
	int k;

	if (nmodel > 0 && chance(2)) {
		upto = 1 + chance((unsigned)nmodel);
		snprintf(id, sizeof(id), "%llu", (unsigned long long)model[upto - 1].id);
		o.until_id = id;
	}
	for (k = 0; k < KEYS; k++)
		newest[k] = nmodel;
	for (i = 0; i < nmodel; i++) {
		wanted[i] = 0;
		if (i < upto && model[i].there)
			newest[model[i].key - 'a'] = i;
	}
	for (k = 0; k < KEYS; k++)
		if (newest[k] < nmodel)
			wanted[newest[k]] = 1;
	same(s, NULL, &o, wanted);
}

static int
same_counts(void *arg, const struct mqs_group_stat *st)
{
	int g = strcmp(st->group, group_names[0]) != 0;
	uint64_t n = 0;
	unsigned i;

	(void)arg;
	for (i = 0; i < MQS_LATENCY_CLASSES; i++)
		n += st->latency[i];
	check_u64(st->delivered, counted[g].delivered);
	check_u64(st->delivered_bytes, counted[g].delivered_bytes);
	check_u64(st->acked, counted[g].acked);
	check_u64(st->acked_bytes, counted[g].acked_bytes);
	check_u64(n, counted[g].acked);
	return 0;
}

static void
same_everything(struct mqs_spool *s)
{
	static int wanted[MANY];
	size_t i;
	int g;

	for (i = 0; i < nmodel; i++)
		wanted[i] = model[i].there;
	same(s, NULL, NULL, wanted);
	same_of_keys(s);
	same_newest(s);
	for (g = 0; g < GROUPS; g++)
		same_of_group(s, g);
	ok(mqs_stat(s, queue, NULL, NULL, same_counts, NULL, &err));
}

/* A copy has all that the queue has. */
static void
back_up(void)
{
	const struct mqs_options options = { .flags = MQS_AUTOCREATE };
	struct mqs_spool *copy;
	struct mqs_backup b;
	char path[128], uuid[MQS_UUID_SIZE], of_copy[MQS_UUID_SIZE];

	snprintf(path, sizeof(path), "%s.copy", where);
	if (!ok(mqs_backup(spool, queue, path, &b, &err)))
		return;
	check_u64(b.groups, GROUPS);
	must(mqs_spool_open(&copy, path, &options, &err) == MQS_OK);
	ok(mqs_queue_uuid(spool, queue, uuid, &err));
	ok(mqs_queue_uuid(copy, queue, of_copy, &err));
	check_str(of_copy, uuid);
	same_everything(copy);
	mqs_spool_free(copy);
	(void)nftw(path, tree_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static void
step(void)
{
	const int g = (int)chance(GROUPS);
	unsigned n = chance(100);

	if (n < 25)
		publish_some();
	else if (n < 33)
		publish_expecting();
	else if (n < 53)
		claim_some(g);
	else if (n < 75)
		settle_some(g);
	else if (n < 79)
		lose_consumer(g);
	else if (n < 84)
		trim();
	else if (n < 86)
		purge();
	else if (n < 89)
		rewind_group();
	else if (n < 92)
		compact();
	else if (n < 94)
		rename_queue();
	else if (n < 97)
		back_up();
	else
		change_index();
}

/* All of a group's consumers' trouble is over: each message comes once more, and is acked. */
static void
drain(int g)
{
	size_t i, rounds;

	for (rounds = 0; rounds < MANY; rounds++) {
		for (i = 0; i < ntaken[g]; i++) {
			const struct mqs_settlement s = { .verb = MQS_ACK,
			    .seq = taken[g][i].seq, .lease = taken[g][i].lease, .delay = -1 };

			ok(mqs_consumer_settle(consumers[g], &s, &err));
			taken[g][i].entry->acking[g] = 1;
		}
		i = ntaken[g];
		ntaken[g] = 0;
		claim_some(g);
		if (i == 0 && ntaken[g] == 0)
			break;
	}
	for (i = 0; i < nmodel; i++)
		check(!model[i].there || model[i].settled[g]);
}

static void
run(unsigned seed)
{
	int before = check_failures, i, g;

	state = seed;
	tables = seed % 3 == 2;
	indexed = tables;
	nmodel = 0;
	queue = "q";
	start();
	for (g = 0; g < GROUPS; g++) {
		ok(mqs_create(spool, queue, group_names[g], NULL, &err));
		ntaken[g] = 0;
		memset(&counted[g], 0, sizeof(counted[g]));
	}
	set("retain=1h");
	if (tables)
		set("compact=key");
	open_all();
	for (i = 0; i < STEPS && check_failures == before; i++) {
		step();
		sound(queue);
		same_everything(spool);
	}
	for (g = 0; g < GROUPS && check_failures == before; g++)
		drain(g);
	if (check_failures != before)
		printf("# seed %u, step %d\n", seed, i);
	for (g = 0; g < GROUPS; g++)
		mqs_consumer_free(consumers[g]);
	finish();
}

static void
test_model(void)
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
	run_test("a queue and its groups agree with a model of them", test_model);
	return finish_tests();
}
