/*
 * common/progress.c - how far long work has come, on stderr
 *
 * A step is described by a text and numbers, which are where they are counted anyway: the tool's
 * own counter, or what the library said last.  Reading them costs nothing until somebody looks:
 *
 *	a terminal	one line is written over and over, ten times a second at the most
 *	--progress	elsewhere each step has a line of its own when it is done, and one a second
 *			before that, so that a log of it is short
 *	SIGUSR1		a line, at once, also where nothing else is shown (progress_line.h)
 *
 * The text of a step is replaced by filling the other of two slots and then switching.
 *
 * Where the library waits for something (0 of 0), that stands behind a step of the tool until it goes
 * on, and is a step of its own otherwise.
 */
#include <sys/ioctl.h>

#include <bsd/string.h>

#include <unistd.h>

#include "base/clock.h"
#include "common/common_options.h"
#include "common/diagnostics.h"
#include "common/progress.h"
#include "common/progress_line.h"
#include "common/progress_signal.h"
#include "common/progress_terminal.h"
#include "common/terminal.h"

#define WIDTH		80	/* where the terminal does not say */

static struct {
	int		 shown_at_all, terminal;
	int64_t		 next;		/* not before (mqs_boottime) */
} state;

static size_t
columns(void)
{
	struct winsize w;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 1 ? w.ws_col : WIDTH;
}

/* A job in the background leaves the terminal to others. */
static int
in_background(void)
{
	const pid_t group = tcgetpgrp(STDERR_FILENO);

	return group > 0 && group != getpgrp();
}

static void
write_over(void)
{
	struct progress_text t = { .n = 0 };
	const size_t begun = strlen("\r"), width = columns() - 1;

	if (in_background() || !progress_terminal_take())
		return;
	progress_add(&t, "\r");
	progress_describe(&t);
	if (t.n > begun + width)
		t.n = begun + width;
	progress_add(&t, "\033[K");
	progress_told.line = 1;		/* before it is: a signal may come in between */
	progress_write(&t);
}

static void
show(int last)
{
	const int64_t now = mqs_boottime();
	struct progress_text t = { .n = 0 };

	if (now < state.next && !(last && !state.terminal))
		return;
	state.next = mqs_later(now, state.terminal ? MQS_SECOND / 10 : MQS_SECOND);
	if (state.terminal) {
		write_over();
		return;
	}
	progress_describe(&t);
	t.p[t.n] = '\0';
	report("%s", t.p);
}

static void
copy_text(char to[PROGRESS_TEXT], const char *what)
{
	char harmless[TERMINAL_SIZE(PROGRESS_TEXT)];
	const size_t n = strlen(what) < PROGRESS_TEXT ? strlen(what) : PROGRESS_TEXT - 1;

	(void)terminal_harmless_line(harmless, what, n);
	(void)strlcpy(to, harmless, PROGRESS_TEXT);
}

/* Fills the slot that nobody looks at, and switches to it. */
static void
begin_step(const char *what, const char *unit, const uint64_t *count, progress_part_fn *part)
{
	const sig_atomic_t other = progress_told.now == 1 ? 2 : 1;
	struct progress_step *s = &progress_told.steps[other - 1];

	copy_text(s->what, what);
	s->waits[0] = '\0';
	s->unit = unit;
	s->count = count;
	s->part = part;
	s->since = mqs_boottime();
	progress_told.now = other;
}

/* The tool's step goes on, waiting for that; "": no longer. */
static void
step_waits(const char *what)
{
	const sig_atomic_t other = progress_told.now == 1 ? 2 : 1;
	const struct progress_step *now = &progress_told.steps[progress_told.now - 1];
	const size_t n = strlen(now->what);
	struct progress_step *s = &progress_told.steps[other - 1];

	if (strncmp(what, now->what, n) == 0 && strncmp(what + n, ": ", 2) == 0)
		what += n + 2;
	*s = *now;
	copy_text(s->waits, what);
	progress_told.now = other;
}

/* mqs_options.progress */
static void
on_progress(void *arg, const char *what, uint64_t done, uint64_t total)
{
	static char before[PROGRESS_TEXT];

	(void)arg;
	if (progress_told.now != 0 && progress_told.steps[progress_told.now - 1].count != NULL && done == 0 && total == 0) {
		step_waits(what);
		if (state.shown_at_all)
			show(0);
		return;
	}
	progress_told.done = done;
	progress_told.total = total;
	if (progress_told.now == 0 || strncmp(before, what, sizeof(before) - 1) != 0) {
		(void)strlcpy(before, what, sizeof(before));
		begin_step(what, NULL, NULL, NULL);
	}
	if (state.shown_at_all)
		show(total != 0 && done >= total);
}

void
progress_start(int asked, int alone)
{
	state.terminal = isatty(STDERR_FILENO);
	state.shown_at_all = asked || (state.terminal && alone && !common.quiet);
	if (state.shown_at_all && state.terminal)
		progress_terminal_on_end(progress_line_erase);
	common.progress = on_progress;
	progress_signal_is_for(progress_line_tell);
	diagnostics_before(progress_end);
	if (!state.terminal)
		state.next = mqs_later(mqs_boottime(), MQS_SECOND);
}

void
progress_step(const char *what, const char *unit, const uint64_t *count, progress_part_fn *part)
{
	begin_step(what, unit, count, part);
	/* What takes no second shows nothing on a terminal. */
	state.next = mqs_later(mqs_boottime(), MQS_SECOND);
}

void
progress_tick(void)
{
	if (progress_told.now != 0 && progress_told.steps[progress_told.now - 1].waits[0] != '\0')
		step_waits("");
	if (state.shown_at_all)
		show(0);
}

int
progress_tick_ms(void)
{
	return state.shown_at_all ? 1000 : -1;
}

void
progress_done(void)
{
	if (state.shown_at_all && !state.terminal)
		show(1);
	progress_end();
	progress_terminal_give();
	progress_told.now = 0;
}

void
progress_end(void)
{
	const struct progress_text erase = { "\r\033[K", 4 };

	if (!progress_told.line)
		return;
	progress_told.line = 0;
	progress_write(&erase);
	state.next = 0;
}
