/*
 * test_key_order.c - which of a key's messages goes out next, against tables in memory
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "engine/key_order.h"

#define KEYS	4
#define IDS	64

struct tables {
	uint64_t	busy[KEYS + 1];		/* id; 0: idle */
	uint64_t	parked[IDS];		/* key of the message of that id; 0: not parked */
	int		fail;			/* calls until one fails; 0: none does */
};

static int
fails(struct tables *t)
{
	return t->fail > 0 && --t->fail == 0;
}

static int
busy(void *in, uint64_t key, uint64_t *id, struct mqs_error *err)
{
	struct tables *t = in;

	(void)err;
	if (fails(t))
		return MQS_EIO;
	*id = t->busy[key];
	return *id == 0 ? MQS_NOTHING : MQS_OK;
}

static int
set_busy(void *in, uint64_t key, uint64_t id, struct mqs_error *err)
{
	struct tables *t = in;

	(void)err;
	if (fails(t))
		return MQS_EIO;
	t->busy[key] = id;
	return MQS_OK;
}

static int
set_idle(void *in, uint64_t key, struct mqs_error *err)
{
	return set_busy(in, key, 0, err);
}

static int
unpark(void *in, uint64_t key, uint64_t *id, struct mqs_error *err)
{
	struct tables *t = in;

	(void)err;
	if (fails(t))
		return MQS_EIO;
	for (*id = 1; *id < IDS; ++*id)
		if (t->parked[*id] == key) {
			t->parked[*id] = 0;
			return MQS_OK;
		}
	return MQS_NOTHING;
}

static const struct mqs_key_order order = { busy, set_busy, set_idle, unpark };

static void
test_one_at_a_time(void)
{
	struct tables t = { .busy = { 0 } };
	int out;

	check_int(mqs_key_order_enter(&order, &t, 1, 10, &out, NULL), MQS_OK);
	check_int(out, 1);
	check_int(mqs_key_order_enter(&order, &t, 1, 11, &out, NULL), MQS_OK);
	check_int(out, 0);
	t.parked[11] = 1;
	check_int(mqs_key_order_enter(&order, &t, 2, 12, &out, NULL), MQS_OK);
	check_int(out, 1);
	/* A retry of what is out keeps its place. */
	check_int(mqs_key_order_enter(&order, &t, 1, 10, &out, NULL), MQS_OK);
	check_int(out, 1);
	/* Who is not out has no place to give. */
	check_int(mqs_key_order_leave(&order, &t, 1, 11, NULL), MQS_OK);
	check_u64(t.busy[1], 10);
	check_int(mqs_key_order_leave(&order, &t, 1, 10, NULL), MQS_OK);
	check_u64(t.busy[1], 11);
	check_u64(t.parked[11], 0);
	check_int(mqs_key_order_leave(&order, &t, 1, 11, NULL), MQS_OK);
	check_u64(t.busy[1], 0);
	check_u64(t.busy[2], 12);
}

static void
test_no_key(void)
{
	struct tables t = { .fail = 1 };	/* no table is asked */
	struct mqs_message m = MQS_MESSAGE_INIT;
	int out = 0;

	check_u64(mqs_key_hash(&m), 0);
	check_int(mqs_key_order_enter(&order, &t, 0, 1, &out, NULL), MQS_OK);
	check_int(out, 1);
	check_int(mqs_key_order_leave(&order, &t, 0, 1, NULL), MQS_OK);
	m.key = "k";
	m.key_len = 1;
	check(mqs_key_hash(&m) != 0);
}

static void
test_errors(void)
{
	int out, n;

	for (n = 1; n <= 2; n++) {
		struct tables t = { .fail = n };

		check_int(mqs_key_order_enter(&order, &t, 1, 1, &out, NULL), MQS_EIO);
	}
	for (n = 1; n <= 3; n++) {
		struct tables t = { .busy = { 0, 1 }, .fail = n };

		t.parked[2] = 1;
		check_int(mqs_key_order_leave(&order, &t, 1, 1, NULL), MQS_EIO);
	}
}

/* Messages by chance: of each key one is out, all go out once, in the order of their ids. */
static void
test_by_chance(void)
{
	struct tables t = { .busy = { 0 } };
	uint64_t last[KEYS + 1] = { 0 }, key_of[IDS] = { 0 }, id = 1;
	unsigned done = 0;
	int out;

	srandom(7);
	while (done < IDS - 1) {
		uint64_t key = 1 + (uint64_t)random() % KEYS;

		if (id < IDS && random() % 2 == 0) {
			key_of[id] = key;
			check_int(mqs_key_order_enter(&order, &t, key, id, &out, NULL), MQS_OK);
			if (!out)
				t.parked[id] = key;
			id++;
		} else if (t.busy[key] != 0) {
			check(key_of[t.busy[key]] == key);
			check(t.busy[key] > last[key]);
			last[key] = t.busy[key];
			check_int(mqs_key_order_leave(&order, &t, key, t.busy[key], NULL), MQS_OK);
			done++;
		}
	}
}

int
main(void)
{
	run_test("one message of a key at a time", test_one_at_a_time);
	run_test("the empty key has no order", test_no_key);
	run_test("an error of a table is returned", test_errors);
	run_test("by chance: each once, in order", test_by_chance);
	return finish_tests();
}
