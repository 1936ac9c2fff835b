/* test_headers.c - headers, and what a message may be */
#include <stdlib.h>

#include "base/error.h"
#include "check.h"
#include "message/headers.h"

/* A literal with its inner NULs; the last one is the literal's own. */
#define RUN(s) (s), sizeof(s)

static void
test_next(void)
{
	const char *name, *value;
	size_t pos = 0;

	check(mqs_headers_next(NULL, 0, &pos, &name, &value) == 0);
	check(mqs_headers_next(RUN("a\0one\0b\0"), &pos, &name, &value) == 1);
	check_str(name, "a");
	check_str(value, "one");
	check(mqs_headers_next(RUN("a\0one\0b\0"), &pos, &name, &value) == 1);
	check_str(name, "b");
	check_str(value, "");
	check(mqs_headers_next(RUN("a\0one\0b\0"), &pos, &name, &value) == 0);
}

/* Each in a block of its own size, for the address sanitizer to guard. */
static void
test_next_malformed(void)
{
	static const struct mqs_slice runs[] = {
		{ "a", 1 }, { "a\0", 2 }, { "a\0b", 3 }, { "\0", 1 },
		{ "a\0b\0c\0d", 7 }, { "a\0b\0c\0", 6 }
	};
	size_t i;

	for (i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		char *copy = malloc(runs[i].n);
		const char *name, *value;
		size_t pos = 0;
		int n = 0;

		if (!check(copy != NULL))
			return;
		memcpy(copy, runs[i].p, runs[i].n);
		while (mqs_headers_next(copy, runs[i].n, &pos, &name, &value))
			n++;
		check_int(n, i < 4 ? 0 : 1);
		free(copy);
	}
}

static void
test_add_and_get(void)
{
	static const char want[] = "a\0one\0b\0\0a\0two";
	struct mqs_buf b = { 0 };

	check(mqs_headers_get(NULL, 0, "a") == NULL);
	check_int(mqs_headers_add(&b, "a", 1, "one", 3), 0);
	check_int(mqs_headers_add(&b, "b", 1, NULL, 0), 0);
	check_int(mqs_headers_add(&b, "a", 1, "two", 3), 0);
	check_mem(b.p, b.n, want, sizeof(want));
	check_str(mqs_headers_get(b.p, b.n, "a"), "one");
	check_str(mqs_headers_get(b.p, b.n, "b"), "");
	check(mqs_headers_get(b.p, b.n, "one") == NULL);
	mqs_buf_free(&b);
}

static void
json_is(const char *headers, size_t len, const char *want)
{
	struct mqs_buf b = { 0 };

	check_int(mqs_headers_json(&b, headers, len), 0);
	check_mem(b.p, b.n, want, strlen(want));
	mqs_buf_free(&b);
}

static void
test_json(void)
{
	json_is(NULL, 0, "{}");
	json_is(RUN("a\0b"), "{\"a\":\"b\"}");
	json_is(RUN("z\0\0a\0b"), "{\"z\":\"\",\"a\":\"b\"}");
	json_is(RUN("a\"\0\\\n\001"), "{\"a\\\"\":\"\\\\\\n\\u0001\"}");
	json_is(RUN("\xc3\xa9\0\xe2\x82\xac"), "{\"\xc3\xa9\":\"\xe2\x82\xac\"}");
	/* Never checked, so never trusted: still valid JSON. */
	json_is(RUN("a\0x\xffy\xc3"), "{\"a\":\"x\xef\xbf\xbdy\xef\xbf\xbd\"}");
}

static void
test_json_repeated(void)
{
	json_is(RUN("b\0x\0a\0y\0b\0z\0c\0w\0b\0"),
	    "{\"b\":[\"x\",\"z\",\"\"],\"a\":\"y\",\"c\":\"w\"}");
	/* Only equal names are equal, whatever their order when sorted. */
	json_is(RUN("ab\0x\0a\0y\0aa\0z\0a\0x"),
	    "{\"ab\":\"x\",\"a\":[\"y\",\"x\"],\"aa\":\"z\"}");
}

/* As many as fit: must not take a comparison of each with each. */
static void
test_json_many(void)
{
	struct mqs_buf h = { 0 }, b = { 0 }, want = { 0 };
	int i;

	check_int(mqs_buf_add(&want, "{\"x\":[", 6), 0);
	for (i = 0; i < 10000; i++) {
		check_int(mqs_headers_add(&h, "x", 1, &"12345"[i % 5], 1), 0);
		check_int(mqs_buf_addf(&want, "%s\"%c\"", i ? "," : "",
		    "12345"[i % 5]), 0);
	}
	check_int(mqs_headers_add(&h, "y", 1, "", 0), 0);
	check_int(mqs_buf_addf(&want, "],\"y\":\"\"}"), 0);
	check_int(mqs_headers_json(&b, h.p, h.n), 0);
	check_mem(b.p, b.n, want.p, want.n);
	mqs_buf_free(&h);
	mqs_buf_free(&b);
	mqs_buf_free(&want);
}

/* ------------------------------------------------------------ checking -- */

static void
good(const struct mqs_message *m)
{
	struct mqs_error err = { 0 };

	check_int(mqs_message_check(m, &err), MQS_OK);
	check_str(err.text, "");
}

static void
bad(const struct mqs_message *m, const char *text)
{
	struct mqs_error err = { 0 };

	check_int(mqs_message_check(m, &err), MQS_EDATA);
	check_int(err.code, MQS_EDATA);
	check_str(err.text, text);
	check_int(mqs_message_check(m, NULL), MQS_EDATA);
}

