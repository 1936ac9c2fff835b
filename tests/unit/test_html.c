/* test_html.c - text of unknown origin can't become markup, and numbers as people read them */
#include <stdlib.h>

#include "base/clock.h"
#include "base/name.h"
#include "check.h"
#include "mqspool.h"
#include "stat/html.h"

#define GONE	"\xef\xbf\xbd"

static void
check_text(const char *text, size_t n, const char *want)
{
	struct mqs_buf have = { 0 };

	html_bytes(&have, text, n);
	check_mem(have.p, have.n, want, strlen(want));
	mqs_buf_free(&have);
}

#define CHECK_TEXT(text, want)	check_text(text, sizeof(text) - 1, want)

static void
test_markup(void)
{
	CHECK_TEXT("<script>alert(\"a\" + 'b')</script> & &amp;",
	    "&lt;script&gt;alert(&quot;a&quot; + &#39;b&#39;)&lt;/script&gt; &amp; &amp;amp;");
	CHECK_TEXT("", "");
	CHECK_TEXT("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\n\tx",
	    "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\n\tx");
}

static void
test_unseen(void)
{
	CHECK_TEXT("a\0b\x01\x1b[31m\r\x7f", "a" GONE "b" GONE GONE "[31m" GONE GONE);
	CHECK_TEXT("\xc2\x85|\xc2\xad", GONE "|" GONE);
	/* Right-to-left override, isolate, mark; zero width; byte order mark; a tag. */
	CHECK_TEXT("\xe2\x80\xae|\xe2\x81\xa6|\xe2\x80\x8f|\xe2\x80\x8b|\xef\xbb\xbf|\xf3\xa0\x80\xa1",
	    GONE "|" GONE "|" GONE "|" GONE "|" GONE "|" GONE);
	CHECK_TEXT("\xef\xbf\xbf|\xef\xb7\x90", GONE "|" GONE);
	/* The joiner of emoji and of scripts that need it stays. */
	CHECK_TEXT("\xe2\x80\x8d", "\xe2\x80\x8d");
}

static void
test_invalid(void)
{
	CHECK_TEXT("\xff<\xc0\xbc\xe2\x82", GONE "&lt;" GONE GONE GONE GONE);
	CHECK_TEXT("\xed\xa0\x80", GONE GONE GONE);	/* a surrogate */
	CHECK_TEXT("\xc3", GONE);
}

/* Whatever comes in, what comes out is UTF-8 text without markup. */
static void
test_anything(void)
{
	static const char parts[][8] = {
		"<", ">", "&", "\"", "'", "&#60;", "\xe2\x80", "\xae", "\xf0\x9f", "\x80", "\xc0",
		"script", "\x1b", "-->", "]]>", "\xef\xbb\xbf"
	};
	unsigned seed = 20261126;
	char text[64];
	struct mqs_buf out = { 0 };
	size_t i, n, round;

	for (round = 0; round < 20000; round++) {
		for (n = 0; n < sizeof(text) - 8;) {
			seed = seed * 1103515245u + 12345u;
			if ((seed >> 16) % 3 == 0) {
				text[n++] = (char)(seed >> 20);
				continue;
			}
			i = (seed >> 20) % (sizeof(parts) / sizeof(parts[0]));
			memcpy(text + n, parts[i], strlen(parts[i]));
			n += strlen(parts[i]);
		}
		out.n = 0;
		html_bytes(&out, text, n);
		if (!check(mqs_utf8_valid(out.p, out.n, 1) == out.n))
			break;
		for (i = 0; i < out.n; i++) {
			const char *p = out.p + i;
			int wrong = strchr("<>\"'", *p) != NULL ||
			    ((unsigned char)*p < ' ' && *p != '\n' && *p != '\t');

			if (*p == '&')
				wrong = strncmp(p, "&lt;", 4) != 0 && strncmp(p, "&gt;", 4) != 0 &&
				    strncmp(p, "&amp;", 5) != 0 && strncmp(p, "&#39;", 5) != 0 &&
				    strncmp(p, "&quot;", 6) != 0;
			if (!check(!wrong))
				break;
		}
	}
	mqs_buf_free(&out);
}

static void
test_beginning(void)
{
	struct mqs_buf b = { 0 };

	html_beginning(&b, "caf\xc3\xa9!", 4);	/* not half of a character */
	check_mem(b.p, b.n, "caf...", 6);
	b.n = 0;
	html_beginning(&b, "<ab", 3);
	check_mem(b.p, b.n, "&lt;ab", 6);
	b.n = 0;
	html_beginning(&b, "\x80\x80\x80", 1);
	check_mem(b.p, b.n, "...", 3);
	mqs_buf_free(&b);
}

/* Appends with a blank behind. */
#define EACH(call)	do { call; check(mqs_buf_addc(&b, ' ') == 0); } while (0)

static void
test_numbers(void)
{
	const int64_t now = 1000000 * MQS_SECOND;
	struct mqs_buf b = { 0 };
	const char *want = "0 999 1,000 1,234,567 ? ? "
	    "1,023B 1.0K 10K 1.5M 1.0G 16E ? "
	    "- ? 0s 119s 2m 119m 2h 2d "
	    "- 0 &lt;0.1 0.5 9.9 10 12,346 "
	    "<time datetime=\"1970-01-12T13:46:40Z\">1970-01-12 13:46:40</time> ";

	EACH(html_number(&b, 0));
	EACH(html_number(&b, 999));
	EACH(html_number(&b, 1000));
	EACH(html_number(&b, 1234567));
	EACH(html_number(&b, MQS_UNKNOWN));
	EACH(html_count(&b, MQS_UNKNOWN_COUNT));
	EACH(html_size(&b, 1023));
	EACH(html_size(&b, 1024));
	EACH(html_size(&b, 10240));
	EACH(html_size(&b, 1572864));
	EACH(html_size(&b, 1073741823));
	EACH(html_size(&b, UINT64_MAX - 1));
	EACH(html_size(&b, MQS_UNKNOWN));
	EACH(html_age(&b, 0, now));
	EACH(html_age(&b, MQS_UNKNOWN_TIME, now));
	EACH(html_age(&b, now + 5, now));
	EACH(html_age(&b, now - 119 * MQS_SECOND, now));
	EACH(html_age(&b, now - 120 * MQS_SECOND, now));
	EACH(html_age(&b, now - 7199 * MQS_SECOND, now));
	EACH(html_age(&b, now - 7200 * MQS_SECOND, now));
	EACH(html_age(&b, now - 2 * 86400 * MQS_SECOND, now));
	EACH(html_rate(&b, -1));
	EACH(html_rate(&b, 0));
	EACH(html_rate(&b, 0.01));
	EACH(html_rate(&b, 0.5));
	EACH(html_rate(&b, 9.9));
	EACH(html_rate(&b, 9.96));
	EACH(html_rate(&b, 12345.6));
	EACH(html_time(&b, now));
	check_mem(b.p, b.n, want, strlen(want));
	if (b.n != strlen(want) || memcmp(b.p, want, b.n) != 0)
		printf("# %.*s\n", (int)b.n, b.p);
	mqs_buf_free(&b);
}

int
main(void)
{
	run_test("markup is escaped, text is not", test_markup);
	run_test("what has no form of its own is shown as U+FFFD", test_unseen);
	run_test("what is not UTF-8 is shown as U+FFFD", test_invalid);
	run_test("nothing becomes markup", test_anything);
	run_test("a beginning is cut between two characters", test_beginning);
	run_test("numbers, sizes, ages, rates and times", test_numbers);
	return finish_tests();
}
