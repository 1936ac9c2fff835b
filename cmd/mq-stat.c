/*
 * mq-stat - shows queues and groups without touching them
 *
 * The library reports from inside a snapshot of the queue.  Therefore everything is
 * gathered first and printed afterwards: printing may wait for a slow reader, and no
 * snapshot may be held for so long.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/address.h"
#include "base/clock.h"
#include "base/units.h"
#include "common/arguments.h"
#include "common/common_options.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/open_spool.h"
#include "common/output.h"
#include "common/tool.h"
#include "mqspool.h"
#include "stat/deliveries.h"
#include "stat/fields.h"
#include "stat/next_due.h"
#include "stat/operands.h"
#include "stat/table.h"

enum { OPT_NAMES = TOOL_LONG, OPT_NEXT_DUE };

static const struct tool_option options[] = {
	{ 'J', "json", NULL, "one JSON object a line, for each queue and each group" },
	{ 'l', "list", NULL, "consumers, and each message that is out to one" },
	{ OPT_NEXT_DUE, "next-due", NULL, "only the seconds until there is work" },
	{ OPT_NAMES, "names", NULL, "only the names, one QUEUE or QUEUE/GROUP a line" },
	{ 0 }
};

/* What not every engine can do. */
static const char *const asks[] = {
	"list", "next-due", NULL
};

static const struct tool_status statuses[] = {
	{ 0, "done" },
	{ 1, "--next-due: no work is to be expected" },
	{ 64, "usage" },
	{ 66, "a queue or a group does not exist; the others are shown" },
	TOOL_STATUSES,
	{ 74, "input or output error, or the spool is damaged" },
	{ 75, "try again: a queue is in use otherwise" },
	{ 77, "permission denied; what may be read is shown" },
	{ 0 }
};

static const struct tool tool = {
	.name = "mq-stat",
	.synopsis = "[options] [QUEUE[/GROUP]...]",
	.purpose = "Shows how many messages queues hold and groups have yet to settle.",
	.options = options,
	.asks = asks,
	.statuses = statuses
};

static const struct table_column columns[] = {
	{ "QUEUE", 0 }, { "GROUP", 0 }, { "DEPTH", 1 }, { "READY", 1 },
	{ "LEASED", 1 }, { "DELAYED", 1 }, { "DEAD", 1 }, { "OLDEST", 1 },
	{ "IN", 1 }, { "OUT", 1 }, { "BYTES", 1 }
};

enum style { STYLE_TABLE, STYLE_JSON, STYLE_NAMES };

/* What was asked for; one of the last three at most, and -J not with the last two. */
struct request {
	int	json, list, next_due, names;
};

struct view {
	struct mqs_spool *spool;
	enum style	 style;
	int64_t		 now;
	int		 group_only;	/* the operand names a group: no line for its queue */
	struct table	 table;
	size_t		 lines;		/* in it, without the titles */
	struct mqs_buf	 text;		/* the other styles */
};

/* "119s", "47h": the unit of which there are two at least. */
static void
age_cell(struct view *v, int64_t oldest)
{
	int64_t seconds = oldest < v->now && oldest > 0 ? (v->now - oldest) / MQS_SECOND : 0;

	if (oldest == 0 || oldest == MQS_UNKNOWN_TIME)
		table_cell(&v->table, "-");
	else if (seconds < 2 * 60)
		table_cell(&v->table, "%" PRId64 "s", seconds);
	else if (seconds < 2 * 3600)
		table_cell(&v->table, "%" PRId64 "m", seconds / 60);
	else if (seconds < 2 * 86400)
		table_cell(&v->table, "%" PRId64 "h", seconds / 3600);
	else
		table_cell(&v->table, "%" PRId64 "d", seconds / 86400);
}

static void
no_cells(struct view *v, int n)
{
	while (n-- > 0)
		table_cell(&v->table, "-");
}

/* Names, UUIDs and ids need no escaping: the library lets no quote or control into them. */
static void
json_queue(struct view *v, const struct mqs_queue_stat *q)
{
	struct mqs_buf *t = &v->text;

	must(mqs_buf_addf(t, "{\"queue\":\"%s\",\"uuid\":\"%s\"", q->name, q->uuid));
	json_number(t, "messages", q->messages);
	json_number(t, "bytes", q->bytes);
	json_number(t, "in_messages", q->in_messages);
	json_number(t, "in_bytes", q->in_bytes);
	json_number(t, "trimmed", q->trimmed);
	json_number(t, "dropped", q->dropped);
	json_number(t, "disk_bytes", q->disk_bytes);
	must(mqs_buf_addf(t, ",\"last_id\":\"%s\"", q->last_id));
	json_count(t, "groups", q->groups);
	must(mqs_buf_addf(t, ",\"paused\":%s", q->paused ? "true" : "false"));
	json_time(t, "oldest", q->oldest);
	json_age(t, "oldest_age", q->oldest, v->now);
	must(mqs_buf_add(t, "}\n", 2));
}