static void
test_check_plain(void)
{
	struct mqs_message m = MQS_MESSAGE_INIT;
	struct mqs_error err;

	good(&m);
	m.key = "";
	m.headers = "";
	m.body = "x";
	m.body_len = 1;
	good(&m);
	m.priority = 9;
	m.not_before = INT64_MAX;
	m.expires = INT64_MAX;
	good(&m);
	m.body = NULL;
	m.body_fd = 0;
	good(&m);
	m.body_fd = -1;
	check_int(mqs_message_check(&m, &err), MQS_EINVAL);
	check_str(err.text, "body has 1 bytes, and nothing to read them from");
}

static void
test_check_numbers(void)
{
	struct mqs_message m = MQS_MESSAGE_INIT;

	m.priority = 10;
	bad(&m, "priority is 10, not 0 to 9");
	m.priority = -1;
	bad(&m, "priority is -1, not 0 to 9");
	m.priority = 0;
	m.not_before = -1;
	bad(&m, "not-before time lies before 1970");
	m.not_before = 0;
	m.expires = INT64_MIN;
	bad(&m, "expiry lies before 1970");
}

static void
test_check_key(void)
{
	struct mqs_message m = MQS_MESSAGE_INIT;
	char key[MQS_KEY_MAX + 1];
	struct mqs_error err;

	memset(key, 'k', sizeof(key));
	m.key = key;
	m.key_len = MQS_KEY_MAX;
	good(&m);
	m.key_len++;
	bad(&m, "key has 256 bytes, at most 255");
	m.key = "\xc3\xa9";
	m.key_len = 2;
	good(&m);
	m.key_len = 1;
	bad(&m, "key is not UTF-8 (byte 1)");
	m.key = "ab\xff";
	m.key_len = 3;
	bad(&m, "key is not UTF-8 (byte 3)");
	m.key = "a\0b";
	bad(&m, "key contains NUL (byte 2)");
	m.key = NULL;
	check_int(mqs_message_check(&m, &err), MQS_EINVAL);
}

static void
test_check_headers(void)
{
	struct mqs_message m = MQS_MESSAGE_INIT;
	struct mqs_error err;
	char *big;

	m.headers = "a\0b\0c\0";
	m.headers_len = 7;
	good(&m);
	m.headers_len = 6;
	bad(&m, "header 2 has no value (byte 5 of the headers)");
	m.headers_len = 5;
	bad(&m, "header 2 has no value (byte 5 of the headers)");
	m.headers_len = 1;
	bad(&m, "header 1 has no value (byte 1 of the headers)");
	m.headers = "a\0b\0\0x";
	m.headers_len = 7;
	bad(&m, "header 2 has an empty name");
	m.headers = "a\0b\0x\xc0\0";
	m.headers_len = 8;
	bad(&m, "name of header 2 is not UTF-8 (byte 2)");
	m.headers = "a\0b\xed\xa0\x80";
	m.headers_len = 7;
	bad(&m, "value of header 1 is not UTF-8 (byte 2)");
	m.headers = NULL;
	check_int(mqs_message_check(&m, &err), MQS_EINVAL);

	if (!check((big = malloc(MQS_HEADERS_MAX + 1)) != NULL))
		return;
	memset(big, 'h', MQS_HEADERS_MAX + 1);
	big[1] = big[MQS_HEADERS_MAX - 1] = '\0';
	m.headers = big;
	m.headers_len = MQS_HEADERS_MAX;
	good(&m);
	big[MQS_HEADERS_MAX - 1] = 'h';
	big[MQS_HEADERS_MAX] = '\0';
	m.headers_len++;
	bad(&m, "headers have 65537 bytes, at most 65536");
	free(big);
}

static void
test_check_message_id(void)
{
	struct mqs_message m = MQS_MESSAGE_INIT;
	char id[MQS_MSGID_MAX + 1];

	memset(id, 'i', sizeof(id));
	m.message_id = id;
	bad(&m, "message id is empty");
	m.message_id_len = MQS_MSGID_MAX;
	good(&m);
	m.message_id_len++;
	bad(&m, "message id has 256 bytes, at most 255");
	m.message_id_len = 3;
	m.message_id = "a\nb";
	bad(&m, "message id has a control character (byte 2)");
	m.message_id = "ab\x7f";
	bad(&m, "message id has a control character (byte 3)");
	m.message_id = "a\xc2\x9b";
	bad(&m, "message id has a control character (byte 2)");
	m.message_id = "a\xc2\xa0";
	good(&m);
	m.message_id = "a\0b";
	bad(&m, "message id contains NUL (byte 2)");
	m.message_id = "a\xf5""b";
	bad(&m, "message id is not UTF-8 (byte 2)");
}

static void
test_fill(void)
{
	static const char want[] = "c\0three\0a\0one";
	struct mqs_buf b = { 0 };

	check_int(mqs_headers_fill(&b, RUN("b\0two"), RUN("c\0three\0b\0other\0a\0one")), 0);
	check(b.n == sizeof(want) && memcmp(b.p, want, b.n) == 0);
	check_int(mqs_headers_fill(&b, NULL, 0, NULL, 0), 0);
	check(b.n == sizeof(want));
	mqs_buf_free(&b);
}

int
main(void)
{
	run_test("headers are stepped through", test_next);
	run_test("malformed headers end early", test_next_malformed);
	run_test("headers are added and found", test_add_and_get);
	run_test("headers as a JSON object", test_json);
	run_test("repeated names have an array of values", test_json_repeated);
	run_test("very many headers", test_json_many);
	run_test("check: plain messages", test_check_plain);
	run_test("check: priority and times", test_check_numbers);
	run_test("check: key", test_check_key);
	run_test("check: headers", test_check_headers);
	run_test("check: message id", test_check_message_id);
	run_test("headers of other names fill what is lacking", test_fill);
	return finish_tests();
}
