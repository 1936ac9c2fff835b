/*
 * stat/html.c - text of unknown origin and numbers, as parts of an HTML page
 *
 * Invariant: what html_bytes appends has no '<', '>', '"', '\'' and no '&' that does not begin
 * one of its five entities; it is UTF-8; and none of its characters acts on characters beside
 * it.  So it is text between tags and in quoted attributes, wherever it comes from.  Nothing
 * else in the page may append what a queue, a message or a client gave.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/name.h"
#include "base/units.h"
#include "common/output.h"
#include "mqspool.h"
#include "stat/age_text.h"
#include "stat/html.h"

#define REPLACEMENT	"\xef\xbf\xbd"	/* U+FFFD */

void
html_raw(struct mqs_buf *to, const char *fmt, ...)
{
	char *text;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	must(n < 0 ? -1 : mqs_buf_add(to, text, (size_t)n));
	free(text);
}

void
html_part(struct mqs_buf *to, const struct mqs_buf *part)
{
	if (part->n != 0)
		must(mqs_buf_add(to, part->p, part->n));
}

/* ---------------------------------------------------------------- text -- */

/* The length of the UTF-8 character that begins with this byte, if it is valid. */
static size_t
length_of(unsigned char first)
{
	return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

static uint32_t
decode(const unsigned char *p, size_t n)
{
	uint32_t c = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));
	size_t i;

	for (i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3f);
	return c;
}

/* Characters that are not shown as themselves: from, to. */
static const uint32_t unseen[][2] = {
	{ 0x00, 0x08 }, { 0x0b, 0x1f }, { 0x7f, 0x9f },	/* controls */
	{ 0xad, 0xad },				/* soft hyphen */
	{ 0x61c, 0x61c },			/* direction of Arabic */
	{ 0x180e, 0x180e },
	{ 0x200b, 0x200b }, { 0x200e, 0x200f },	/* no width; direction */
	{ 0x2028, 0x202e },			/* separators; embedding, override */
	{ 0x2060, 0x206f },			/* joiners, isolates, deprecated */
	{ 0xfdd0, 0xfdef },			/* no characters */
	{ 0xfeff, 0xfeff }, { 0xfff9, 0xfffb },	/* byte order; annotations */
	{ 0xe0000, 0xe0fff }			/* tags */
};

static int
is_unseen(uint32_t c)
{
	size_t i;

	if ((c & 0xfffe) == 0xfffe)		/* no characters */
		return 1;
	for (i = 0; i < sizeof(unseen) / sizeof(unseen[0]); i++)
		if (c >= unseen[i][0] && c <= unseen[i][1])
			return 1;
	return 0;
}

static const char *
entity_of(unsigned char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

static void
add_character(struct mqs_buf *to, const unsigned char *p, size_t n)
{
	const char *instead = is_unseen(decode(p, n)) ? REPLACEMENT : entity_of(*p);

	if (instead != NULL)
		must(mqs_buf_add(to, instead, strlen(instead)));
	else
		must(mqs_buf_add(to, p, n));
}

void
html_bytes(struct mqs_buf *to, const void *bytes, size_t n)
{
	const unsigned char *p = bytes, *end = p + n, *valid;

	while (p < end) {
		for (valid = p + mqs_utf8_valid(p, (size_t)(end - p), 0); p < valid;
		    p += length_of(*p))
			add_character(to, p, length_of(*p));
		if (p < end) {
			must(mqs_buf_add(to, REPLACEMENT, strlen(REPLACEMENT)));
			p++;
		}
	}
}

void
html_text(struct mqs_buf *to, const char *text)
{
	html_bytes(to, text, strlen(text));
}

void
html_beginning(struct mqs_buf *to, const char *text, size_t most)
{
	size_t n = strlen(text);

	if (n <= most) {
		html_text(to, text);
		return;
	}
	while (most > 0 && ((unsigned char)text[most] & 0xc0) == 0x80)
		most--;
	html_bytes(to, text, most);
	html_raw(to, "...");
}

/* ------------------------------------------------------------- numbers -- */

void
html_number(struct mqs_buf *to, uint64_t n)
{
	char digits[24];
	size_t i, length;

	if (n == MQS_UNKNOWN) {
		html_raw(to, "?");
		return;
	}
	length = mqs_format_u64(n, digits);
	for (i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			must(mqs_buf_addc(to, ','));
		must(mqs_buf_addc(to, digits[i]));
	}
}

void
html_count(struct mqs_buf *to, unsigned n)
{
	html_number(to, n == MQS_UNKNOWN_COUNT ? MQS_UNKNOWN : n);
}

void
html_size(struct mqs_buf *to, uint64_t bytes)
{
	static const char units[] = "KMGTPE";
	double size = (double)bytes / 1024;
	int i;

	if (bytes == MQS_UNKNOWN || bytes < 1024) {
		html_number(to, bytes);
		html_raw(to, "%s", bytes == MQS_UNKNOWN ? "" : "B");
		return;
	}
	for (i = 0; size >= 1023.95 && units[i + 1] != '\0'; i++)
		size /= 1024;
	html_raw(to, size < 9.95 ? "%.1f%c" : "%.0f%c", size, units[i]);
}

void
html_age(struct mqs_buf *to, int64_t then, int64_t now)
{
	char text[AGE_TEXT_SIZE];

	if (then == MQS_UNKNOWN_TIME)
		html_raw(to, "?");
	else
		html_raw(to, "%s", then == 0 ? "-" : age_text(then, now, text));
}

void
html_rate(struct mqs_buf *to, double rate)
{
	if (rate < 0)
		html_raw(to, "-");
	else if (rate > 0 && rate < 9.95)
		html_raw(to, rate < 0.05 ? "&lt;0.1" : "%.1f", rate);
	else
		html_number(to, (uint64_t)(rate + 0.5));
}

void
html_time(struct mqs_buf *to, int64_t time)
{
	char text[MQS_TIME_SIZE];

	if (time == MQS_UNKNOWN_TIME) {
		html_raw(to, "?");
		return;
	}
	mqs_format_time(time, text);
	html_raw(to, "<time datetime=\"%.19sZ\">%.10s %.8s</time>", text, text, text + 11);
}
