/*
 * stat/deliveries.c - mq-stat -l: living consumers, and the deliveries that they hold
 *
 * All is gathered first and printed afterwards, for the reason given in stat/show.c.
 */
#include <stdio.h>

#include "base/clock.h"
#include "common/exit_status.h"
#include "common/output.h"
#include "mqspool.h"
#include "stat/deliveries.h"
#include "stat/fields.h"
#include "stat/long_text.h"
#include "stat/operands.h"
#include "stat/table.h"

static const struct table_column consumer_columns[] = {
	{ "QUEUE", 0 }, { "GROUP", 0 }, { "CONSUMER", 1 }, { "HELD", 1 }, { "RUNNING", 1 },
	{ "AGE", 1 }
};

static const struct table_column delivery_columns[] = {
	{ "QUEUE", 0 }, { "GROUP", 0 }, { "STATE", 0 }, { "CONSUMER", 1 },
	{ "HANDLER", 1 }, { "ATTEMPT", 1 }, { "AGE", 1 }, { "RECEIPT", 0 }
};

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

struct list {
	struct mqs_spool *spool;
	int		 json;
	int64_t		 now;
	size_t		 seen;		/* operands that could be read, and lines */
	struct table	 consumers, deliveries;
	struct long_text text;		/* JSON, consumers first in each group */
	struct mqs_buf	 line;		/* of that, what is being made */
};

static const char *
state_name(enum mqs_delivery_state state)
{
	static const char *const names[] = {
		[MQS_PREFETCHED] = "prefetched", [MQS_RUNNING] = "running",
		[MQS_HANDED_OUT] = "handed-out", [MQS_ORPHAN] = "orphan",
		[MQS_RETURNING] = "returning"
	};

	return names[state];
}

/* Ends a line of JSON. */
static void
end_line(struct list *l)
{
	must(mqs_buf_add(&l->line, "}\n", 2));
	long_text_add(&l->text, l->line.p, l->line.n);
	l->line.n = 0;
}

static int
see_consumer(void *arg, const struct mqs_consumer_stat *c)
{
	struct list *l = arg;
	struct table *t = &l->consumers;

	l->seen++;
	if (l->json) {
		must(mqs_buf_addf(&l->line, "{\"queue\":\"%s\",\"group\":\"%s\"",
		    c->queue, c->group));
		json_process(&l->line, "consumer", c->pid);
		json_number(&l->line, "held", c->held);
		json_number(&l->line, "running", c->running);
		json_time(&l->line, "since", c->since);
		json_age(&l->line, "age", c->since, l->now);
		json_where(&l->line, c->where);
		end_line(l);
		return 0;
	}
	table_cell(t, "%s", c->queue);
	table_cell(t, "%s", c->group);
	cell_process(t, c->pid, c->where);
	cell_number(t, c->held);
	cell_number(t, c->running);
	cell_age(t, c->since, l->now);
	return 0;
}

static void
json_delivery(struct list *l, const struct mqs_delivery_stat *d)
{
	struct mqs_buf *t = &l->line;

	must(mqs_buf_addf(t, "{\"queue\":\"%s\",\"group\":\"%s\",\"id\":\"%s\""
	    ",\"receipt\":\"%s\",\"attempt\":%u", d->queue, d->group, d->id, d->receipt,
	    d->attempt));
	json_number(t, "bytes", d->bytes);
	must(mqs_buf_addf(t, ",\"state\":\"%s\"", state_name(d->state)));
	json_process(t, "consumer", d->consumer);
	json_process(t, "handler", d->handler);
	json_time(t, "since", d->since);
	json_age(t, "age", d->since, l->now);
	json_time(t, "until", d->until);
	json_where(t, d->where);
	end_line(l);
}

static int
see_delivery(void *arg, const struct mqs_delivery_stat *d)
{
	struct list *l = arg;
	struct table *t = &l->deliveries;

	l->seen++;
	if (l->json) {
		json_delivery(l, d);
		return 0;
	}
	table_cell(t, "%s", d->queue);
	table_cell(t, "%s", d->group);
	table_cell(t, "%s", state_name(d->state));
	cell_process(t, d->consumer, d->where);
	cell_process(t, d->handler, "");
	table_cell(t, "%u", d->attempt);
	cell_age(t, d->since, l->now);
	table_cell(t, "%s", d->receipt);
	return 0;
}

static int
look(void *arg, const char *queue, const char *group, struct mqs_error *err)
{
	struct list *l = arg;
	const int rc = mqs_outstanding(l->spool, queue, group, see_consumer, see_delivery, l, err);

	l->seen += rc >= 0;
	return rc;
}

/* Titles alone say that there is nothing, not that something went wrong. */
static void
print(struct list *l, int status)
{
	const char *text;
	size_t n;

	if (!l->json && (status == STATUS_OK || l->seen > 0)) {
		table_print(&l->consumers, stdout);
		putchar('\n');
		table_print(&l->deliveries, stdout);
	} else if (l->json && (text = long_text_all(&l->text, &n)) != NULL && n > 0)
		fwrite(text, 1, n, stdout);
	finish_stdout();
}

int
stat_list(struct mqs_spool *spool, char **operands, int n, int json)
{
	/* Leases are of the clock as it is. */
	struct list l = { .spool = spool, .json = json, .now = mqs_now() };
	int status;

	long_text_init(&l.text);
	table_init(&l.consumers, consumer_columns, COUNT(consumer_columns));
	table_init(&l.deliveries, delivery_columns, COUNT(delivery_columns));
	status = stat_each(spool, operands, n, look, &l);
	print(&l, status);
	table_free(&l.consumers);
	table_free(&l.deliveries);
	long_text_free(&l.text);
	mqs_buf_free(&l.line);
	return status;
}
