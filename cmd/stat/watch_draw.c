/*
 * stat/watch_draw.c - one picture of mq-stat --watch, as text
 *
 * On a screen each line is written over the one that was there, and its rest is erased: clearing
 * the whole screen first would flicker.  All text has one column for each byte: names of queues
 * and groups are ASCII, and of other text, "?" is shown for what is not.  A line is cut at the
 * screen's width by counting columns as they are added; escape sequences count nothing.
 * Numbers are never cut: stat/watch_layout.h leaves out what has no room.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/redact.h"
#include "base/units.h"
#include "common/output.h"
#include "stat/watch_columns.h"
#include "stat/watch_draw.h"
#include "stat/watch_layout.h"

#define SPOOL_LEAST	12	/* that many columns of its name, before the clock is shown */

static const char *const sequences[] = {	/* by enum style */
	"", "\033[1m", "\033[2m", "\033[7m", "\033[33m", "\033[1;31m", "\033[36m"
};

/* A line that is being added. */
struct line {
	const struct picture *p;
	struct mqs_buf	*to;
	size_t		 used;	/* columns */
};

/* Adds ASCII, cut at the width. */
static void
put(struct line *l, enum style style, const char *text)
{
	size_t n = strlen(text), room = l->p->height == 0 ? SIZE_MAX : l->p->width - l->used;
	const int styled = l->p->colour && style != PLAIN;

	if (n > room)
		n = room;
	if (styled)
		must(mqs_buf_addf(l->to, "%s", sequences[style]));
	must(mqs_buf_add(l->to, text, n));
	if (styled)
		must(mqs_buf_addf(l->to, "\033[0m"));
	l->used += n;
}

static void
put_blanks(struct line *l, size_t n)
{
	static const char blanks[] = "                                ";

	for (; n >= sizeof(blanks); n -= sizeof(blanks) - 1)
		put(l, PLAIN, blanks);
	put(l, PLAIN, blanks + sizeof(blanks) - 1 - n);
}

static struct line
begin_line(const struct picture *p, struct mqs_buf *to)
{
	return (struct line){ p, to, 0 };
}

static void
end_line(struct line *l, int last)
{
	if (l->p->height > 0)
		/* Behind the last column there is nothing: what it has would be erased. */
		must(mqs_buf_addf(l->to, "%s%s", l->used < l->p->width ? "\033[K" : "",
		    last ? "" : "\r\n"));
	else
		must(mqs_buf_addc(l->to, '\n'));
}

static void
put_name(struct line *l, const struct row *r, size_t width)
{
	char name[2 * MQS_NAME_MAX + 16];
	const int n = snprintf(name, sizeof(name), "%s%s%s%s", r->queue,
	    r->group[0] != '\0' ? "/" : "", r->group, r->paused ? " (paused)" : "");

	if (width == 0)
		return;
	if ((size_t)n > width) {	/* its end tells more than its middle */
		name[width / 2] = '~';
		memmove(name + width / 2 + 1, name + (size_t)n - (width - width / 2 - 1),
		    width - width / 2);
	}
	put(l, row_attention(r) == ALARM ? RED : row_attention(r) == WARN ? YELLOW :
	    r->group[0] == '\0' ? BOLD : PLAIN, name);
	if ((size_t)n < width)
		put_blanks(l, width - (size_t)n);
}

/* The last looks, the greatest depth among them as high as a line. */
static void
put_history(struct line *l, const struct row *r, size_t width)
{
	static const char *const blocks[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char *const ascii[] = { "_", ".", ":", "-", "=", "+", "*", "#" };
	const char *const *glyphs = l->p->utf8 ? blocks : ascii;
	size_t i, n = r->looks < width ? r->looks : width;
	uint64_t most = 1, d;

	for (i = HISTORY_MAX - n; i < HISTORY_MAX; i++)
		if (r->history[i] != MQS_UNKNOWN && r->history[i] > most)
			most = r->history[i];
	put(l, PLAIN, " ");
	if (l->p->colour)
		must(mqs_buf_addf(l->to, "%s", sequences[CYAN]));
	for (i = HISTORY_MAX - n; i < HISTORY_MAX && l->used < l->p->width; i++, l->used++) {
		d = r->history[i] == MQS_UNKNOWN ? 0 : r->history[i];
		must(mqs_buf_addf(l->to, "%s", glyphs[(size_t)((double)d * 7.0 / (double)most)]));
	}
	if (l->p->colour)
		must(mqs_buf_addf(l->to, "\033[0m"));
}

/* A cell of a column.  It has no room only where one cell is wider than the screen. */
static void
put_cell(struct line *l, enum style style, const char *text, size_t width)
{
	const size_t n = strlen(text);
	char padded[CELL_MAX];

	width += l->used > 0;
	if (l->p->height > 0 && width > l->p->width - l->used)
		width = l->p->width - l->used;
	if (n > width)
		text = "~";
	if (style != TITLE)
		put_blanks(l, width > n ? width - n : 0);
	(void)snprintf(padded, sizeof(padded), "%*s", style == TITLE ? (int)width : 0, text);
	put(l, style, padded);
}

static void
draw_row(const struct picture *p, const struct row *r, struct layout layout, struct mqs_buf *to,
    int last)
{
	struct line l = begin_line(p, to);
	char text[CELL_MAX];
	enum style style;
	size_t i;

	put_name(&l, r, layout.name);
	for (i = 0; i < layout.columns; i++) {
		style = columns[i].cell(r, p->now, text);
		put_cell(&l, style, text, columns[i].width);
	}
	if (layout.history > 0)
		put_history(&l, r, layout.history);
	end_line(&l, last);
}

static void
draw_titles(const struct picture *p, struct layout layout, struct mqs_buf *to)
{
	struct line l = begin_line(p, to);
	char text[CELL_MAX];
	const char *title;
	size_t i;

	title = layout.name >= strlen("QUEUE/GROUP") ? "QUEUE/GROUP" :
	    layout.name >= strlen("QUEUE") ? "QUEUE" : "";
	put(&l, TITLE, title);
	for (i = strlen(title); i < layout.name; i++)
		put(&l, TITLE, " ");
	for (i = 0; i < layout.columns; i++)
		put_cell(&l, TITLE, columns[i].title, columns[i].width);
	if (layout.history > 0) {
		(void)snprintf(text, sizeof(text), " %-*s", layout.history < 18 ?
		    (int)layout.history : 18, "TREND");
		put(&l, TITLE, text);
		for (i = 18; i < layout.history; i++)
			put(&l, TITLE, " ");
	}
	end_line(&l, 0);
}

/* Control characters would be obeyed, and others may be wider than one column. */
static void
make_ascii(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || (unsigned char)*text >= 0x7f)
			*text = '?';
}

