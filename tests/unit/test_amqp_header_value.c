/* test_amqp_header_value.c - every type of AMQP as text */
#include <math.h>

#include "amqp/header_value.h"
#include "amqp/table.h"
#include "base/clock.h"
#include "check.h"

static const char *
text(amqp_field_value_t v)
{
	static struct mqs_buf b;

	b.n = 0;
	if (mqs_amqp_value_text(&b, &v) == -1 || mqs_buf_addc(&b, '\0') == -1)
		return NULL;
	return b.p;
}

#define V(k, field, v)	((amqp_field_value_t){ .kind = (k), .value.field = (v) })
#define I8(v)		V('b', i8, v)
#define U64(v)		V('L', u64, v)
#define F32(v)		V('f', f32, v)
#define F64(v)		V('d', f64, v)
#define TIME(v)		V('T', u64, v)
#define STRING(s)	((amqp_field_value_t){ .kind = 'S', .value.bytes = mqs_amqp_bytes((s), sizeof(s) - 1) })
#define BYTES(s)	((amqp_field_value_t){ .kind = 'x', .value.bytes = mqs_amqp_bytes((s), sizeof(s) - 1) })
#define DECIMAL(d, v)	((amqp_field_value_t){ .kind = 'D', .value.decimal = { (d), (v) } })
#define LIST(e)		((amqp_field_value_t){ .kind = 'A', .value.array = { sizeof(e) / sizeof((e)[0]), (e) } })
#define TABLE(e)	((amqp_field_value_t){ .kind = 'F', .value.table = { sizeof(e) / sizeof((e)[0]), (e) } })
#define VOID		((amqp_field_value_t){ .kind = 'V' })

static void
test_numbers(void)
{
	check_str(text(I8(-128)), "-128");
	check_str(text(V('B', u8, 255)), "255");
	check_str(text(V('s', i16, -32768)), "-32768");
	check_str(text(V('u', u16, 65535)), "65535");
	check_str(text(V('I', i32, INT32_MIN)), "-2147483648");
	check_str(text(V('i', u32, UINT32_MAX)), "4294967295");
	check_str(text(V('l', i64, INT64_MIN)), "-9223372036854775808");
	check_str(text(U64(UINT64_MAX)), "18446744073709551615");
	check_str(text(V('t', boolean, 1)), "true");
	check_str(text(V('t', boolean, 0)), "false");
	check_str(text(VOID), "");
	check_str(text(V('?', i64, 7)), "");
}

static void
test_fractions(void)
{
	check_str(text(F64(0.1)), "0.1");
	check_str(text(F64(-1.5)), "-1.5");
	check_str(text(F64(3)), "3");
	check_str(text(F64(1e300)), "1e+300");
	check_str(text(F64(0.1 + 0.2)), "0.30000000000000004");
	check_str(text(F32(0.1f)), "0.1");
	check_str(text(F32(16777216.0f)), "16777216");
	check_str(text(F64((double)INFINITY)), "inf");
	check_str(text(F64(-(double)INFINITY)), "-inf");
	check_str(text(F64((double)NAN)), "nan");
	check_str(text(DECIMAL(0, 1250)), "1250");
	check_str(text(DECIMAL(2, 1250)), "12.50");
	check_str(text(DECIMAL(4, 1250)), "0.1250");
	check_str(text(DECIMAL(6, 1250)), "0.001250");
	check_u64(strlen(text(DECIMAL(255, 1))), 257);
}

static void
test_times(void)
{
	check_str(text(TIME(0)), "1970-01-01T00:00:00Z");
	check_str(text(TIME(1767323045)), "2026-01-02T03:04:05Z");
	check_str(text(TIME(UINT64_MAX)), "18446744073709551615");
}

static void
test_strings(void)
{
	check_str(text(STRING("")), "");
	check_str(text(STRING("gr\xc3\xbc\xc3\x9f dich\n")), "gr\xc3\xbc\xc3\x9f dich\n");
	check_str(text(STRING("a\0b")), "a\\x00b");
	check_str(text(BYTES("\xff\xfe" "a\xc3")), "\\xff\\xfea\\xc3");
	check_str(text(STRING("a\\b")), "a\\b");
}

