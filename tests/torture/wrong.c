/* wrong.c - reports of properties that do not hold; see verify.h */
#include <stdarg.h>
#include <stdio.h>

#include "verify.h"

#define SHOWN	10	/* of each property's violations */

static const char *checking;
static size_t found;

void
wrong_begin(const char *property)
{
	checking = property;
	found = 0;
}

void
wrong(const char *format, ...)
{
	va_list ap;

	if (++found > SHOWN)
		return;
	printf("%s: not so: ", checking);
	va_start(ap, format);
	(void)vprintf(format, ap);
	va_end(ap);
	printf("\n");
}

size_t
wrong_end(void)
{
	if (found > SHOWN)
		printf("%s: not so: and %zu more\n", checking, found - SHOWN);
	return found;
}
