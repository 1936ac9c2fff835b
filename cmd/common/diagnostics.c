/*
 * common/diagnostics.c - what a tool says on stderr, and the status it leaves with
 *
 * A message is one line, "TOOL: OBJECT: REASON", written in one go so that the
 * lines of several processes do not mix.  On a terminal, control characters in it (a
 * file's name may hold any) are shown as \ooo.
 */
#include <bsd/string.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/common_options.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/terminal.h"

#define LINE_MAX_BYTES	4096

static const char *program = "mq";

void
diagnostics_name(const char *name)
{
	program = name;
}

static void
write_line(const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(STDERR_FILENO, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return;		/* nowhere left to say so */
		p += done;
		n -= (size_t)done;
	}
}

static void __attribute__((format(printf, 1, 0)))
say(const char *fmt, va_list ap)
{
	char line[LINE_MAX_BYTES], shown[TERMINAL_SIZE(LINE_MAX_BYTES)];
	int kept = errno;
	size_t n;

	(void)strlcpy(line, program, sizeof(line));
	n = strlcat(line, ": ", sizeof(line));
	(void)vsnprintf(line + n, sizeof(line) - 1 - n, fmt, ap);
	n = strlcat(line, "\n", sizeof(line));
	if (isatty(STDERR_FILENO))
		write_line(shown, terminal_harmless(shown, line, n));
	else
		write_line(line, n);
	errno = kept;
}

void
usage_error(const char *fmt, ...)
{
	char hint[96];
	va_list ap;
	int n;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	n = snprintf(hint, sizeof(hint), "Try '%s --help'.\n", program);
	if (n > 0 && (size_t)n < sizeof(hint))
		write_line(hint, (size_t)n);
	exit(STATUS_USAGE);
}

void
fail(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	exit(status);
}

void
fail_error(const struct mqs_error *err)
{
	fail(status_of(err->code), "%s", err->text);
}

void
report(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
}

void
note(const char *fmt, ...)
{
	va_list ap;

	if (!common.verbose)
		return;
	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
}

void
complain(const char *fmt, ...)
{
	va_list ap;

	if (common.quiet)
		return;
	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
}
