/*
 * stat/watch_columns.c - the columns of numbers of mq-stat --watch
 *
 * What is nothing is dim, so that the eye finds what there is.  A column is as wide as its numbers
 * can be: counts from a hundred thousand on are shortened.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "mqspool.h"
#include "stat/age_text.h"
#include "stat/watch_columns.h"

/* A count in 7 columns at the most: "99999", "1.23M". */
static void
short_number(char text[CELL_MAX], double n)
{
	static const char units[] = "kMGTPE";
	size_t i = 0;

	if (n < 99999.5) {
		(void)snprintf(text, CELL_MAX, "%.0f", n);
		return;
	}
	for (n /= 1000; n >= 999.5 && i + 2 < sizeof(units); i++)
		n /= 1000;
	(void)snprintf(text, CELL_MAX, n < 9.995 ? "%.2f%c" : n < 99.95 ? "%.1f%c" : "%.0f%c", n,
	    units[i]);
}

static void
count_text(char text[CELL_MAX], uint64_t n)
{
	if (n == MQS_UNKNOWN)
		(void)snprintf(text, CELL_MAX, "-");
	else
		short_number(text, (double)n);
}

static enum style
depth_cell(const struct row *r, int64_t now, char text[CELL_MAX])
{
	(void)now;
	count_text(text, r->depth);
	return row_attention(r) == ALARM ? RED : r->depth == 0 ? DIM : BOLD;
}

static enum style
leased_cell(const struct row *r, int64_t now, char text[CELL_MAX])
{
	(void)now;
	count_text(text, r->leased);
	return r->leased == 0 || r->leased == MQS_UNKNOWN ? DIM : PLAIN;
}

static enum style
delayed_cell(const struct row *r, int64_t now, char text[CELL_MAX])
{
	(void)now;
	count_text(text, r->delayed);
	return r->delayed == 0 || r->delayed == MQS_UNKNOWN ? DIM : PLAIN;
}

static enum style
oldest_cell(const struct row *r, int64_t now, char text[CELL_MAX])
{
	char age[AGE_TEXT_SIZE];

	(void)snprintf(text, CELL_MAX, "%s", r->oldest == 0 || r->oldest == MQS_UNKNOWN_TIME ? "-" :
	    age_text(r->oldest, now, age));
	return r->oldest == 0 ? DIM : PLAIN;
}

static enum style
consumers_cell(const struct row *r, int64_t now, char text[CELL_MAX])
{
	(void)now;
	count_text(text, r->consumers == MQS_UNKNOWN_COUNT ? MQS_UNKNOWN : r->consumers);
	return r->group[0] == '\0' ? DIM : r->consumers == 0 && r->depth > 0 ? YELLOW : PLAIN;
}

static enum style
rate_cell(const struct row *r, int ours, char text[CELL_MAX])
{
	if (!ours || isnan(r->rate))
		(void)snprintf(text, CELL_MAX, "-");
	else if (r->rate > 0 && r->rate < 9.95)
		(void)snprintf(text, CELL_MAX, "%.1f", r->rate);
	else
		short_number(text, r->rate);
	return ours && r->rate > 0 ? PLAIN : DIM;
}

static enum style
in_cell(const struct row *r, int64_t now, char text[CELL_MAX])
{
	(void)now;
	return rate_cell(r, r->group[0] == '\0', text);
}

static enum style
out_cell(const struct row *r, int64_t now, char text[CELL_MAX])
{
	(void)now;
	return rate_cell(r, r->group[0] != '\0', text);
}

const struct column columns[COLUMNS] = {
	{ "DEPTH", 7, depth_cell }, { "OLDEST", 6, oldest_cell }, { "IN/s", 6, in_cell },
	{ "OUT/s", 6, out_cell }, { "LEASED", 6, leased_cell }, { "DELAYED", 7, delayed_cell },
	{ "CONS", 4, consumers_cell }
};
