/* test_name.c - names of queues and groups, receipts, numbers, UTF-8 */
#include "base/name.h"
#include "check.h"

static const char n95[] = "0123456789abcdefghijABCDEFGHIJ_.-_.-_.-_"
    "0123456789abcdefghijABCDEFGHIJ_.-_.-_.-0123456789abcdef";

static void
test_names(void)
{
	static const char *const good[] = { "a", "_", "7", "orders", "orders.dead",
	    "A-b_c.d", n95 };
	static const char *const bad[] = { "", ".", "..", ".a", "-a", "a/b", "a b", "\xc3\xa4",
	    "a\n", "a:b", "a*" };
	char long_name[MQS_NAME_MAX + 2];
	const char *why;
	size_t i;

	check_u64(strlen(n95), MQS_NAME_MAX);
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		check_int(mqs_name_check(good[i], &why), 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		why = NULL;
		check_int(mqs_name_check(bad[i], &why), -1);
		check(why != NULL);
	}
	memset(long_name, 'x', MQS_NAME_MAX + 1);
	long_name[MQS_NAME_MAX + 1] = '\0';
	check_int(mqs_name_check(long_name, &why), -1);
	check_str(why, "a name has at most 95 bytes");
}

static void
test_split(void)
{
	static const char *const bad[] = { "", "/", "a/", "/b", "a/b/c", "a//b", "a/.b",
	    "-a/b" };
	char queue[MQS_NAME_MAX + 1], group[MQS_NAME_MAX + 1];
	char both[2 * MQS_NAME_MAX + 3];
	const char *why;
	size_t i;

	check_int(mqs_name_split("orders", queue, group, &why), 0);
	check_str(queue, "orders");
	check_str(group, "");
	check_int(mqs_name_split("orders/billing", queue, group, &why), 0);
	check_str(queue, "orders");
	check_str(group, "billing");
	(void)snprintf(both, sizeof(both), "%s/%s", n95, n95);
	check_int(mqs_name_split(both, queue, group, &why), 0);
	check_str(group, n95);
	(void)snprintf(both, sizeof(both), "%s/%sx", n95, n95);
	check_int(mqs_name_split(both, queue, group, &why), -1);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_int(mqs_name_split(bad[i], queue, group, &why), -1);
}

static void
test_receipts(void)
{
	static const char *const bad[] = { "", "a", "a/b", "a/b/", "a//1.2", "/b/1.2",
	    "..//b/1.2", " a/b/1.2", "a/b/1.2 ", "a/b/1\n2", "a/b/\xc3\xa4" };
	char queue[MQS_NAME_MAX + 1], group[MQS_NAME_MAX + 1], longest[MQS_RECEIPT_SIZE + 1];
	const char *rest, *why;
	size_t i;

	check_int(mqs_receipt_split("q.1/g.2/12.34", queue, group, &rest, &why), 0);
	check_str(queue, "q.1");
	check_str(group, "g.2");
	check_str(rest, "12.34");
	check_int(mqs_receipt_split("q/g/3:17.a/b-c", queue, group, &rest, &why), 0);
	check_str(rest, "3:17.a/b-c");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_int(mqs_receipt_split(bad[i], queue, group, &rest, &why), -1);
	memset(longest, 'x', sizeof(longest));
	memcpy(longest, "q/g/", 4);
	longest[MQS_RECEIPT_SIZE] = '\0';
	check_int(mqs_receipt_split(longest, queue, group, &rest, &why), -1);
	longest[MQS_RECEIPT_SIZE - 1] = '\0';
	check_int(mqs_receipt_split(longest, queue, group, &rest, &why), 0);
}