/* "/var/spool/mq  3 queues, 5 groups      every 1s  12:00:07" */
static void
draw_head(const struct picture *p, const struct rows *rows, struct mqs_buf *to)
{
	struct line l = begin_line(p, to);
	char spool[256], left[512], right[96], clock[16] = "", every[MQS_DURATION_SIZE];
	const time_t seconds = (time_t)(p->now / MQS_SECOND);
	struct tm tm;
	size_t i, queues = 0, n;

	for (i = 0; i < rows->n; i++)
		queues += rows->list[i].group[0] == '\0';
	(void)mqs_redact(p->spool, spool, sizeof(spool));
	make_ascii(spool);
	(void)snprintf(left, sizeof(left), "%s  %zu queue%s, %zu group%s", spool, queues,
	    mqs_plural(queues), rows->n - queues, mqs_plural(rows->n - queues));
	if (localtime_r(&seconds, &tm) != NULL)
		(void)strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	(void)snprintf(right, sizeof(right), "  every %s  %s",
	    mqs_format_duration(p->interval, every), clock);
	if (p->height > 0 && p->width < strlen(right) + SPOOL_LEAST)
		(void)snprintf(right, sizeof(right), "  %s", clock);
	if (p->height > 0 && p->width < strlen(right) + SPOOL_LEAST)
		right[0] = '\0';
	n = strlen(right);
	if (p->height > 0 && strlen(left) > p->width - n)
		left[p->width - n] = '\0';
	put(&l, BOLD, left);
	if (p->height > 0 && l.used + n < p->width)
		put_blanks(&l, p->width - n - l.used);
	put(&l, DIM, right);
	end_line(&l, 0);
}

/* The last line: what is wrong, what is not shown, or the keys. */
static void
draw_foot(const struct picture *p, const struct rows *rows, size_t shown, struct mqs_buf *to)
{
	struct line l = begin_line(p, to);
	char text[512];
	size_t i, need = 0;
	const char *const keys[] = { "q quit", p->by_depth ? "n by name" : "d by depth",
	    "space now" };

	for (i = shown; i < rows->n; i++)
		need += row_attention(rows->order[i]) != CALM;
	if (p->message[0] != '\0') {
		(void)snprintf(text, sizeof(text), "%s  ", p->message);
		make_ascii(text);
		put(&l, RED, text);
	}
	if (shown < rows->n) {
		(void)snprintf(text, sizeof(text), "%zu more%s", rows->n - shown,
		    need == 0 ? "" : ", ");
		put(&l, PLAIN, text);
		if (need > 0) {
			(void)snprintf(text, sizeof(text), "%zu of them need%s attention", need,
			    need == 1 ? "s" : "");
			put(&l, YELLOW, text);
		}
		put(&l, PLAIN, "  ");
	}
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (l.used + strlen(keys[i]) <= p->width) {
			put(&l, DIM, keys[i]);
			put_blanks(&l, p->width - l.used < 2 ? p->width - l.used : 2);
		}
	end_line(&l, 1);
}

void
watch_draw(const struct picture *p, const struct rows *rows, struct mqs_buf *to)
{
	const struct layout layout = watch_layout(p->width, p->height, rows);
	const size_t others = (size_t)layout.head + (size_t)layout.titles + (size_t)layout.foot;
	const size_t room = p->height == 0 ? rows->n : p->height - others;
	size_t i;

	if (p->height > 0)
		must(mqs_buf_addf(to, "\033[H"));
	if (layout.head)
		draw_head(p, rows, to);
	if (layout.titles)
		draw_titles(p, layout, to);
	for (i = 0; i < rows->n && i < room; i++)
		draw_row(p, rows->order[i], layout, to, !layout.foot);
	if (p->height == 0) {
		must(mqs_buf_addc(to, '\n'));
		return;
	}
	if (layout.foot)
		draw_foot(p, rows, i, to);
	must(mqs_buf_addf(to, "\033[J"));
}
