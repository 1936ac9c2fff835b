/*
 * stat/watch.c - mq-stat --watch: looks again and again
 *
 * Each look is one of gather(), which has every queue closed again when it returns: nothing is
 * held between two looks, and a terminal that does not take output holds up nobody.  Looks are
 * made at fixed times after the first; those that would come too late are left out.
 *
 * If the first look fails at an operand, or shows nothing, its error is the tool's, as without
 * --watch.  Later errors stand in the last line for as long as they last, for what is watched may
 * come back.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "common/common_options.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/output.h"
#include "common/signals.h"
#include "stat/gather.h"
#include "stat/operands.h"
#include "stat/screen.h"
#include "stat/watch.h"
#include "stat/watch_draw.h"
#include "stat/watch_rows.h"

struct watch {
	struct mqs_spool *spool;
	char		**operands;
	int		 n;
	int		 screen;	/* stdout is one */
	int64_t		 interval;
	struct gathered	 looks[2];	/* the last, and the one before */
	int		 last;
	int		 looked;
	int		 by_depth;
	struct rows	 rows;
	struct mqs_buf	 text;
};

static char message[512];	/* the first of a look; the screen has no room for more */

static void
on_message(int status, const char *text)
{
	if (status != STATUS_OK) {
		diagnostics_divert(NULL);
		screen_leave();
		fail_now(status, "%s", text);
	}
	if (message[0] == '\0')
		(void)snprintf(message, sizeof(message), "%s", text);
}

static int
look(struct watch *w)
{
	struct gathered *now = &w->looks[!w->last];
	int status;

	gather_free(now);
	message[0] = '\0';
	status = gather(now, w->spool, w->operands, w->n);
	rows_update(&w->rows, w->looked ? &w->looks[w->last] : NULL, now);
	w->last = !w->last;
	w->looked = 1;
	return status;
}

static void
draw(struct watch *w)
{
	struct picture p = { .colour = w->screen && screen_has_colours(),
	    .utf8 = w->screen && screen_has_utf8(), .by_depth = w->by_depth,
	    .now = w->looks[w->last].now, .interval = w->interval, .spool = common.spool,
	    .message = message };

	if (w->screen)
		screen_size(&p.width, &p.height);
	rows_sort(&w->rows, w->by_depth);
	w->text.n = 0;
	watch_draw(&p, &w->rows, &w->text);
	screen_write(w->text.p, w->text.n);
}

static int
ms_until(int64_t time)
{
	const int64_t left = (time - mqs_boottime() + MQS_MSEC - 1) / MQS_MSEC;

	return left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

/* Until the time of the next look: 0; or 1 to stop. */
static int
on_screen(struct watch *w, int64_t next)
{
	int key;

	for (;;) {
		draw(w);
		key = screen_wait(ms_until(next));
		if (key == 'q' || stopping != 0)
			return 1;
		if (key == 'd' || key == 'n')
			w->by_depth = key == 'd';
		if (key == ' ' || ms_until(next) == 0)
			return 0;
	}
}

/* The same where there is no screen; a reader that has gone away wants no more. */
static int
in_lines(struct watch *w, int64_t next)
{
	struct pollfd out = { .fd = STDOUT_FILENO };
	int ms;

	draw(w);
	while ((ms = ms_until(next)) > 0)
		if (wait_poll(&out, 1, ms) > 0 || stopping != 0)
			return 1;
	return 0;
}

/* The first time after now that is a whole number of intervals after the first look. */
static int64_t
time_after(int64_t first, int64_t interval)
{
	return mqs_later(first, ((mqs_boottime() - first) / interval + 1) * interval);
}

static void
free_watch(struct watch *w)
{
	gather_free(&w->looks[0]);
	gather_free(&w->looks[1]);
	rows_free(&w->rows);
	mqs_buf_free(&w->text);
}

int
stat_watch(struct mqs_spool *spool, char **operands, int n, int64_t interval)
{
	struct watch w = { .spool = spool, .operands = operands, .n = n, .interval = interval,
	    .screen = screen_is_one() };
	const int64_t first = mqs_boottime();
	int status, done = 0;

	stat_each_until_signal();
	status = look(&w);
	if (status != STATUS_OK && (n > 0 || w.rows.n == 0)) {
		free_watch(&w);
		return status;
	}
	if (w.screen) {
		diagnostics_divert(on_message);
		screen_enter();
	}
	while (!done && stopping == 0) {
		done = w.screen ? on_screen(&w, time_after(first, interval)) :
		    in_lines(&w, time_after(first, interval));
		if (!done)
			(void)look(&w);
	}
	screen_leave();
	diagnostics_divert(NULL);
	free_watch(&w);
	return STATUS_OK;
}