static void
test_nested(void)
{
	amqp_field_value_t numbers[] = { I8(1), F64(2.5), V('t', boolean, 1), VOID };
	amqp_table_entry_t inner[] = {
		{ mqs_amqp_text("when"), TIME(0) }, { mqs_amqp_text("price"), DECIMAL(2, 99) },
		{ mqs_amqp_text("bad\xff"), STRING("\xff\"") }
	};
	amqp_field_value_t lists[2];
	amqp_table_entry_t outer[3];

	lists[0] = LIST(numbers);
	lists[1] = F64((double)NAN);
	outer[0] = (amqp_table_entry_t){ mqs_amqp_text("a"), LIST(numbers) };
	outer[1] = (amqp_table_entry_t){ mqs_amqp_text("b"), TABLE(inner) };
	outer[2] = (amqp_table_entry_t){ mqs_amqp_text("c"), LIST(lists) };
	check_str(text(TABLE(outer)), "{\"a\":[1,2.5,true,null],"
	    "\"b\":{\"when\":\"1970-01-01T00:00:00Z\",\"price\":\"0.99\","
	    "\"bad\xef\xbf\xbd\":\"\xef\xbf\xbd\\\"\"},\"c\":[[1,2.5,true,null],null]}");
	check_str(text(LIST(lists)), "[[1,2.5,true,null],null]");
}

/* Bytes that another client sent must not choose how deep our stack is. */
static void
test_depth(void)
{
	static amqp_field_value_t levels[100001];
	char want[2 * MQS_AMQP_VALUE_DEPTH + 5] = "";
	size_t i, n = sizeof(levels) / sizeof(levels[0]);

	for (i = 0; i < n - 1; i++)
		levels[i] = (amqp_field_value_t){ .kind = 'A', .value.array = { 1, &levels[i + 1] } };
	levels[n - 1] = I8(1);
	for (i = 0; i < MQS_AMQP_VALUE_DEPTH; i++)
		strcat(want, "[");
	strcat(want, "null");
	for (i = 0; i < MQS_AMQP_VALUE_DEPTH; i++)
		strcat(want, "]");
	check_str(text(levels[0]), want);
}

static void
test_read_number(void)
{
	amqp_field_value_t v;
	uint64_t n = 0;

	v = V('I', i32, 3);
	check(mqs_amqp_value_number(&v, &n) && n == 3);
	v = U64(UINT64_MAX);
	check(mqs_amqp_value_number(&v, &n) && n == UINT64_MAX);
	v = STRING("17");
	check(mqs_amqp_value_number(&v, &n) && n == 17);
	v = V('I', i32, -3);
	check(!mqs_amqp_value_number(&v, &n));
	v = STRING("17x");
	check(!mqs_amqp_value_number(&v, &n));
	v = STRING("");
	check(!mqs_amqp_value_number(&v, &n));
	v = VOID;
	check(!mqs_amqp_value_number(&v, &n));
	v = TIME(3);
	check(!mqs_amqp_value_number(&v, &n));
}

static void
test_read_time(void)
{
	static const char *const wrong[] = { "", "now", "-2h", "@17", "2026-01-02",
	    "2026-01-02 03:04:05", "2026-01-02T03:04:05", "2026-13-02T03:04:05Z",
	    "2026-01-02T03:04:05.0000000000000000000000000000Z" };
	amqp_field_value_t v;
	int64_t ns = 0;
	size_t i;

	v = STRING("2026-01-02T03:04:05.000000006Z");
	check(mqs_amqp_value_time(&v, &ns) && ns == INT64_C(1767323045000000006));
	v = STRING("2026-01-02T05:04:05+02:00");
	check(mqs_amqp_value_time(&v, &ns) && ns == INT64_C(1767323045000000000));
	v = TIME(1767323045);
	check(mqs_amqp_value_time(&v, &ns) && ns == INT64_C(1767323045000000000));
	v = TIME(UINT64_MAX);
	check(!mqs_amqp_value_time(&v, &ns));
	v = STRING("2026-01-02T03:04:05\0000000Z");
	check(!mqs_amqp_value_time(&v, &ns));
	v = U64(17);
	check(!mqs_amqp_value_time(&v, &ns));
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		v = mqs_amqp_string(wrong[i]);
		if (!check(!mqs_amqp_value_time(&v, &ns)))
			printf("# %s\n", wrong[i]);
	}
}

int
main(void)
{
	run_test("integers, booleans, void", test_numbers);
	run_test("floating-point numbers and decimals", test_fractions);
	run_test("timestamps", test_times);
	run_test("strings, UTF-8 or not", test_strings);
	run_test("tables and arrays are JSON", test_nested);
	run_test("what is nested too deeply is null", test_depth);
	run_test("reading a number", test_read_number);
	run_test("reading a time", test_read_time);
	return finish_tests();
}
