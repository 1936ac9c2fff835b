/*
 * test_pattern.c - keys and patterns, as RabbitMQ matches them
 *
 * The first table is that of RabbitMQ's own test of its topic exchange; the others are
 * the edges where implementations differ.
 */
#include <stdlib.h>

#include "check.h"
#include "message/pattern.h"

static int
match(const char *pattern, const char *key)
{
	return mqs_pattern_match((struct mqs_slice){ pattern, strlen(pattern) },
	    (struct mqs_slice){ key, strlen(key) });
}

static const char *const patterns[] = {
	"a.b.c", "a.*.c", "a.#.b", "a.b.b.c", "#", "#.#", "#.b", "*.*", "a.*",
	"*.b.c", "a.#", "a.#.#", "b.b.c", "a.b.b", "a.b", "b.c", "", "*.*.*",
	"vodka.martini", "a.b.c", "*.#", "#.*.#", "*.#.#", "#.#.#", "*", "#.b.#"
};

/* Which of the patterns, counted from 1, match a key. */
static const struct {
	const char	*key;
	int		 matches[16];
} keys[] = {
	{ "a.b.c", { 1, 2, 5, 6, 10, 11, 12, 18, 20, 21, 22, 23, 24, 26 } },
	{ "a.b", { 3, 5, 6, 7, 8, 9, 11, 12, 15, 21, 22, 23, 24, 26 } },
	{ "a.b.b", { 3, 5, 6, 7, 11, 12, 14, 18, 21, 22, 23, 24, 26 } },
	{ "", { 5, 6, 17, 24 } },
	{ "b.c.c", { 5, 6, 18, 21, 22, 23, 24, 26 } },
	{ "a.a.a.a.a", { 5, 6, 11, 12, 21, 22, 23, 24 } },
	{ "vodka.gin", { 5, 6, 8, 21, 22, 23, 24 } },
	{ "vodka.martini", { 5, 6, 8, 19, 21, 22, 23, 24 } },
	{ "b.b.c", { 5, 6, 10, 13, 18, 21, 22, 23, 24, 26 } },
	{ "nothing.here.at.all", { 5, 6, 21, 22, 23, 24 } },
	{ "oneword", { 5, 6, 21, 22, 23, 24, 25 } }
};

static int
listed(const int *list, int number)
{
	for (; *list != 0; list++)
		if (*list == number)
			return 1;
	return 0;
}

static void
test_rabbitmq(void)
{
	size_t k, p;

	for (k = 0; k < sizeof(keys) / sizeof(keys[0]); k++)
		for (p = 0; p < sizeof(patterns) / sizeof(patterns[0]); p++)
			if (!check_int(match(patterns[p], keys[k].key),
			    listed(keys[k].matches, (int)p + 1)))
				printf("# pattern \"%s\", key \"%s\"\n",
				    patterns[p], keys[k].key);
}

/* Beside a dot there is a word, perhaps an empty one; the empty key has none. */
static void
test_empty_words(void)
{
	check(match("", ""));
	check(!match("*", ""));
	check(!match("*.#", ""));
	check(!match("#.*", ""));
	check(!match(".", ""));
	check(match("*.*", "."));
	check(match(".", "."));
	check(match("*.", "a."));
	check(match("a.*", "a."));
	check(!match("a", "a."));
	check(match("a.*.b", "a..b"));
	check(match("a.#.b", "a..b"));
	check(match("a..b", "a..b"));
	check(!match("a.*.b", "a.b"));
	check(match("a.#.b", "a.b"));
	check(!match("a..b", "a.b"));
	check(match("#.", "a."));
	check(!match("#.", "a"));
	check(!match("#.", ""));
	check(match("*.*.*", ".."));
}

/* Only a whole word is a wildcard. */
static void
test_literal(void)
{
	check(match("a*", "a*"));
	check(!match("a*", "ab"));
	check(match("a.b#", "a.b#"));
	check(!match("a.b#", "a.b.c"));
	check(!match("##", "a"));
	check(match("**", "**"));
	check(match("*", "#"));
	check(match("*", "*"));
	check(!match("A", "a"));
	check(match("b\xc3\xa9", "b\xc3\xa9"));
}

