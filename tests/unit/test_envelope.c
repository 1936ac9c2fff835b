/* test_envelope.c - what is written and parsed again has lost nothing */
#include <stdlib.h>

#include "check.h"
#include "message/envelope.h"
#include "message/headers.h"

static const struct mqs_envelope_place nowhere = { 0 };

/* From a block of its own size, for the address sanitizer to guard. */
static int
parse_n(struct mqs_envelope *e, const char *line, size_t n, int origin,
    struct mqs_error *err)
{
	char *copy = malloc(n + 1);
	int rc;

	if (copy == NULL)
		abort();
	memcpy(copy + 1, line, n);
	rc = mqs_envelope_parse(e, copy + 1, n, origin, err);
	free(copy);
	return rc;
}

static uint64_t
next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state * UINT64_C(0x2545f4914f6cdd1d) >> 16;
}

static void
same(const struct mqs_message *a, const struct mqs_message *b)
{
	check_mem(b->key, b->key_len, a->key, a->key_len);
	check_mem(b->headers, b->headers_len, a->headers, a->headers_len);
	check_mem(b->body, (size_t)b->body_len, a->body, (size_t)a->body_len);
	check_int(b->message_id == NULL, a->message_id == NULL);
	if (a->message_id != NULL && b->message_id != NULL)
		check_mem(b->message_id, b->message_id_len, a->message_id,
		    a->message_id_len);
	check_int(b->priority, a->priority);
	check_int(b->not_before, a->not_before);
	check_int(b->expires, a->expires);
	check_u64(b->attempt, a->attempt);
}

static void
round_trip(struct mqs_envelope *e, const struct mqs_message *m)
{
	struct mqs_buf b = { 0 }, again = { 0 };
	struct mqs_error err = { 0 };

	check_int(mqs_envelope_write(&b, m, &nowhere, &err), MQS_OK);
	check(memchr(b.p, '\n', b.n) == NULL);
	if (check_int(parse_n(e, b.p, b.n, 0, &err), MQS_OK)) {
		struct mqs_message copy = e->message;

		same(m, &e->message);
		check_int(e->time, m->time);
		copy.time = e->time;
		copy.seq = m->seq;
		check_int(mqs_envelope_write(&again, &copy, &nowhere, &err), 0);
		check_mem(again.p, again.n, b.p, b.n);
	} else
		printf("# %s\n", err.text);
	mqs_buf_free(&b);
	mqs_buf_free(&again);
}

/* Text of n characters of every length of UTF-8, with or without NUL. */
static void
random_text(struct mqs_buf *b, uint64_t *state, size_t n, int text)
{
	static const char *const wide[] = {
		"\xc2\x80", "\xc3\xa9", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
		"\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"
	};

	while (n-- > 0) {
		uint64_t r = next_random(state);
		char c = (char)(r >> 8 & 0x7f);

		if (r % 8 == 0)
			check_int(mqs_buf_add(b, wide[r / 8 % 9],
			    strlen(wide[r / 8 % 9])), 0);
		else
			check_int(mqs_buf_addc(b, c == 0 && text ? 1 : c), 0);
	}
}

static void
random_headers(struct mqs_buf *b, uint64_t *state)
{
	uint64_t n = next_random(state) % 6, i;
	struct mqs_buf value = { 0 };

	/* Names in the order in which the object has them: repeats follow. */
	for (i = 0; i < n; i++) {
		char name[16];
		int len = snprintf(name, sizeof(name), "n\"%d", (int)i / 2);

		value.n = 0;
		random_text(&value, state, next_random(state) % 12, 1);
		check_int(mqs_headers_add(b, name, (size_t)len, value.p,
		    value.n), 0);
	}
	mqs_buf_free(&value);
}

