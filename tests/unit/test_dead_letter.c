/* test_dead_letter.c - the headers of dead letters, and the queue they go to */
#include <string.h>

#include "check.h"
#include "engine/dead_letter.h"
#include "message/headers.h"

static struct mqs_message
with_headers(struct mqs_buf *buf)
{
	struct mqs_message m = MQS_MESSAGE_INIT;

	m.headers = buf->p;
	m.headers_len = buf->n;
	return m;
}

static void
test_queue(void)
{
	char name[MQS_DEAD_LETTER_NAME];

	check_int(mqs_dead_letter_queue("q", "", name), 1);
	check_str(name, "q.dead");
	check_int(mqs_dead_letter_queue("q", "graves", name), 1);
	check_str(name, "graves");
	check_int(mqs_dead_letter_queue("q.dead", "", name), 0);
	check_int(mqs_dead_letter_queue("q.dead", "graves", name), 1);
	check_int(mqs_dead_letter_queue("graves", "graves", name), 0);
	check_int(mqs_dead_letter_queue(".dead", "", name), 1);
	check_str(name, ".dead.dead");
}

static void
test_round_trip(void)
{
	const struct mqs_death death = { .queue = "orders", .group = "bill", .id = "3:17",
	    .reason = "exit 1", .detail = "no \x01" "disk\xff", .attempts = 5,
	    .time = 1000000000 };
	struct mqs_buf own = { 0 }, all = { 0 }, back = { 0 };
	struct mqs_message m;
	struct mqs_dead_letter l;

	check_int(mqs_headers_add(&own, "a", 1, "1", 1), 0);
	m = with_headers(&own);
	check_int(mqs_dead_letter_read(&l, &m), 0);
	check_int(mqs_dead_letter_headers(&all, &m, &death), 0);
	m = with_headers(&all);
	check_int(mqs_dead_letter_read(&l, &m), 1);
	check_str(l.queue, "orders");
	check_str(l.group, "bill");
	check_str(l.id, "3:17");
	check_str(l.reason, "exit 1");
	check_str(mqs_headers_get(m.headers, m.headers_len, "mq-dead-attempts"), "5");
	check_str(mqs_headers_get(m.headers, m.headers_len, "mq-dead-time"),
	    "1970-01-01T00:00:01.000000000Z");
	check_str(mqs_headers_get(m.headers, m.headers_len, "mq-dead-stderr"), "no ?disk?");
	check_int(mqs_dead_letter_own_headers(&back, &m), 0);
	check(back.n == own.n && memcmp(back.p, own.p, own.n) == 0);
	mqs_buf_free(&own);
	mqs_buf_free(&all);
	mqs_buf_free(&back);
}

/* A letter that dies again: the last set counts, and what is before it is the message's. */
static void
test_last_set(void)
{
	struct mqs_death death = { .queue = "a", .group = "g", .id = "1", .attempts = 1 };
	struct mqs_buf once = { 0 }, twice = { 0 }, back = { 0 };
	struct mqs_message m = MQS_MESSAGE_INIT;
	struct mqs_dead_letter l;

	check_int(mqs_dead_letter_headers(&once, &m, &death), 0);
	m = with_headers(&once);
	death.queue = "b";
	check_int(mqs_dead_letter_headers(&twice, &m, &death), 0);
	m = with_headers(&twice);
	check_int(mqs_dead_letter_read(&l, &m), 1);
	check_str(l.queue, "b");
	check_str(l.reason, "failed");
	check_int(mqs_dead_letter_own_headers(&back, &m), 0);
	check(back.n == once.n && memcmp(back.p, once.p, once.n) == 0);
	mqs_buf_free(&once);
	mqs_buf_free(&twice);
	mqs_buf_free(&back);
}

static void
test_malformed(void)
{
	static const char *const bad[][2] = { { "mq-dead-queue", "../x" },
	    { "mq-dead-group", "" }, { "mq-dead-id", NULL } };
	static const char *const names[] = { "mq-dead-queue", "mq-dead-group", "mq-dead-id" };
	struct mqs_dead_letter l;
	struct mqs_message m;
	size_t i, j;

	for (i = 0; i < 3; i++) {
		struct mqs_buf buf = { 0 };

		for (j = 0; j < 3; j++) {
			const char *value = strcmp(bad[i][0], names[j]) == 0 ? bad[i][1] : "q";

			if (value != NULL)
				check_int(mqs_headers_add(&buf, names[j], strlen(names[j]),
				    value, strlen(value)), 0);
		}
		m = with_headers(&buf);
		check_int(mqs_dead_letter_read(&l, &m), 0);
		mqs_buf_free(&buf);
	}
}

