/*
 * common/terminal.c - text made harmless before a terminal shows it
 *
 * Messages and names of files come from others.  An escape sequence in one of them could
 * rename the window, recolour what follows, or have the terminal type an answer.
 *
 * vis(3) decides about bytes.  It knows UTF-8 only as the locale says, and the tools set
 * none, so whole UTF-8 characters are passed by it here, except U+0080 to U+009F: these
 * are control characters of two bytes.
 */
#define LIBBSD_NETBSD_VIS	/* which of two forms strnvis has; not used here */
#include <bsd/vis.h>

#include <string.h>

#include "base/name.h"
#include "common/terminal.h"

/* The length of the character at p if it is one of several bytes that prints; or 0. */
static size_t
printing_character(const unsigned char *p, size_t n)
{
	size_t len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;

	if (p[0] < 0xc2 || n < len || mqs_utf8_valid(p, len, 1) != len)
		return 0;
	return p[0] == 0xc2 && p[1] < 0xa0 ? 0 : len;
}

static size_t
write_harmless(char *to, const char *from, size_t n, int flags)
{
	const unsigned char *p = (const unsigned char *)from;
	char *at = to;
	size_t i, len;

	for (i = 0; i < n; i += len) {
		len = 1;
		if (p[i] >= ' ' && p[i] < 0x7f)
			*at++ = from[i];
		else if ((len = printing_character(p + i, n - i)) > 0)
			at = (char *)memcpy(at, p + i, len) + len;
		else {
			len = 1;
			at = vis(at, p[i], VIS_OCTAL | VIS_NOSLASH | flags, 0);
		}
	}
	*at = '\0';
	return (size_t)(at - to);
}

size_t
terminal_harmless(char *to, const char *from, size_t n)
{
	return write_harmless(to, from, n, 0);
}

size_t
terminal_harmless_line(char *to, const char *from, size_t n)
{
	return write_harmless(to, from, n, VIS_TAB | VIS_NL);
}
