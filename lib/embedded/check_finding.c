/* check_finding.c - see check_finding.h */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "embedded/check_finding.h"

/* Gives a line to the caller's function: queue, what fmt says, ending. */
static void __attribute__((format(printf, 3, 0)))
tell(struct mqs_checking *k, const char *ending, const char *fmt, va_list ap)
{
	char text[MQS_ERROR_TEXT];
	const size_t room = sizeof(text) - strlen(ending);
	int n;

	n = snprintf(text, room, "%s: ", k->log->dir.name);
	(void)vsnprintf(text + n, room - (size_t)n, fmt, ap);
	strcat(text, ending);
	if (k->finding != NULL)
		k->finding(k->arg, text);
}

void
mqs_check_found(struct mqs_checking *k, const char *fmt, ...)
{
	va_list ap;

	++*k->findings;
	va_start(ap, fmt);
	tell(k, "", fmt, ap);
	va_end(ap);
}

void
mqs_check_repaired(struct mqs_checking *k, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell(k, ": repaired", fmt, ap);
	va_end(ap);
}

void
mqs_check_noted(struct mqs_checking *k, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell(k, "", fmt, ap);
	va_end(ap);
}
