/* test_json.c - text as JSON strings */
#include <stdlib.h>

#include "check.h"
#include "message/json.h"

static void
string_is(const char *p, size_t n, const char *want)
{
	struct mqs_buf b = { 0 };
	char *copy = malloc(n + 1);

	if (check(copy != NULL)) {
		if (n > 0)
			memcpy(copy, p, n);
		check_int(mqs_json_string(&b, copy, n), 0);
		check_mem(b.p, b.n, want, strlen(want));
	}
	free(copy);
	mqs_buf_free(&b);
}

static void
test_string(void)
{
	string_is("", 0, "\"\"");
	string_is("plain", 5, "\"plain\"");
	string_is("a\0b\"c\\d/", 8, "\"a\\u0000b\\\"c\\\\d/\"");
	string_is("\b\t\n\v\f\r\x1f\x7f ~", 10,
	    "\"\\b\\t\\n\\u000b\\f\\r\\u001f\\u007f ~\"");
	string_is("\xc2\x80\xf0\x9f\x98\x80\xe2\x80\xa8", 9,
	    "\"\xc2\x80\xf0\x9f\x98\x80\xe2\x80\xa8\"");
	string_is("\xff" "a\xc3", 3, "\"\xef\xbf\xbd" "a\xef\xbf\xbd\"");
}

/* One byte to escape at each place among words of plain ones. */
static void
test_string_places(void)
{
	static const char special[] = "\n\"\\\x7f\x01";
	static const char *const escaped[] = {
		"\\n", "\\\"", "\\\\", "\\u007f", "\\u0001"
	};
	static const char x[] = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
	char text[sizeof(x)], want[2 * sizeof(x)];
	size_t n, i, k;

	for (n = 1; n < sizeof(x); n++)
		for (i = 0; i < n; i++)
			for (k = 0; k < 5; k++) {
				memcpy(text, x, n);
				text[i] = special[k];
				(void)snprintf(want, sizeof(want),
				    "\"%.*s%s%.*s\"", (int)i, x, escaped[k],
				    (int)(n - i - 1), x);
				string_is(text, n, want);
			}
}

static void
test_string_all_escaped(void)
{
	struct mqs_buf b = { 0 };
	char zeros[1000] = { 0 };
	size_t i;

	check_int(mqs_json_utf8(&b, zeros, sizeof(zeros)), 0);
	check_int(b.n, 6002);
	for (i = 0; i < sizeof(zeros); i++)
		if (!check(memcmp(b.p + 1 + 6 * i, "\\u0000", 6) == 0))
			break;
	mqs_buf_free(&b);
}

int
main(void)
{
	run_test("strings", test_string);
	run_test("an escape at every place", test_string_places);
	run_test("nothing but escapes", test_string_all_escaped);
	return finish_tests();
}
