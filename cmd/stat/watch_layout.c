/*
 * stat/watch_layout.c - what of mq-stat --watch a screen of some size has room for
 *
 * A number that is cut would be another number.  So a screen that is too narrow loses, in this
 * order: the trend, the middle of names, whole columns from the right, and names: DEPTH stays.
 * One that is too low loses rows, down to one; then its first line, the titles, the last line.
 */
#include <string.h>

#include "stat/watch_columns.h"
#include "stat/watch_layout.h"

#define NAME_LEAST	12	/* names are shortened to that before a column is left out */
#define NAME_SOME	20	/* and to that before the trend is */
#define HISTORY_MIN	10

static size_t
name_width(const struct row *r)
{
	return strlen(r->queue) + (r->group[0] != '\0' ? 1 + strlen(r->group) : 0) +
	    (r->paused ? strlen(" (paused)") : 0);
}

/* The first n columns of numbers, each with a blank in front of it. */
static size_t
columns_width(size_t n)
{
	size_t i, width = 0;

	for (i = 0; i < n; i++)
		width += columns[i].width + 1;
	return width;
}

struct layout
watch_layout(size_t width, size_t height, const struct rows *rows)
{
	struct layout l = { NAME_SOME, COLUMNS, 0, height == 0 || height > 3,
	    height == 0 || height > 2, height != 1 };
	size_t i, rest;

	for (i = 0; i < rows->n; i++)
		if (name_width(&rows->list[i]) > l.name)
			l.name = name_width(&rows->list[i]);
	if (height == 0)
		return l;
	while (l.columns > 1 && NAME_LEAST + columns_width(l.columns) > width)
		l.columns--;
	rest = width > columns_width(l.columns) ? width - columns_width(l.columns) : 0;
	if (rest < NAME_SOME + 1 + HISTORY_MIN) {
		if (l.name > rest)
			l.name = rest;
		return l;
	}
	if (l.name + 1 + HISTORY_MIN > rest)
		l.name = rest - 1 - HISTORY_MIN;
	l.history = rest - 1 - l.name;
	if (l.history > HISTORY_MAX)
		l.history = HISTORY_MAX;
	return l;
}