static void
random_message(struct mqs_message *m, struct mqs_buf b[3], uint64_t *state)
{
	uint64_t r = next_random(state);
	size_t n = next_random(state) % 200;

	b[0].n = b[1].n = b[2].n = 0;
	random_text(&b[0], state, next_random(state) % 60, 1);
	random_headers(&b[1], state);
	if (r & 1)
		random_text(&b[2], state, n, 0);
	else
		while (n-- > 0)
			check_int(mqs_buf_addc(&b[2], (char)next_random(state)), 0);
	m->key = b[0].p;
	m->key_len = b[0].n;
	m->headers = b[1].p;
	m->headers_len = b[1].n;
	m->body = b[2].n > 0 ? b[2].p : "";
	m->body_len = b[2].n;
	m->priority = (int)(r >> 1 & 7);
	m->not_before = r & 16 ? 0 : (int64_t)(next_random(state) << 15);
	m->expires = r & 32 ? 0 : (int64_t)(next_random(state) << 14);
	m->time = (int64_t)(next_random(state) << 13);
	m->attempt = (unsigned)(r >> 8 & 3);
	m->message_id = r & 64 ? NULL : "id \xc3\xa9\"\\";
	m->message_id_len = r & 64 ? 0 : 7;
	m->seq = next_random(state);
}

static void
test_round_trip_random(void)
{
	struct mqs_buf b[3] = { { 0 } };
	struct mqs_envelope e = { 0 };
	uint64_t state = 88172645463325252;
	int i;

	for (i = 0; i < 5000; i++) {
		struct mqs_message m = MQS_MESSAGE_INIT;

		random_message(&m, b, &state);
		round_trip(&e, &m);
	}
	for (i = 0; i < 3; i++)
		mqs_buf_free(&b[i]);
	mqs_envelope_free(&e);
}

/* Every byte alone, and beside every kind of neighbour, is a body. */
static void
test_round_trip_bytes(void)
{
	struct mqs_envelope e = { 0 };
	struct mqs_message m = MQS_MESSAGE_INIT;
	unsigned char body[2];
	int i, j;

	m.body = body;
	for (i = 0; i < 256; i++)
		for (j = 0; j < 256; j += 15) {
			body[0] = (unsigned char)i;
			body[1] = (unsigned char)j;
			m.body_len = j == 0 ? 1 : 2;
			round_trip(&e, &m);
		}
	mqs_envelope_free(&e);
}

static void
test_round_trip_extremes(void)
{
	struct mqs_message m = MQS_MESSAGE_INIT;
	struct mqs_envelope e = { 0 };
	struct mqs_buf h = { 0 }, big = { 0 };
	char key[MQS_KEY_MAX];

	memset(key, '\\', sizeof(key));
	m.key = m.message_id = key;
	m.key_len = m.message_id_len = sizeof(key);
	m.not_before = m.expires = m.time = INT64_MAX;
	m.attempt = UINT32_MAX;
	m.priority = 9;
	check_int(mqs_buf_addf(&big, "%065533d", 0), 0);
	check_int(mqs_headers_add(&h, "n", 1, big.p, big.n), 0);
	check_int(h.n, MQS_HEADERS_MAX);
	m.headers = h.p;
	m.headers_len = h.n;
	check_int(mqs_buf_reserve(&big, 3u << 20), 0);
	big.n = 3u << 20;
	memset(big.p, '"', big.n);
	m.body = big.p;
	m.body_len = big.n;
	round_trip(&e, &m);
	memset(big.p, 0xff, big.n);
	round_trip(&e, &m);
	check(e.store.cap >= big.n);
	m.body_len = 0;
	round_trip(&e, &m);
	check(e.store.cap < 1u << 20);		/* room for the large is given back */
	mqs_buf_free(&h);
	mqs_buf_free(&big);
	mqs_envelope_free(&e);
}

int
main(void)
{
	run_test("round trip of random messages", test_round_trip_random);
	run_test("round trip of every byte", test_round_trip_bytes);
	run_test("round trip of extremes", test_round_trip_extremes);
	return finish_tests();
}