static void
json_group(struct view *v, const struct mqs_group_stat *g)
{
	struct mqs_buf *t = &v->text;

	must(mqs_buf_addf(t, "{\"queue\":\"%s\",\"group\":\"%s\"", g->queue, g->group));
	json_number(t, "depth", g->depth);
	json_number(t, "ready", g->ready);
	json_number(t, "leased", g->leased);
	json_number(t, "delayed", g->delayed);
	json_number(t, "delivered", g->delivered);
	json_number(t, "acked", g->acked);
	json_number(t, "retried", g->retried);
	json_number(t, "released", g->released);
	json_number(t, "rejected", g->rejected);
	json_number(t, "dead", g->dead);
	json_number(t, "expired", g->expired);
	json_number(t, "dropped", g->dropped);
	json_count(t, "consumers", g->consumers);
	must(mqs_buf_addf(t, ",\"paused\":%s", g->paused ? "true" : "false"));
	json_time(t, "oldest", g->oldest);
	json_age(t, "oldest_age", g->oldest, v->now);
	must(mqs_buf_add(t, "}\n", 2));
}

static int
see_queue(void *arg, const struct mqs_queue_stat *q)
{
	struct view *v = arg;

	if (v->group_only)
		return 0;
	if (v->style == STYLE_NAMES) {
		must(mqs_buf_addf(&v->text, "%s\n", q->name));
		return 0;
	}
	if (v->style == STYLE_JSON) {
		json_queue(v, q);
		return 0;
	}
	v->lines++;
	table_cell(&v->table, "%s", q->name);
	no_cells(v, 1);
	cell_number(&v->table, q->messages);
	no_cells(v, 4);
	age_cell(v, q->oldest);
	cell_number(&v->table, q->in_messages);
	cell_number(&v->table, q->trimmed);
	cell_number(&v->table, q->bytes);
	return 0;
}

static int
see_group(void *arg, const struct mqs_group_stat *g)
{
	struct view *v = arg;

	if (v->style == STYLE_NAMES) {
		must(mqs_buf_addf(&v->text, "%s/%s\n", g->queue, g->group));
		return 0;
	}
	if (v->style == STYLE_JSON) {
		json_group(v, g);
		return 0;
	}
	v->lines++;
	table_cell(&v->table, "%s", g->queue);
	table_cell(&v->table, "%s", g->group);
	cell_number(&v->table, g->depth);
	cell_number(&v->table, g->ready);
	cell_number(&v->table, g->leased);
	cell_number(&v->table, g->delayed);
	cell_number(&v->table, g->dead);
	age_cell(v, g->oldest);
	no_cells(v, 1);
	cell_number(&v->table, g->acked == MQS_UNKNOWN || g->dead == MQS_UNKNOWN ?
	    MQS_UNKNOWN : g->acked + g->dead);
	no_cells(v, 1);
	return 0;
}

static int
look(void *arg, const char *queue, const char *group, struct mqs_error *err)
{
	struct view *v = arg;
	int rc;

	v->group_only = group != NULL;
	rc = mqs_stat(v->spool, queue, group, see_queue, see_group, v, err);
	return rc == MQS_ENOENT && v->style == STYLE_NAMES && queue == NULL ? MQS_OK : rc;
}

static void
print(struct view *v, int status)
{
	/* Titles alone say that there is nothing, not that something went wrong. */
	if (v->style == STYLE_TABLE && (status == STATUS_OK || v->lines > 0))
		table_print(&v->table, stdout);
	if (v->text.n != 0)
		fwrite(v->text.p, 1, v->text.n, stdout);
	finish_stdout();
}

/* A completion asks for names before there is a spool: nothing to say then. */
static int
spool_missing(void)
{
	return !mqs_is_address(common.spool, NULL) &&
	    access(common.spool, F_OK) == -1 && errno == ENOENT;
}

/* The table of queues and groups, or what stands for it. */
static int
show(struct mqs_spool *spool, char **operands, int n, enum style style)
{
	struct view view = {
		.spool = spool, .style = style, .now = judged_now()
	};
	int status;

	table_init(&view.table, columns, sizeof(columns) / sizeof(columns[0]));
	status = stat_each(spool, operands, n, look, &view);
	print(&view, status);
	table_free(&view.table);
	mqs_buf_free(&view.text);
	return status;
}

static void
parse(struct request *r, int argc, char **argv)
{
	char queue[MQS_NAME_MAX + 1], group[MQS_NAME_MAX + 1];
	const char *arg;
	int i, id;

	tool_start(&tool, argc, argv);
	while ((id = tool_option(&arg)) != 0) {
		r->json |= id == 'J';
		r->list |= id == 'l';
		r->next_due |= id == OPT_NEXT_DUE;
		r->names |= id == OPT_NAMES;
	}
	if (r->list + r->next_due + r->names > 1)
		usage_error("only one of -l, --next-due, --names");
	if (r->json && r->next_due + r->names > 0)
		usage_error("-J: not with --next-due or --names");
	for (i = tool_operand(); i < argc; i++)
		arg_queue(argv[i], queue, group);
}

int
main(int argc, char **argv)
{
	struct request r = { 0 };
	struct mqs_spool *spool;
	int n, status;

	parse(&r, argc, argv);
	if (r.names && spool_missing())
		return STATUS_OK;
	argv += tool_operand();
	n = argc - tool_operand();
	spool = open_spool(0);
	if (r.list)
		status = stat_list(spool, argv, n, r.json);
	else if (r.next_due)
		status = stat_next_due(spool, argv, n);
	else
		status = show(spool, argv, n, r.json ? STYLE_JSON :
		    r.names ? STYLE_NAMES : STYLE_TABLE);
	mqs_spool_free(spool);
	return status;
}
