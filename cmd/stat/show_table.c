/* stat/show_table.c - the table of queues and groups, a line each */
#include <inttypes.h>

#include "base/clock.h"
#include "stat/age_text.h"
#include "stat/fields.h"
#include "stat/settled.h"
#include "stat/show_table.h"

static const struct table_column columns[] = {
	{ "QUEUE", 0 }, { "GROUP", 0 }, { "DEPTH", 1 }, { "READY", 1 },
	{ "LEASED", 1 }, { "DELAYED", 1 }, { "DEAD", 1 }, { "OLDEST", 1 },
	{ "IN", 1 }, { "OUT", 1 }, { "BYTES", 1 }
};

void
show_table_init(struct table *t)
{
	table_init(t, columns, sizeof(columns) / sizeof(columns[0]));
}

static void
age_cell(struct table *t, int64_t oldest, int64_t now)
{
	char text[AGE_TEXT_SIZE];

	table_cell(t, "%s", oldest == 0 || oldest == MQS_UNKNOWN_TIME ? "-" :
	    age_text(oldest, now, text));
}

static void
no_cells(struct table *t, int n)
{
	while (n-- > 0)
		table_cell(t, "-");
}

void
show_queue(struct table *t, const struct mqs_queue_stat *q, int64_t now)
{
	table_cell(t, "%s", q->name);
	no_cells(t, 1);
	cell_number(t, q->messages);
	no_cells(t, 4);
	age_cell(t, q->oldest, now);
	cell_number(t, q->in_messages);
	cell_number(t, q->trimmed);
	cell_number(t, q->bytes);
}

void
show_group(struct table *t, const struct mqs_group_stat *g, int64_t now)
{
	table_cell(t, "%s", g->queue);
	table_cell(t, "%s", g->group);
	cell_number(t, g->depth);
	cell_number(t, g->ready);
	cell_number(t, g->leased);
	cell_number(t, g->delayed);
	cell_number(t, g->dead);
	age_cell(t, g->oldest, now);
	no_cells(t, 1);
	cell_number(t, group_settled(g));
	no_cells(t, 1);
}
