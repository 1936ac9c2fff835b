/*
 * ctl/progress.c - how far long work has come, on stderr
 *
 * The library says it as often as it likes.  On a terminal one line is written over and over,
 * ten times a second at the most.  Elsewhere (--progress) each step has a line of its own when
 * it is done, and one a second before that, so that a log of it is short.
 */
#include <bsd/string.h>

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "common/common_options.h"
#include "common/diagnostics.h"
#include "common/terminal.h"
#include "ctl/progress.h"

#define WIDTH	80

static struct {
	int	terminal;
	int	shown;		/* a line is on the terminal */
	int64_t	next;		/* not before (mqs_boottime) */
} state;

/* "orders: copying the log: 40 %", or how much, if the whole is not known. */
static void
describe(char *line, size_t size, const char *what, uint64_t done, uint64_t total)
{
	if (total == 0)
		(void)snprintf(line, size, "%s: %" PRIu64, what, done);
	else
		(void)snprintf(line, size, "%s: %.0f %%", what,
		    100.0 * (double)done / (double)total);
}

static void
write_over(const char *line)
{
	char shown[TERMINAL_SIZE(WIDTH)];

	(void)terminal_harmless(shown, line, strlen(line));
	(void)fprintf(stderr, "\r%s\033[K", shown);
	(void)fflush(stderr);
	state.shown = 1;
}

static void
show(void *arg, const char *what, uint64_t done, uint64_t total)
{
	const int64_t now = mqs_boottime();
	const int last = !state.terminal && total != 0 && done >= total;
	char line[WIDTH];

	(void)arg;
	if (now < state.next && !last)
		return;
	state.next = mqs_later(now, state.terminal ? MQS_SECOND / 10 : MQS_SECOND);
	describe(line, sizeof(line), what, done, total);
	if (state.terminal)
		write_over(line);
	else
		report("%s", line);
}

void
progress_start(int asked)
{
	state.terminal = isatty(STDERR_FILENO);
	if (!asked && (!state.terminal || common.quiet))
		return;
	common.progress = show;
	if (!state.terminal)
		state.next = mqs_later(mqs_boottime(), MQS_SECOND);
}

void
progress_end(void)
{
	if (!state.shown)
		return;
	(void)fputs("\r\033[K", stderr);
	(void)fflush(stderr);
	state.shown = 0;
	state.next = 0;
}