/* Where headers are full already, the message's last ones go, and that is said. */
static void
test_full_headers(void)
{
	static char value[MQS_HEADERS_MAX], reason[MQS_HEADERS_MAX + 2];
	struct mqs_death death = { .queue = "orders", .group = "bill", .id = "1",
	    .reason = "exit 1", .detail = "words" };
	struct mqs_buf own = { 0 }, all = { 0 };
	struct mqs_dead_letter l;
	struct mqs_message m;

	memset(value, 'x', sizeof(value));
	check_int(mqs_headers_add(&own, "a", 1, "first", 5), 0);
	check_int(mqs_headers_add(&own, "b", 1, value, sizeof(value) - 60), 0);
	check_int(mqs_headers_add(&own, "c", 1, "last", 4), 0);
	m = with_headers(&own);
	check_int(mqs_dead_letter_headers(&all, &m, &death), 0);
	check(all.n <= MQS_HEADERS_MAX);
	check_str(mqs_headers_get(all.p, all.n, "a"), "first");
	check(mqs_headers_get(all.p, all.n, "b") == NULL);
	check(mqs_headers_get(all.p, all.n, "c") == NULL);
	check_str(mqs_headers_get(all.p, all.n, "mq-dead-headers-dropped"), "2");
	check_str(mqs_headers_get(all.p, all.n, "mq-dead-time"), "1970-01-01T00:00:00.000000000Z");
	check_str(mqs_headers_get(all.p, all.n, "mq-dead-stderr"), "words");
	m = with_headers(&all);
	check_int(mqs_dead_letter_read(&l, &m), 1);
	check_str(l.queue, "orders");
	mqs_buf_free(&all);
	/* Nor does a long reason push anything out, and what fits to the byte stays. */
	memset(reason, 'r', sizeof(reason) - 1);
	death.reason = death.detail = reason;
	m = with_headers(&own);
	check_int(mqs_dead_letter_headers(&all, &m, &death), 0);
	check(all.n <= MQS_HEADERS_MAX);
	check_str(mqs_headers_get(all.p, all.n, "a"), "first");
	check_u64(strlen(mqs_headers_get(all.p, all.n, "mq-dead-stderr")), 16384);
	check_str(mqs_headers_get(all.p, all.n, "mq-dead-group"), "bill");
	mqs_buf_free(&own);
	mqs_buf_free(&all);
}

/* Headers that just fit are all there; one byte more, and the last of the message's goes. */
static void
test_fitting_headers(void)
{
	static char value[MQS_HEADERS_MAX];
	const struct mqs_death death = { .queue = "q", .group = "g", .id = "1" };
	struct mqs_message m = MQS_MESSAGE_INIT;
	struct mqs_buf own = { 0 }, all = { 0 };
	size_t room, more;

	check_int(mqs_dead_letter_headers(&all, &m, &death), 0);
	room = MQS_HEADERS_MAX - all.n;
	memset(value, 'x', sizeof(value));
	for (more = 0; more < 2; more++) {
		all.n = own.n = 0;
		check_int(mqs_headers_add(&own, "a", 1, value, room - 3 + more), 0);
		m = with_headers(&own);
		check_int(mqs_dead_letter_headers(&all, &m, &death), 0);
		check((mqs_headers_get(all.p, all.n, "a") == NULL) == (more == 1));
		check((mqs_headers_get(all.p, all.n, "mq-dead-headers-dropped") != NULL) ==
		    (more == 1));
	}
	mqs_buf_free(&own);
	mqs_buf_free(&all);
}

int
main(void)
{
	run_test("the queue that takes them", test_queue);
	run_test("written, read, and taken off again", test_round_trip);
	run_test("the last set counts", test_last_set);
	run_test("what is none", test_malformed);
	run_test("full headers", test_full_headers);
	run_test("headers that just fit", test_fitting_headers);
	return finish_tests();
}
