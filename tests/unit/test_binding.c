/* test_binding.c - what bindings match, how they are stored and written */
#include <stdlib.h>

#include "check.h"
#include "message/binding.h"

#define BINDING(kind, text) { kind, text, sizeof(text) - 1 }

static const struct mqs_binding
    all = BINDING(MQS_BIND_ALL, "b\0002\0a\0001\0"),
    any = BINDING(MQS_BIND_ANY, "b\0002\0a\0001\0"),
    key = BINDING(MQS_BIND_KEY, "a.*"),
    pattern = BINDING(MQS_BIND_PATTERN, "a.*"),
    empty = { MQS_BIND_KEY, NULL, 0 };

static int
match(const struct mqs_binding *b, const char *k, const char *headers, size_t n)
{
	struct mqs_message m = MQS_MESSAGE_INIT;

	m.key = k;
	m.key_len = strlen(k);
	m.headers = headers;
	m.headers_len = n;
	return mqs_binding_match(b, &m);
}

static int
match_first(const struct mqs_binding *b, const char *headers, size_t n)
{
	struct mqs_message m = MQS_MESSAGE_INIT;

	m.headers = headers;
	m.headers_len = n;
	return mqs_binding_match_first(b, &m);
}

#define WITH_FIRST(b, headers) match_first(b, headers, sizeof(headers) - 1)
#define WITH(b, headers) match(b, "", headers, sizeof(headers) - 1)

static void
test_keys(void)
{
	check(match(&pattern, "a.b", "", 0));
	check(match(&pattern, "a.*", "", 0));
	check(!match(&key, "a.b", "", 0));
	check(match(&key, "a.*", "", 0));
	check(match(&empty, "", "", 0));
	check(!match(&empty, "a", "", 0));
}

static void
test_headers(void)
{
	check(WITH(&all, "a\0001\0b\0002\0"));
	check(WITH(&all, "b\0002\0c\0003\0a\0001\0"));
	check(!WITH(&all, "a\0001\0"));
	check(!WITH(&all, "a\0001\0b\0003\0"));
	check(!WITH(&all, ""));
	check(WITH(&any, "a\0001\0"));
	check(WITH(&any, "c\0003\0b\0002\0"));
	check(!WITH(&any, "a\0002\0b\0001\0"));
	check(!WITH(&any, ""));
	check(WITH(&any, "a\0002\0a\0001\0"));
	check(!WITH_FIRST(&any, "a\0002\0a\0001\0"));
	check(WITH_FIRST(&any, "a\0001\0a\0002\0"));
	check(WITH(&all, "a\0002\0b\0002\0a\0001\0"));
	check(!WITH_FIRST(&all, "a\0002\0b\0002\0a\0001\0"));
	check(WITH_FIRST(&all, "a\0001\0b\0002\0a\0002\0"));
	/* A name may repeat: any of its values will do. */
	check(WITH(&all, "a\0000\0a\0001\0b\0002\0"));
}

static void
test_normal(void)
{
	static const char sorted[] = "\003a\0001\0b\0002\0";
	const struct mqs_binding twice =
	    BINDING(MQS_BIND_ALL, "a\0001\0b\0002\0a\0001\0");
	struct mqs_buf one = { 0 }, two = { 0 };
	struct mqs_binding back;
	struct mqs_error err;

	check_int(mqs_binding_normal(&one, &all), 0);
	check_mem(one.p, one.n, sorted, sizeof(sorted) - 1);
	check_int(mqs_binding_normal(&two, &twice), 0);
	check_mem(two.p, two.n, one.p, one.n);
	check_int(mqs_binding_decode(&back, (struct mqs_slice){ one.p, one.n },
	    &err), MQS_OK);
	check_int(back.kind, MQS_BIND_ALL);
	check_mem(back.text, back.text_len, sorted + 1, sizeof(sorted) - 2);
	check_int(mqs_binding_decode(&back, (struct mqs_slice){ "\005x", 2 }, &err),
	    MQS_EDAMAGED);
	check_int(mqs_binding_decode(&back, (struct mqs_slice){ "", 0 }, &err),
	    MQS_EDAMAGED);
	check_int(mqs_binding_decode(&back, (struct mqs_slice){ "\003a", 2 }, &err),
	    MQS_EDAMAGED);
	mqs_buf_free(&one);
	mqs_buf_free(&two);
}

