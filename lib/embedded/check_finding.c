/* check_finding.c - see check_finding.h */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "embedded/check_finding.h"

void
mqs_check_found(struct mqs_checking *k, const char *fmt, ...)
{
	char text[MQS_ERROR_TEXT];
	int n;
	va_list ap;

	n = snprintf(text, sizeof(text), "%s: ", k->log->dir.name);
	va_start(ap, fmt);
	vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, ap);
	va_end(ap);
	++*k->findings;
	if (k->finding != NULL)
		k->finding(k->arg, text);
}

void
mqs_check_repaired(struct mqs_checking *k, const char *fmt, ...)
{
	char text[MQS_ERROR_TEXT];
	int n;
	va_list ap;

	n = snprintf(text, sizeof(text) - sizeof(": repaired"), "%s: ", k->log->dir.name);
	va_start(ap, fmt);
	vsnprintf(text + n, sizeof(text) - sizeof(": repaired") - (size_t)n, fmt, ap);
	va_end(ap);
	strcat(text, ": repaired");
	if (k->finding != NULL)
		k->finding(k->arg, text);
}
