/*
 * json_text.c - see json_text.h
 *
 * The text is read in one pass, without recursion.  A fixed stack has one bit for each
 * array or object that is open.  So deep nesting takes no memory; text that is nested
 * deeper than MQS_JSON_DEPTH is refused.
 */
#include <string.h>

#include "base/name.h"
#include "message/json_text.h"

static const char too_deep[] = "is nested deeper than 1024 arrays and objects";
static const char lone[] = "has half of a surrogate pair alone, which is no character";

struct scan {
	const char	*p, *end;
	const char	*why;		/* what is wrong, where the grammar is kept */
	unsigned char	 open[MQS_JSON_DEPTH / 8];	/* bit: 1 object, 0 array */
	unsigned	 depth;
};

static void
skip_space(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\t' || *s->p == '\r'))
		s->p++;
}

static int
is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* The four digits behind "\u": their value and behind them, or -1 at the byte that is wrong. */
static int
scan_unit(struct scan *s)
{
	int i, unit = 0;

	for (i = 0; i < 4; i++, s->p++) {
		if (s->p == s->end || !is_hex(*s->p))
			return -1;
		unit = unit * 16 + (*s->p <= '9' ? *s->p - '0' : (*s->p | 0x20) - 'a' + 10);
	}
	return unit;
}

/*
 * An escape, at its backslash: 1 and behind it, or 0 at the byte that is wrong.  A character
 * beyond U+FFFF is two escapes, the halves of a surrogate pair.  The grammar allows a half
 * alone, but it is no character, and most readers of JSON refuse it.
 */
static int
scan_escape(struct scan *s)
{
	const char *at = s->p;
	int unit;

	if (++s->p == s->end || strchr("\"\\/bfnrtu", *s->p) == NULL || *s->p == '\0')
		return 0;
	if (*s->p++ != 'u')
		return 1;
	if ((unit = scan_unit(s)) == -1)
		return 0;
	if (unit < 0xd800 || unit > 0xdfff)
		return 1;
	if (unit < 0xdc00 && s->end - s->p > 2 && s->p[0] == '\\' && s->p[1] == 'u') {
		s->p += 2;
		if ((unit = scan_unit(s)) == -1)
			return 0;
		if (unit >= 0xdc00 && unit <= 0xdfff)
			return 1;
	}
	s->p = at;
	s->why = lone;
	return 0;
}

/* A string, at its first quote. */
static int
scan_string(struct scan *s)
{
	size_t n;

	for (s->p++; s->p < s->end;) {
		unsigned char c = (unsigned char)*s->p;

		if (c == '"') {
			s->p++;
			return 1;
		}
		if (c < ' ')
			return 0;
		if (c == '\\') {
			if (!scan_escape(s))
				return 0;
		} else if (c < 0x80) {
			s->p++;
		} else {
			/* One character of UTF-8, of at most four bytes. */
			n = (size_t)(s->end - s->p) < 4 ? (size_t)(s->end - s->p) : 4;
			if ((n = mqs_utf8_valid(s->p, n, 0)) == 0)
				return 0;
			s->p++;
			while (--n > 0 && ((unsigned char)*s->p & 0xc0) == 0x80)
				s->p++;
		}
	}
	return 0;
}

/* One digit or more. */
static int
scan_digits(struct scan *s)
{
	const char *from = s->p;

	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return s->p > from;
}

static int
scan_number(struct scan *s)
{
	if (*s->p == '-')
		s->p++;
	if (s->p < s->end && *s->p == '0')
		s->p++;		/* no digit may follow */
	else if (!scan_digits(s))
		return 0;
	if (s->p < s->end && *s->p == '.') {
		s->p++;
		if (!scan_digits(s))
			return 0;
	}
	if (s->p < s->end && (*s->p == 'e' || *s->p == 'E')) {
		s->p++;
		if (s->p < s->end && (*s->p == '+' || *s->p == '-'))
			s->p++;
		return scan_digits(s);
	}
	return 1;
}

static int
scan_word(struct scan *s, const char *word)
{
	for (; *word != '\0'; word++, s->p++)
		if (s->p == s->end || *s->p != *word)
			return 0;
	return 1;
}

static int
scan_scalar(struct scan *s)
{
	switch (*s->p) {
	case '"':
		return scan_string(s);
	case 't':
		return scan_word(s, "true");
	case 'f':
		return scan_word(s, "false");
	case 'n':
		return scan_word(s, "null");
	default:
		return scan_number(s);
	}
}