static void
test_numbers(void)
{
	static const char *const bad[] = { "", "-1", "+1", " 1", "1 ", "1a", "0x1",
	    "18446744073709551616", "99999999999999999999", "184467440737095516150" };
	char buf[24];
	uint64_t v;
	size_t i;

	check_int(mqs_parse_u64(NULL, 0, &v), -1);
	check_int(mqs_parse_u64("0", 1, &v), 0);
	check_u64(v, 0);
	check_int(mqs_parse_u64("1234", 2, &v), 0);
	check_u64(v, 12);
	check_int(mqs_parse_u64("18446744073709551615", 20, &v), 0);
	check_u64(v, UINT64_MAX);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_int(mqs_parse_u64(bad[i], strlen(bad[i]), &v), -1);
	check_u64(mqs_format_u64(0, buf), 1);
	check_str(buf, "0");
	check_u64(mqs_format_u64(UINT64_MAX, buf), 20);
	check_str(buf, "18446744073709551615");
	check_u64(mqs_format_u64(100, buf), 3);
	check_str(buf, "100");
}

/* Surrounded by so much plain text that it comes at each place of a word. */
static void
check_utf8(const char *s, size_t n, size_t valid)
{
	char text[64];
	size_t before;

	check_u64(mqs_utf8_valid(s, n, 1), valid);
	for (before = 0; before < 20; before++) {
		memset(text, 'x', sizeof(text));
		memcpy(text + before, s, n);
		check_u64(mqs_utf8_valid(text, sizeof(text), 1),
		    valid < n ? before + valid : sizeof(text));
	}
}

static void
test_utf8(void)
{
	static const struct {
		const char	*s;
		size_t		 n, valid;
	} table[] = {
		{ "abc", 3, 3 },
		{ "\xc3\xa4", 2, 2 }, { "\xe2\x82\xac", 3, 3 },
		{ "\xf0\x9f\x98\x80", 4, 4 },
		{ "\xc2\x80", 2, 2 }, { "\xdf\xbf", 2, 2 },
		{ "\xe0\xa0\x80", 3, 3 }, { "\xef\xbf\xbf", 3, 3 },
		{ "\xed\x9f\xbf", 3, 3 }, { "\xee\x80\x80", 3, 3 },
		{ "\xf0\x90\x80\x80", 4, 4 }, { "\xf4\x8f\xbf\xbf", 4, 4 },
		/* a continuation alone, and lead bytes that are none */
		{ "\x80", 1, 0 }, { "\xbf", 1, 0 }, { "\xfe", 1, 0 }, { "\xff", 1, 0 },
		{ "\xf5\x80\x80\x80", 4, 0 },
		/* longer than needed */
		{ "\xc0\x80", 2, 0 }, { "\xc1\xbf", 2, 0 }, { "\xe0\x9f\xbf", 3, 0 },
		{ "\xf0\x8f\xbf\xbf", 4, 0 },
		/* surrogates, and beyond U+10FFFF */
		{ "\xed\xa0\x80", 3, 0 }, { "\xed\xbf\xbf", 3, 0 },
		{ "\xf4\x90\x80\x80", 4, 0 },
		/* cut short */
		{ "a\xc3", 2, 1 }, { "a\xe2\x82", 3, 1 }, { "a\xf0\x9f\x98", 4, 1 },
		{ "\xe2\x28\xa1", 3, 0 }, { "\xe2\x82\x28", 3, 0 },
		{ "a\0b", 3, 1 }
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		check_utf8(table[i].s, table[i].n, table[i].valid);
	check_u64(mqs_utf8_valid("a\0b", 3, 0), 3);
	check_u64(mqs_utf8_valid("12345678\0abcdefgh", 17, 0), 17);
	check_u64(mqs_utf8_valid("\x01\x01\x01\x01\x01\x01\x01\x01", 8, 1), 8);
	check_u64(mqs_utf8_valid(NULL, 0, 1), 0);
}

int
main(void)
{
	run_test("names that are good and bad", test_names);
	run_test("QUEUE and QUEUE/GROUP", test_split);
	run_test("receipts", test_receipts);
	run_test("decimal numbers", test_numbers);
	run_test("UTF-8, wherever it stands", test_utf8);
	return finish_tests();
}
