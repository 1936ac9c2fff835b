/*
 * redact.c - see redact.h
 *
 * In an address, user and password (RFC 3986, 3.2.1) end at the last '@' before the first
 * '/', '?' or '#' behind "://".  It is the last '@', because a password that was not
 * percent-encoded may have one, too.
 */
#include <stdio.h>
#include <string.h>

#include "base/redact.h"

char *
mqs_redact(const char *where, char *buf, size_t size)
{
	const char *user = strstr(where, "://"), *at = NULL, *colon, *p;

	if (user != NULL) {
		user += 3;
		for (p = user; *p != '\0' && strchr("/?#", *p) == NULL; p++)
			if (*p == '@')
				at = p;
		if (at == NULL)		/* a password may have such a character, not encoded */
			at = strrchr(user, '@');
	}
	if (at == NULL || (colon = memchr(user, ':', (size_t)(at - user))) == NULL)
		snprintf(buf, size, "%s", where);
	else
		snprintf(buf, size, "%.*s:***%s", (int)(colon - where), where, at);
	return buf;
}
