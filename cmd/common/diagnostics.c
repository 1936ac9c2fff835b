/*
 * common/diagnostics.c - what a tool says on stderr, and the status it leaves with
 *
 * A message is one line, "TOOL: OBJECT: REASON", written in one go so that the
 * lines of several processes do not mix.  Control characters in it are shown as \ooo: names of
 * files and operands may hold any, and would drive a terminal, or make lines of a log up.
 */
#include <bsd/string.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/address.h"
#include "base/advice.h"
#include "common/common_options.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/terminal.h"

#define LINE_MAX_BYTES	4096
#define SPOOL_WORD	512	/* a longer path is called PATH */

static const char *program = "mq";
static void (*divert)(int status, const char *text);
static void (*also)(void *arg, const char *text);
static void *also_arg;
static void (*before)(void);
static const volatile sig_atomic_t *asked_to_stop;

void
diagnostics_name(const char *name)
{
	program = name;
}

void
diagnostics_divert(void (*fn)(int status, const char *text))
{
	divert = fn;
}

void
diagnostics_before(void (*fn)(void))
{
	before = fn;
}

void
diagnostics_wait_until(const volatile sig_atomic_t *asked)
{
	asked_to_stop = asked;
}

static void
write_line(const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(STDERR_FILENO, p, n);

		if (done < 0 && errno == EINTR && (asked_to_stop == NULL || *asked_to_stop == 0))
			continue;
		if (done <= 0)
			return;		/* nowhere left to say so */
		p += done;
		n -= (size_t)done;
	}
}

/* One line, which begins with what `who' says. */
static void __attribute__((format(printf, 2, 0)))
say_as(const char *who, const char *fmt, va_list ap)
{
	char line[LINE_MAX_BYTES], shown[TERMINAL_SIZE(LINE_MAX_BYTES)];
	int kept = errno;
	size_t n;

	if (before != NULL)
		before();
	(void)strlcpy(line, who, sizeof(line));
	n = strlcat(line, who[0] != '\0' ? ": " : "", sizeof(line));
	(void)vsnprintf(line + n, sizeof(line) - 1 - n, fmt, ap);
	n = terminal_harmless_line(shown, line, strlen(line));
	shown[n++] = '\n';	/* instead of NUL */
	write_line(shown, n);
	errno = kept;
}

static void __attribute__((format(printf, 2, 0)))
say(int status, const char *fmt, va_list ap)
{
	char text[LINE_MAX_BYTES];
	int kept = errno;

	if (divert == NULL) {
		say_as(program, fmt, ap);
		return;
	}
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	divert(status, text);
	errno = kept;
}

void
hint(const char *fmt, ...)
{
	va_list ap;

	if (divert != NULL)
		return;
	va_start(ap, fmt);
	say_as("", fmt, ap);
	va_end(ap);
}

void
diagnostics_also(void (*fn)(void *arg, const char *text), void *arg)
{
	also = fn;
	also_arg = arg;
}

static void __attribute__((format(printf, 1, 0)))
tell(const char *fmt, va_list ap)
{
	char text[LINE_MAX_BYTES];

	if (also == NULL)
		return;
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	also(also_arg, text);
}

void
usage_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(STATUS_USAGE, fmt, ap);
	va_end(ap);
	hint("Try '%s --help'.", program);
	exit(STATUS_USAGE);
}

void
fail(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(status, fmt, ap);
	va_end(ap);
	exit(status);
}

/* A path that is not there; that an engine elsewhere has no such spool is its own to explain. */
static int
spool_missing(void)
{
	return common.spool != NULL && !mqs_is_address(common.spool, NULL) &&
	    access(common.spool, F_OK) == -1 && errno == ENOENT;
}

void
report_error(const struct mqs_error *err)
{
	static int hinted;	/* once is enough, for several queues too */
	char word[SPOOL_WORD];

	report("%s", err->text);
	if (hinted || err->code != MQS_ENOENT || common.quiet || !spool_missing())
		return;
	hinted = 1;
	/* Where publishing may not create, mq-ctl still may. */
	hint("Begin with 'mq-%s -s %s %s'.", common.autocreate ? "pub" : "ctl",
	    mqs_shell_word(word, sizeof(word), common.spool),
	    common.autocreate ? "QUEUE MESSAGE" : "create QUEUE");
}

void
fail_now(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(status, fmt, ap);
	va_end(ap);
	_exit(status);
}

void
fail_error(const struct mqs_error *err)
{
	if (divert != NULL)
		fail(status_of(err->code), "%s", err->text);
	report_error(err);
	exit(status_of(err->code));
}

void
report(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell(fmt, ap);
	va_end(ap);
	va_start(ap, fmt);
	say(STATUS_OK, fmt, ap);
	va_end(ap);
}

void
note(const char *fmt, ...)
{
	va_list ap;

	if (!common.verbose)
		return;
	va_start(ap, fmt);
	say(STATUS_OK, fmt, ap);
	va_end(ap);
}

void
complain(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell(fmt, ap);
	va_end(ap);
	if (common.quiet)
		return;
	va_start(ap, fmt);
	say(STATUS_OK, fmt, ap);
	va_end(ap);
}