/* Its text is the wanted one, and means the same binding. */
static void
check_text(const struct mqs_binding *b, const char *wanted)
{
	struct mqs_buf text = { 0 }, room = { 0 };
	struct mqs_binding back;
	struct mqs_error err;

	check_int(mqs_binding_format(&text, b), 0);
	check_str(text.p, wanted);
	if (check_int(mqs_binding_parse(&back, &room, text.p, &err), MQS_OK)) {
		check_int(back.kind, b->kind);
		check_mem(back.text, back.text_len, b->text, b->text_len);
	}
	mqs_buf_free(&text);
	mqs_buf_free(&room);
}

static void
test_text(void)
{
	const struct mqs_binding odd =
	    BINDING(MQS_BIND_ANY, "a&b=c%\0x&y=z%\n\0");
	const struct mqs_binding control = BINDING(MQS_BIND_KEY, "a\tb&c=%41");

	check_text(&pattern, "pattern:a.*");
	check_text(&key, "key:a.*");
	check_text(&empty, "key:");
	check_text(&all, "all:b=2&a=1");
	check_text(&odd, "any:a%26b%3Dc%25=x%26y=z%25%0A");
	check_text(&control, "key:a%09b&c=%2541");
}

static void
check_bad(const char *text, const char *why)
{
	struct mqs_buf room = { 0 };
	struct mqs_binding b;
	struct mqs_error err = { 0 };

	check_int(mqs_binding_parse(&b, &room, text, &err), MQS_EINVAL);
	check_str(err.text, why);
	mqs_buf_free(&room);
}

static void
test_bad_text(void)
{
	check_bad("", "begins with none of pattern:, key:, all: and any:");
	check_bad("a.*", "begins with none of pattern:, key:, all: and any:");
	check_bad("all:a", "a header without '='");
	check_bad("all:a=1&", "a header without '='");
	check_bad("all:=1", "binding: header 1 has an empty name");
	check_bad("key:%", "% without two hexadecimal digits behind it");
	check_bad("key:%4", "% without two hexadecimal digits behind it");
	check_bad("key:%4g", "% without two hexadecimal digits behind it");
	check_bad("key:%00", "contains NUL");
	check_bad("pattern:%ff", "pattern is not UTF-8 (byte 1)");
}

static void
test_check(void)
{
	const struct mqs_binding none = { MQS_BIND_ALL, "", 0 };
	const struct mqs_binding odd = { (enum mqs_binding_kind)9, "", 0 };
	const struct mqs_binding null = { MQS_BIND_KEY, NULL, 3 };
	struct mqs_error err;

	check_int(mqs_binding_check(&none, &err), MQS_EINVAL);
	check_str(err.text, "binding to no headers");
	check_int(mqs_binding_check(&odd, &err), MQS_EINVAL);
	check_str(err.text, "binding of an unknown kind (9)");
	check_int(mqs_binding_check(&null, &err), MQS_EINVAL);
	check_int(mqs_binding_check(&empty, &err), MQS_OK);
}

static void
test_options(void)
{
	const struct mqs_binding quoted = BINDING(MQS_BIND_PATTERN, "it's.#");
	struct mqs_buf options = { 0 };

	check_int(mqs_binding_options(&options, &quoted), 0);
	check_int(mqs_binding_options(&options, &key), 0);
	check_int(mqs_binding_options(&options, &any), 0);
	check_int(mqs_buf_addc(&options, '\0'), 0);
	check_str(options.p, "-k 'it'\\''s.#' --key 'a.*' -H 'b=2' -H 'a=1' --any ");
	mqs_buf_free(&options);
}

int
main(void)
{
	run_test("patterns and keys", test_keys);
	run_test("headers", test_headers);
	run_test("the normal form", test_normal);
	run_test("as text and back", test_text);
	run_test("malformed text", test_bad_text);
	run_test("malformed bindings", test_check);
	run_test("as options", test_options);
	return finish_tests();
}