/* Each # may have to give back what it took, and only the last one does. */
static void
test_backtracking(void)
{
	check(match("#.a.#.b.#", "x.a.a.y.b"));
	check(match("#.a.b", "a.b.a.b"));
	check(!match("#.a.b", "a.b.a.b.c"));
	check(match("a.#.a.#.a", "a.a.a"));
	check(!match("a.#.a.#.a", "a.a"));
	check(match("*.#.*", "a.b"));
	check(!match("*.#.*", "a"));
	check(match("#.*.b.#.c", "a.b.b.x.c"));
}

/* All patterns and keys of few words, against the definition. */
static int
by_definition(const char *p, const char *k)
{
	/* One letter a word here, without dots: '#' any, '*' one. */
	if (*p == '\0')
		return *k == '\0';
	if (*p == '#')
		return by_definition(p + 1, k) ||
		    (*k != '\0' && by_definition(p, k + 1));
	return *k != '\0' && (*p == '*' || *p == *k) &&
	    by_definition(p + 1, k + 1);
}

static void
spell(const char *letters, unsigned base, unsigned number, unsigned n,
    char word[8], char dotted[16])
{
	unsigned i;

	for (i = 0; i < n; i++, number /= base) {
		word[i] = letters[number % base];
		dotted[2 * i] = word[i];
		dotted[2 * i + 1] = i + 1 < n ? '.' : '\0';
	}
	word[n] = '\0';
	if (n == 0)
		dotted[0] = '\0';
}

static unsigned
power(unsigned base, unsigned n)
{
	return n == 0 ? 1 : base * power(base, n - 1);
}

static void
test_exhaustive(void)
{
	char p[8], k[8], pd[16], kd[16];
	unsigned pn, kn, i, j;

	for (pn = 0; pn <= 5; pn++)
		for (i = 0; i < power(4, pn); i++)
			for (kn = 0; kn <= 5; kn++)
				for (j = 0; j < power(2, kn); j++) {
					spell("ab*#", 4, i, pn, p, pd);
					spell("ab", 2, j, kn, k, kd);
					if (match(pd, kd) == by_definition(p, k))
						continue;
					check(0);
					printf("# pattern \"%s\", key \"%s\"\n", pd, kd);
				}
}

/* The longest there are, and the worst. */
static void
test_long(void)
{
	char pattern[256], key[256];
	size_t i;

	for (i = 0; i < 254; i += 2) {
		memcpy(pattern + i, i % 4 ? "#." : "a.", 2);
		memcpy(key + i, "a.", 2);
	}
	pattern[254] = key[254] = 'b';
	pattern[255] = key[255] = '\0';
	check(match(pattern, key));
	key[254] = 'a';
	check(!match(pattern, key));
}

static void
test_check(void)
{
	struct mqs_error err;
	char text[300];

	memset(text, 'x', sizeof(text));
	check_int(mqs_pattern_check("", 0, &err), MQS_OK);
	check_int(mqs_pattern_check(text, 255, &err), MQS_OK);
	check_int(mqs_pattern_check(text, 256, &err), MQS_EINVAL);
	check_str(err.text, "has 256 bytes, at most 255");
	check_int(mqs_pattern_check("a\xff", 2, &err), MQS_EINVAL);
	check_str(err.text, "is not UTF-8 (byte 2)");
	check_int(mqs_pattern_check("ab\0c", 4, &err), MQS_EINVAL);
	check_str(err.text, "contains NUL (byte 3)");
}

int
main(void)
{
	run_test("the table of RabbitMQ's own test", test_rabbitmq);
	run_test("empty words and the empty key", test_empty_words);
	run_test("wildcards are whole words", test_literal);
	run_test("several # in one pattern", test_backtracking);
	run_test("all short patterns and keys", test_exhaustive);
	run_test("long patterns", test_long);
	run_test("what is malformed", test_check);
	return finish_tests();
}
