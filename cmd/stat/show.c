/*
 * stat/show.c - queues and groups as a table, as JSON or by their names
 *
 * Names come from the directories alone; a single group is looked for with its numbers.
 *
 * The library reports from inside a snapshot of the queue.  Therefore everything is
 * gathered first and printed afterwards: printing may wait for a slow reader, and no
 * snapshot may be held for so long.
 */
#include <stdio.h>

#include "base/bytes.h"
#include "common/common_options.h"
#include "common/exit_status.h"
#include "common/output.h"
#include "stat/json.h"
#include "stat/operands.h"
#include "stat/show.h"
#include "stat/show_table.h"
#include "stat/table.h"

struct view {
	struct mqs_spool *spool;
	enum show_style style;
	int64_t		 now;
	int		 group_only;	/* the operand names a group: no line for its queue */
	struct table	 table;
	size_t		 lines;		/* shown, without the titles */
	struct mqs_buf	 text;		/* the other styles */
};

static int
see_name(void *arg, const char *queue, const char *group)
{
	struct view *v = arg;

	if (group == NULL)
		must(mqs_buf_addf(&v->text, "%s\n", queue));
	else
		must(mqs_buf_addf(&v->text, "%s/%s\n", queue, group));
	return 0;
}

static int
see_queue(void *arg, const struct mqs_queue_stat *q)
{
	struct view *v = arg;

	if (v->group_only)
		return 0;
	if (v->style == SHOW_JSON)
		json_queue(&v->text, q, v->now);
	else
		show_queue(&v->table, q, v->now);
	v->lines++;
	return 0;
}

static int
see_group(void *arg, const struct mqs_group_stat *g)
{
	struct view *v = arg;

	if (v->style == SHOW_NAMES)
		return see_name(v, g->queue, g->group);
	if (v->style == SHOW_JSON)
		json_group(&v->text, g, v->now);
	else
		show_group(&v->table, g, v->now);
	v->lines++;
	return 0;
}

static int
look(void *arg, const char *queue, const char *group, struct mqs_error *err)
{
	struct view *v = arg;
	int rc;

	v->group_only = group != NULL;
	if (v->style == SHOW_NAMES && group == NULL) {
		rc = mqs_list(v->spool, queue, see_name, v, err);
		return rc == MQS_ENOENT && queue == NULL ? MQS_OK : rc;
	}
	return mqs_stat(v->spool, queue, group, see_queue, see_group, v, err);
}

static void
print(struct view *v, int status)
{
	/* Titles alone say that there is nothing, not that something went wrong. */
	if (v->style == SHOW_TABLE && (status == STATUS_OK || v->lines > 0))
		table_print(&v->table, stdout);
	if (v->text.n != 0)
		fwrite(v->text.p, 1, v->text.n, stdout);
	finish_stdout();
}

int
stat_show(struct mqs_spool *spool, char **operands, int n, enum show_style style)
{
	struct view view = {
		.spool = spool, .style = style, .now = judged_now()
	};
	int status;

	show_table_init(&view.table);
	status = stat_each(spool, operands, n, look, &view);
	print(&view, status);
	table_free(&view.table);
	mqs_buf_free(&view.text);
	return status;
}
