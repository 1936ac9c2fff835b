/*
 * pattern.c - see pattern.h
 *
 * On a mismatch the match goes back to the last `#' and lets it take one word more.  It
 * never goes back to an earlier `#': the words that this one could take, the last one can
 * take as well.  So matching needs no memory, and at most as many steps as the number of
 * words in the pattern times the number in the key.
 */
#include "base/error.h"
#include "base/name.h"
#include "message/pattern.h"

int
mqs_pattern_check(const char *text, size_t n, struct mqs_error *err)
{
	size_t valid;

	if (n > MQS_KEY_MAX)
		return mqs_fail(err, MQS_EINVAL, "has %zu bytes, at most %d", n,
		    MQS_KEY_MAX);
	if ((valid = mqs_utf8_valid(text, n, 1)) < n)
		return mqs_fail(err, MQS_EINVAL, "%s (byte %zu)",
		    text[valid] == '\0' ? "contains NUL" : "is not UTF-8",
		    valid + 1);
	return MQS_OK;
}

/* What is left of a key or pattern: `at' is NULL if there are no more words. */
struct words {
	const char	*at, *end;
};

static struct words
words_of(struct mqs_slice s)
{
	const char *p = s.p;

	return s.n == 0 ? (struct words){ NULL, NULL } :
	    (struct words){ p, p + s.n };
}

/* Takes the next word: 1, or 0 if there are no more. */
static int
next_word(struct words *w, struct mqs_slice *word)
{
	const char *dot;

	if (w->at == NULL)
		return 0;
	dot = w->at == w->end ? NULL :
	    memchr(w->at, '.', (size_t)(w->end - w->at));
	word->p = w->at;
	word->n = (size_t)((dot == NULL ? w->end : dot) - w->at);
	w->at = dot == NULL ? NULL : dot + 1;
	return 1;
}

static int
is(struct mqs_slice word, char c)
{
	return word.n == 1 && *(const char *)word.p == c;
}

static int
equal(struct mqs_slice a, struct mqs_slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

int
mqs_pattern_match(struct mqs_slice pattern, struct mqs_slice key)
{
	struct words p = words_of(pattern), k = words_of(key), p1, k1;
	struct words behind = { NULL, NULL }, taken = { NULL, NULL };
	struct mqs_slice pw, kw;
	int any = 0;		/* a `#' was met: `behind' it in p, `taken' up to in k */

	for (;;) {
		p1 = p;
		k1 = k;
		if (!next_word(&p1, &pw)) {
			if (k.at == NULL)
				return 1;
		} else if (is(pw, '#')) {
			any = 1;
			p = behind = p1;
			taken = k;
			continue;
		} else if (next_word(&k1, &kw) && (is(pw, '*') || equal(pw, kw))) {
			p = p1;
			k = k1;
			continue;
		}
		if (!any || !next_word(&taken, &kw))
			return 0;
		p = behind;
		k = taken;
	}
}