static int
in_object(const struct scan *s)
{
	return s->open[(s->depth - 1) / 8] >> (s->depth - 1) % 8 & 1;
}

static int
push(struct scan *s, int object)
{
	unsigned bit = 1u << s->depth % 8;

	if (s->depth == MQS_JSON_DEPTH) {
		s->why = too_deep;
		return 0;
	}
	s->open[s->depth / 8] = (unsigned char)(object ? s->open[s->depth / 8] | bit :
	    s->open[s->depth / 8] & ~bit);
	s->depth++;
	s->p++;
	return 1;
}

/* A member's name and colon, where a value of an object is to follow. */
static int
scan_name(struct scan *s)
{
	skip_space(s);
	if (s->p == s->end || *s->p != '"' || !scan_string(s))
		return 0;
	skip_space(s);
	if (s->p == s->end || *s->p != ':')
		return 0;
	s->p++;
	return 1;
}

/* Behind a value: closes what ends there.  1: another value follows; 0: none; -1: wrong. */
static int
scan_after(struct scan *s)
{
	while (s->depth > 0) {
		skip_space(s);
		if (s->p == s->end)
			return -1;
		if (*s->p == ',') {
			s->p++;
			return in_object(s) && !scan_name(s) ? -1 : 1;
		}
		if (*s->p != (in_object(s) ? '}' : ']'))
			return -1;
		s->p++;
		s->depth--;
	}
	return 0;
}

/* Opens an array or object: 1: a value follows; 0: it was empty; -1: wrong. */
static int
scan_open(struct scan *s)
{
	int object = *s->p == '{';

	if (!push(s, object))
		return -1;
	skip_space(s);
	if (s->p < s->end && *s->p == (object ? '}' : ']')) {
		s->p++;
		s->depth--;
		return 0;
	}
	return object && !scan_name(s) ? -1 : 1;
}

static int
scan_value(struct scan *s)
{
	int more = 1;

	while (more == 1) {
		skip_space(s);
		if (s->p == s->end)
			return 0;
		if (*s->p == '{' || *s->p == '[') {
			if ((more = scan_open(s)) == 1)
				continue;
		} else if (!scan_scalar(s))
			return 0;
		if (more != -1)
			more = scan_after(s);
	}
	return more == 0;
}

size_t
mqs_json_value(const char *text, size_t n, size_t *at)
{
	struct scan s = { .p = text, .end = text + n };

	if (scan_value(&s))
		return (size_t)(s.p - text);
	if (at != NULL)
		*at = (size_t)(s.p - text);
	return 0;
}

int
mqs_json_valid(const char *text, size_t n)
{
	struct scan s = { .p = text, .end = text + n };

	if (!scan_value(&s))
		return 0;
	skip_space(&s);
	return s.p == s.end;
}

int
mqs_json_compact(struct mqs_buf *buf, const char *text, size_t n)
{
	struct scan s = { .p = text, .end = text + n };
	const char *from;

	if (mqs_buf_reserve(buf, n) == -1)
		return -1;
	for (;;) {
		skip_space(&s);
		if ((from = s.p) == s.end)
			return 0;
		if (*s.p == '"')
			(void)scan_string(&s);
		else
			while (s.p < s.end && *s.p != '"' && strchr(" \n\t\r", *s.p) == NULL)
				s.p++;
		memcpy(buf->p + buf->n, from, (size_t)(s.p - from));
		buf->n += (size_t)(s.p - from);
	}
}

int
mqs_json_member(const char *text, size_t n, const char *name, size_t *begin, size_t *len,
    const char **why)
{
	struct scan s = { .p = text, .end = text + n };
	size_t name_len = strlen(name);
	const char *from;
	int found;

	*why = NULL;
	skip_space(&s);
	if (s.p == s.end || *s.p++ != '{')
		return 0;
	for (;;) {
		skip_space(&s);
		from = s.p;
		if (!scan_name(&s))
			return 0;
		found = (size_t)(s.p - from) >= name_len + 2 &&
		    memcmp(from + 1, name, name_len) == 0 && from[1 + name_len] == '"';
		skip_space(&s);		/* the value is without the white space before it */
		*begin = (size_t)(s.p - text);
		if (!scan_value(&s)) {
			*why = found ? s.why : NULL;
			return 0;
		}
		*len = (size_t)(s.p - text) - *begin;
		if (found)
			return 1;
		skip_space(&s);
		if (s.p == s.end || *s.p++ != ',')
			return 0;
	}
}
