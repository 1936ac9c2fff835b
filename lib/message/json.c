/*
 * json.c - writes text as JSON strings
 *
 * Writing envelopes spends most of its time here.  So eight bytes are tested as one word,
 * and copied as one word if none of them needs an escape.  Before each step the buffer has
 * room for the rest of the text without escapes, and for eight escapes; only a step that
 * escapes has to check again.
 */
#include "base/name.h"
#include "message/json.h"

#define STEP		8			/* bytes looked at as one word */
#define STEP_ESCAPED	(STEP * 6)		/* each as \u00XX */
#define EACH(c)		(UINT64_C(0x0101010101010101) * (c))

/*
 * 0 if none of eight bytes is a control character, " or \.  A subtraction that goes
 * below zero, or an addition that goes above 127, shows in a byte's top bit.  What it
 * borrows or carries may make a neighbour look special too, which only costs time.
 */
static uint64_t
special(uint64_t w)
{
	uint64_t low, backslash, del;

	low = (w ^ EACH('"' ^ 0x20)) - EACH(0x21);	/* below 0x20, or " */
	backslash = (w ^ EACH('\\')) - EACH(1);
	del = w + EACH(1);
	return (low | backslash | del) & ~w & EACH(0x80);
}

static char *
put_byte(char *out, unsigned char c)
{
	static const char letters[] = "uuuuuuuubtnufruuuuuuuuuuuuuuuuuu";
	static const char hex[] = "0123456789abcdef";
	char letter;

	if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f) {
		*out++ = (char)c;
		return out;
	}
	letter = c < 0x20 ? letters[c] : c == 0x7f ? 'u' : (char)c;
	*out++ = '\\';
	*out++ = letter;
	if (letter == 'u') {
		*out++ = '0';
		*out++ = '0';
		*out++ = hex[c >> 4];
		*out++ = hex[c & 15];
	}
	return out;
}

static int
escape(struct mqs_buf *b, const unsigned char *p, size_t n)
{
	const unsigned char *end;
	char *out;

	if (n == 0)
		return 0;
	end = p + n;
	if (mqs_buf_reserve(b, n + STEP_ESCAPED) == -1)
		return -1;
	out = b->p + b->n;
	while (p < end) {
		size_t k = (size_t)(end - p) < STEP ? (size_t)(end - p) : STEP;
		uint64_t w;

		if (k == STEP) {
			memcpy(&w, p, STEP);
			if (special(w) == 0) {
				memcpy(out, &w, STEP);
				out += STEP;
				p += STEP;
				continue;
			}
		}
		while (k-- > 0)
			out = put_byte(out, *p++);
		b->n = (size_t)(out - b->p);
		if (mqs_buf_reserve(b, (size_t)(end - p) + STEP_ESCAPED) == -1)
			return -1;
		out = b->p + b->n;
	}
	b->n = (size_t)(out - b->p);
	return 0;
}

int
mqs_json_utf8(struct mqs_buf *b, const void *text, size_t n)
{
	if (mqs_buf_addc(b, '"') == -1 || escape(b, text, n) == -1)
		return -1;
	return mqs_buf_addc(b, '"');
}

int
mqs_json_string(struct mqs_buf *b, const void *text, size_t n)
{
	static const char replacement[] = "\xef\xbf\xbd";
	const unsigned char *p = text;
	size_t valid;

	if (mqs_buf_addc(b, '"') == -1)
		return -1;
	for (; (valid = mqs_utf8_valid(p, n, 0)) < n; p += valid + 1, n -= valid + 1)
		if (escape(b, p, valid) == -1 ||
		    mqs_buf_add(b, replacement, 3) == -1)
			return -1;
	if (escape(b, p, n) == -1)
		return -1;
	return mqs_buf_addc(b, '"');
}
