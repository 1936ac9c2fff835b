/* test_json_text.c - JSON as text: checked, shortened, searched */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "message/json_text.h"

static const char *const good[] = {
	"0", "-0", "12", "-1.5e+300", "1e999", "123456789012345678901234567890.10",
	"true", "false", "null", "\"\"", "\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\uD83D\\uDE00\"",
	"\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"", "[]", "{}", " [ ] ", "[1, 2,\n3]",
	"{\"a\":{\"b\":[{},[],{\"c\":null}]}}", "\t{ \"a\" : 1 , \"a\" : 2 }\r\n", "\"\x7f\""
};

static const char *const bad[] = {
	"", " ", "01", "-", "+1", ".5", "1.", "1e", "1e+", "0x1", "tru", "trueX", "nul", "NaN",
	"Infinity", "'a'", "\"", "\"a", "\"\\\"", "\"\\x\"", "\"\\u12g4\"", "\"\\u12\"", "\"\\ud800\"", "\"\\uDC00\"",
	"\"\\ud800x\"", "\"\\ud800\\n\"", "\"\\ud800\\ud800\"", "\"\\ud800\\u0041\"",
	"\"\\ud83d\\ude0\"", "{\"\\udfff\":1}", "\"\n\"",
	"\"\t\"", "\"\xff\"", "\"\xc3\"", "\"\xed\xa0\x80\"", "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]",
	"]", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,}", "{a:1}", "{\"a\" 1}", "{1:2}", "[}",
	"{]", "[1}", "1 2", "[] []", "//x\n1", ("\xef\xbb\xbf" "1"), "{\"a\":1,1}"
};

static void
test_grammar(void)
{
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!mqs_json_valid(good[i], strlen(good[i])))
			check_str(good[i], "valid");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (mqs_json_valid(bad[i], strlen(bad[i])))
			check_str(bad[i], "not valid");
	check(!mqs_json_valid("\"a\0b\"", 5));
	check(!mqs_json_valid("1\0", 2));
}

/* Each beginning of a valid text is no valid text, unless it is a number. */
static void
test_cut_short(void)
{
	static const char text[] = "{\"a\":[1,\"\xc3\xa4\\u00e4\",{\"b\":true}],\"c\":null}";
	size_t n, at;

	for (n = 0; n < sizeof(text) - 1; n++) {
		check(!mqs_json_valid(text, n));
		check_u64(mqs_json_value(text, n, &at), 0);
		check(at <= n);
	}
}

static void
test_where(void)
{
	size_t at;

	check_u64(mqs_json_value("  [1, 2] , 3", 12, NULL), 8);
	check_u64(mqs_json_value("1 ", 2, NULL), 1);
	check_u64(mqs_json_value("[1, x]", 6, &at), 0);
	check_u64(at, 4);
	check_u64(mqs_json_value("[1,", 3, &at), 0);
	check_u64(at, 3);
}

static void
test_depth(void)
{
	const size_t n = 2 * (MQS_JSON_DEPTH + 1);
	char *text = malloc(n);

	if (text == NULL)
		abort();
	memset(text, '[', n / 2);
	memset(text + n / 2, ']', n / 2);
	check(!mqs_json_valid(text, n));
	check(mqs_json_valid(text + 1, n - 2));
	free(text);
}

static void
test_compact(void)
{
	static const char *const cases[][2] = {
		{ " [ 1 , 2.50e+1 , 100000000000000000000 ] ", "[1,2.50e+1,100000000000000000000]" },
		{ "{ \"b\" : \" a  b \" ,\n\t\"a\" : \"\\u0041 \\\" \" }", "{\"b\":\" a  b \",\"a\":\"\\u0041 \\\" \"}" },
		{ "\"a b\"", "\"a b\"" }, { "null\n", "null" }, { "[ ]", "[]" }
	};
	struct mqs_buf buf = { 0 };
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf.n = 0;
		check_int(mqs_json_compact(&buf, cases[i][0], strlen(cases[i][0])), 0);
		check_mem(buf.p, buf.n, cases[i][1], strlen(cases[i][1]));
	}
	mqs_buf_free(&buf);
}

static void
test_member(void)
{
	static const char text[] =
	    " {\"j\":\"json\", \"x\\\"json\":1, \"json\" :  {\"json\":[2]} , \"z\":3}";
	static const char half[] = "{\"x\":\"\\ud800\",\"json\":1}";
	size_t begin, len;
	const char *why;

	check_int(mqs_json_member(text, sizeof(text) - 1, "json", &begin, &len, &why), 1);
	check_mem(text + begin, len, "{\"json\":[2]}", 12);
	check_int(mqs_json_member(text, sizeof(text) - 1, "z", &begin, &len, &why), 1);
	check_mem(text + begin, len, "3", 1);
	check_int(mqs_json_member(text, sizeof(text) - 1, "y", &begin, &len, &why), 0);
	check_int(mqs_json_member("[\"json\"]", 8, "json", &begin, &len, &why), 0);
	check_int(mqs_json_member("{}", 2, "json", &begin, &len, &why), 0);
	check_int(mqs_json_member("{\"json\":}", 9, "json", &begin, &len, &why), 0);
	check_int(mqs_json_member("{\"json", 6, "json", &begin, &len, &why), 0);
	check(why == NULL);
	check_int(mqs_json_member(half, sizeof(half) - 1, "json", &begin, &len, &why), 0);
	check(why == NULL);	/* of another member */
	check_int(mqs_json_member(half, sizeof(half) - 1, "x", &begin, &len, &why), 0);
	check_str(why, "has half of a surrogate pair alone, which is no character");
}

int
main(void)
{
	run_test("the grammar", test_grammar);
	run_test("a text that is cut short", test_cut_short);
	run_test("where a value ends, and where it goes wrong", test_where);
	run_test("depth", test_depth);
	run_test("white space goes, all else stays", test_compact);
	run_test("a member of an object", test_member);
	return finish_tests();
}
