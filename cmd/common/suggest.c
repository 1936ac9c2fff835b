/*
 * common/suggest.c - see suggest.h
 *
 * The distance is computed row by row: row i holds the distance between the first i bytes of
 * one word and each beginning of the other.  A transposition looks two rows back, so three rows
 * are kept.
 *
 * How far a word may be from what is suggested depends on its length: nearly every short word
 * is two edits away from every other one, and a wrong suggestion is worse than none.
 */
#include <bsd/string.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "common/suggest.h"

static int
lower(const char *s, size_t i)
{
	return tolower((unsigned char)s[i]);
}

static size_t
least(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

size_t
suggest_distance(const char *a, size_t na, const char *b, size_t nb)
{
	size_t rows[3][SUGGEST_MAX + 1], *before = rows[0], *last = rows[1], *row = rows[2];
	size_t i, j, *spare;

	memset(rows, 0, sizeof(rows));
	for (j = 0; j <= nb; j++)
		last[j] = j;
	for (i = 1; i <= na; i++) {
		row[0] = i;
		for (j = 1; j <= nb; j++) {
			row[j] = least(last[j] + 1, row[j - 1] + 1,
			    last[j - 1] + (lower(a, i - 1) != lower(b, j - 1)));
			if (i > 1 && j > 1 && lower(a, i - 1) == lower(b, j - 2) &&
			    lower(a, i - 2) == lower(b, j - 1) && before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
		spare = before;
		before = last;
		last = row;
		row = spare;
	}
	return last[nb];
}

size_t
suggest_limit(size_t n)
{
	if (n < 3)
		return 0;
	return n < 6 ? 1 : n < 10 ? 2 : 3;
}

void
suggest_begin(struct suggestion *s, const char *word, size_t n)
{
	s->word = word;
	s->n = n;
	s->distance = suggest_limit(n) + 1;
	s->nearest[0] = '\0';
}

void
suggest_offer(struct suggestion *s, const char *candidate)
{
	size_t n = strlen(candidate), distance;

	if (s->n > SUGGEST_MAX || n > SUGGEST_MAX ||
	    (n == s->n && memcmp(candidate, s->word, n) == 0))
		return;
	distance = suggest_distance(s->word, s->n, candidate, n);
	if (distance >= s->distance || distance >= n)
		return;
	s->distance = distance;
	(void)strlcpy(s->nearest, candidate, sizeof(s->nearest));
}

const char *
suggest_text(struct suggestion *s, const char *prefix)
{
	if (s->nearest[0] == '\0')
		return "";
	(void)snprintf(s->text, sizeof(s->text), "; did you mean %s%s?", prefix, s->nearest);
	return s->text;
}

void
suggest_append(struct mqs_error *err, const char *text)
{
	size_t n = strlen(err->text);

	if (n + strlen(text) < sizeof(err->text))
		(void)strlcpy(err->text + n, text, sizeof(err->text) - n);
}
