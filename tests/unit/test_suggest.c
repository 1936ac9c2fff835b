/* test_suggest.c - distances between words, and which of several is suggested */
#include <stdlib.h>

#include "check.h"
#include "common/suggest.h"

static size_t
distance(const char *a, const char *b)
{
	size_t there = suggest_distance(a, strlen(a), b, strlen(b));

	check_u64(suggest_distance(b, strlen(b), a, strlen(a)), there);
	return there;
}

static void
test_edits(void)
{
	check_u64(distance("", ""), 0);
	check_u64(distance("", "abc"), 3);
	check_u64(distance("header", "header"), 0);
	check_u64(distance("header", "headers"), 1);
	check_u64(distance("header", "heder"), 1);
	check_u64(distance("header", "haader"), 1);
	check_u64(distance("header", "hedaer"), 1);
	check_u64(distance("header", "eahder"), 2);
	check_u64(distance("kitten", "sitting"), 3);
	check_u64(distance("Orders", "oRDERS"), 0);
}

/* Optimal string alignment: what was transposed is not edited again ("ca" to "abc" is 3). */
static void
test_alignment(void)
{
	check_u64(distance("ca", "abc"), 3);
	check_u64(distance("ab", "ba"), 1);
	check_u64(distance("abcd", "badc"), 2);
}

/* The same by the definition, for all pairs of words of up to 4 letters out of 2. */
static size_t
by_definition(const char *a, size_t na, const char *b, size_t nb)
{
	size_t best, other;

	if (na == 0 || nb == 0)
		return na + nb;
	best = by_definition(a, na - 1, b, nb - 1) + (a[na - 1] != b[nb - 1]);
	if ((other = by_definition(a, na - 1, b, nb) + 1) < best)
		best = other;
	if ((other = by_definition(a, na, b, nb - 1) + 1) < best)
		best = other;
	if (na > 1 && nb > 1 && a[na - 1] == b[nb - 2] && a[na - 2] == b[nb - 1] &&
	    (other = by_definition(a, na - 2, b, nb - 2) + 1) < best)
		best = other;
	return best;
}

static size_t
nth_word(unsigned n, char word[8])
{
	size_t len = 0;

	for (; n > 1; n /= 2)
		word[len++] = n % 2 ? 'a' : 'b';
	word[len] = '\0';
	return len;
}

static void
test_all_short_words(void)
{
	char a[8], b[8];
	unsigned i, j;
	size_t na, nb;

	for (i = 1; i < 64; i++)
		for (j = 1; j < 64; j++) {
			na = nth_word(i, a);
			nb = nth_word(j, b);
			if (!check_u64(suggest_distance(a, na, b, nb), by_definition(a, na, b, nb)))
				return;
		}
}

/* What is suggested for a word out of three. */
static const char *
suggested(const char *word, const char *one, const char *two, const char *three)
{
	static struct suggestion s;

	suggest_begin(&s, word, strlen(word));
	suggest_offer(&s, one);
	suggest_offer(&s, two);
	suggest_offer(&s, three);
	return suggest_text(&s, "--");
}

static void
test_choice(void)
{
	check_str(suggested("hedaer", "delay", "header", "ttl"), "; did you mean --header?");
	check_str(suggested("headr", "heads", "header", "headrs"), "; did you mean --heads?");
	check_str(suggested("priorty", "parity", "priority", "prior"), "; did you mean --priority?");
	check_str(suggested("nonsense", "delay", "header", "ttl"), "");
	check_str(suggested("ORDERS", "orders", "order", "x"), "; did you mean --orders?");
	check_str(suggested("orders", "orders", "x", "y"), "");
	check_str(suggested("", "a", "", "b"), "");
}

/* Nearly every short word is near every other one. */
static void
test_limits(void)
{
	check_u64(suggest_limit(2), 0);
	check_u64(suggest_limit(3), 1);
	check_u64(suggest_limit(5), 1);
	check_u64(suggest_limit(6), 2);
	check_u64(suggest_limit(9), 2);
	check_u64(suggest_limit(10), 3);
	check_u64(suggest_limit(90), 3);
	check_str(suggested("ab", "ac", "ba", "abc"), "");
	check_str(suggested("abc", "abd", "x", "y"), "; did you mean --abd?");
	check_str(suggested("abc", "a", "x", "y"), "");
	check_str(suggested("abcde", "abxye", "abc", "y"), "");
}

/* The longest name there can be, and words that are longer than any. */
static void
test_long(void)
{
	static char word[SUGGEST_MAX + 2], near[SUGGEST_MAX + 2];
	struct suggestion s;

	memset(word, 'a', SUGGEST_MAX);
	memset(near, 'a', SUGGEST_MAX);
	near[SUGGEST_MAX - 1] = 'b';
	suggest_begin(&s, word, SUGGEST_MAX);
	suggest_offer(&s, near);
	check_str(s.nearest, near);
	near[SUGGEST_MAX] = 'c';
	suggest_begin(&s, word, SUGGEST_MAX);
	suggest_offer(&s, near);
	check_str(s.nearest, "");
	word[SUGGEST_MAX] = 'a';
	suggest_begin(&s, word, SUGGEST_MAX + 1);
	suggest_offer(&s, "aaa");
	check_str(s.nearest, "");
}

static void
test_append(void)
{
	struct mqs_error err = { MQS_ENOENT, "x: no such queue" };

	suggest_append(&err, "; did you mean y?");
	check_str(err.text, "x: no such queue; did you mean y?");
	memset(err.text, 'e', sizeof(err.text) - 4);
	err.text[sizeof(err.text) - 4] = '\0';
	suggest_append(&err, "1234");
	check_u64(strlen(err.text), sizeof(err.text) - 4);
	suggest_append(&err, "123");
	check_u64(strlen(err.text), sizeof(err.text) - 1);
}

int
main(void)
{
	run_test("insertions, deletions, substitutions, transpositions", test_edits);
	run_test("what was transposed is not edited again", test_alignment);
	run_test("all words of up to 5 letters out of 2, against the definition", test_all_short_words);
	run_test("the nearest of several, the first of equally near ones", test_choice);
	run_test("limits by length", test_limits);
	run_test("the longest name, and longer words", test_long);
	run_test("a suggestion is added whole, or not at all", test_append);
	return finish_tests();
}
