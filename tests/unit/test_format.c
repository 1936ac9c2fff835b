/* test_format.c - printf-like output formats */
#include <stdlib.h>

#include "check.h"
#include "message/format.h"

static const char headers[] = "a\0" "1\0" "empty\0" "\0" "b\0" "x=y";

static const struct mqs_message example = {
	.key = "orders.eu", .key_len = 9, .headers = headers, .headers_len = sizeof(headers),
	.body = "bo\0dy", .body_len = 5, .body_fd = -1, .priority = 7,
	.seq = UINT64_C(1767323045000000006), .lease = 9,
	.time = INT64_C(1767323045123456789), .attempt = 3
};
static const struct mqs_envelope_place place = { .queue = "q", .group = "g",
	.receipt = "q/g/17.9" };

static void
check_format(const char *text, const struct mqs_message *m,
    const struct mqs_envelope_place *at, const char *want, size_t want_len)
{
	struct mqs_format *f;
	struct mqs_error err = { 0 };
	struct mqs_buf buf = { 0 };
	unsigned step = 0;

	if (!check_int(mqs_format_new(&f, text, &err), MQS_OK)) {
		printf("# %s: %s\n", text, err.text);
		return;
	}
	check_int(mqs_format_step(f, &step, &buf, m, at, &err), 0);
	if (!check_mem(buf.p, buf.n, want, want_len))
		printf("# \"%s\": \"%.*s\"\n", text, (int)buf.n, buf.p);
	check_int(mqs_format_step(f, &step, &buf, m, at, &err), 0);
	check_u64(buf.n, want_len);
	mqs_buf_free(&buf);
	mqs_format_free(f);
}

#define CHECK(text, want) check_format(text, &example, &place, want, sizeof(want) - 1)

static void
test_conversions(void)
{
	CHECK("", "");
	CHECK("plain", "plain");
	CHECK("%s", "bo\0dy");
	CHECK("%S", "5");
	CHECK("%k:%K", "orders.eu:9");
	CHECK("%T", "1767323045123");
	CHECK("%h", "a=1,empty=,b=x=y");
	CHECK("%t/%g", "q/g");
	CHECK("%o", "1767323045000000006");
	CHECK("%a %p", "3 7");
	CHECK("%r", "q/g/17.9");
	CHECK("100%%", "100%");
	CHECK("%%s%s%%", "%sbo\0dy%");
	CHECK("%k\\t%s\\n", "orders.eu\tbo\0dy\n");
	CHECK("\\0\\x25s\\\\%K\\xff", "\0%s\\9\xff");
}

static void
test_absent(void)
{
	static const struct mqs_message none = MQS_MESSAGE_INIT;
	static const struct mqs_envelope_place nowhere = { 0 };

	check_format("[%s|%S|%k|%K|%T|%h|%t|%g|%o|%a|%r|%p]", &none, &nowhere,
	    "[|0||0|0||||0|0||0]", 19);
}

static void
test_before_1970(void)
{
	struct mqs_message m = MQS_MESSAGE_INIT;

	m.time = -1500000000;
	check_format("%T", &m, &place, "-1500", 5);
}

static void
test_body_in_file(void)
{
	struct mqs_message m = example;
	struct mqs_format *f;
	struct mqs_error err;
	struct mqs_buf buf = { 0 };
	unsigned step = 0;

	m.body = NULL;
	m.body_fd = 99;
	m.body_len = 300000;
	if (!check_int(mqs_format_new(&f, "<%S:%s|%k|%s%s>", &err), MQS_OK))
		return;
	check_int(mqs_format_step(f, &step, &buf, &m, &place, &err), 1);
	check_mem(buf.p, buf.n, "<300000:", 8);
	buf.n = 0;
	check_int(mqs_format_step(f, &step, &buf, &m, &place, &err), 1);
	check_mem(buf.p, buf.n, "|orders.eu|", 11);
	buf.n = 0;
	check_int(mqs_format_step(f, &step, &buf, &m, &place, &err), 1);
	check_u64(buf.n, 0);
	check_int(mqs_format_step(f, &step, &buf, &m, &place, &err), 0);
	check_mem(buf.p, buf.n, ">", 1);
	mqs_buf_free(&buf);
	mqs_format_free(f);
}

static void
test_bad(void)
{
	static const struct {
		const char	*text, *why;
	} table[] = {
		{ "%q", "format has an unknown %q" },
		{ "%5s", "format has an unknown %5" },
		{ "%s%\n", "format has an unknown %?" },
		{ "%s %", "format ends in a lone %; write %% for a per cent sign" },
		{ "\\q", "format has an escape that is not \\n \\t \\r \\0 \\\\ or \\xNN" },
		{ "\\%s", "format has an escape that is not \\n \\t \\r \\0 \\\\ or \\xNN" }
	};
	struct mqs_format *f;
	struct mqs_error err;
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		f = (struct mqs_format *)&err;
		check_int(mqs_format_new(&f, table[i].text, &err), MQS_EINVAL);
		check_str(err.text, table[i].why);
		check(f == NULL);
	}
	mqs_format_free(NULL);
}

static void
test_has_receipt(void)
{
	struct mqs_format *f;

	check_int(mqs_format_new(&f, "%s%%r r", NULL), MQS_OK);
	check_int(mqs_format_has_receipt(f), 0);
	mqs_format_free(f);
	check_int(mqs_format_new(&f, "%s %r", NULL), MQS_OK);
	check_int(mqs_format_has_receipt(f), 1);
	mqs_format_free(f);
}

int
main(void)
{
	run_test("every conversion and escape", test_conversions);
	run_test("what is absent is empty or 0", test_absent);
	run_test("times before 1970", test_before_1970);
	run_test("a body in a file is left to the caller", test_body_in_file);
	run_test("formats that are none", test_bad);
	run_test("whether it names a receipt", test_has_receipt);
	return finish_tests();
}
