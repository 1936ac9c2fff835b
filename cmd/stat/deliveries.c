/*
 * stat/deliveries.c - mq-stat -l: living consumers, and what is out to them
 *
 * Gathered first and printed afterwards, as in mq-stat.c: the library tells it from
 * inside a snapshot.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/units.h"
#include "common/output.h"
#include "mqspool.h"
#include "stat/stat.h"
#include "stat/table.h"

static const struct table_column consumer_columns[] = {
	{ "QUEUE", 0 }, { "GROUP", 0 }, { "CONSUMER", 1 }, { "HELD", 1 }, { "RUNNING", 1 }
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
	struct table	 consumers, deliveries;
	struct mqs_buf	 text;		/* JSON, consumers first in each group */
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

static void
pid_cell(struct table *t, int64_t pid)
{
	if (pid == 0)
		table_cell(t, "-");
	else
		table_cell(t, "%" PRId64, pid);
}

static void
json_pid(struct mqs_buf *text, const char *name, int64_t pid)
{
	if (pid == 0)
		must(mqs_buf_addf(text, ",\"%s\":null", name));
	else
		must(mqs_buf_addf(text, ",\"%s\":%" PRId64, name, pid));
}

static int
see_consumer(void *arg, const struct mqs_consumer_stat *c)
{
	struct list *l = arg;
	struct table *t = &l->consumers;

	if (l->json) {
		must(mqs_buf_addf(&l->text, "{\"queue\":\"%s\",\"group\":\"%s\"",
		    c->queue, c->group));
		json_pid(&l->text, "consumer", c->pid);
		must(mqs_buf_addf(&l->text, ",\"held\":%" PRIu64 ",\"running\":%" PRIu64
		    "}\n", c->held, c->running));
		return 0;
	}
	table_cell(t, "%s", c->queue);
	table_cell(t, "%s", c->group);
	pid_cell(t, c->pid);
	table_cell(t, "%" PRIu64, c->held);
	table_cell(t, "%" PRIu64, c->running);
	return 0;
}

static void
json_delivery(struct list *l, const struct mqs_delivery_stat *d, int64_t age)
{
	char time[MQS_TIME_SIZE];

	must(mqs_buf_addf(&l->text, "{\"queue\":\"%s\",\"group\":\"%s\",\"id\":\"%s\""
	    ",\"receipt\":\"%s\",\"attempt\":%u,\"bytes\":%" PRIu64 ",\"state\":\"%s\"",
	    d->queue, d->group, d->id, d->receipt, d->attempt, d->bytes,
	    state_name(d->state)));
	json_pid(&l->text, "consumer", d->consumer);
	json_pid(&l->text, "handler", d->handler);
	must(mqs_buf_addf(&l->text, ",\"since\":\"%s\",\"age\":%.3f",
	    mqs_format_time(d->since, time), (double)age / (double)MQS_SECOND));
	if (d->until == 0)
		must(mqs_buf_addf(&l->text, ",\"until\":null}\n"));
	else
		must(mqs_buf_addf(&l->text, ",\"until\":\"%s\"}\n",
		    mqs_format_time(d->until, time)));
}

static int
see_delivery(void *arg, const struct mqs_delivery_stat *d)
{
	struct list *l = arg;
	struct table *t = &l->deliveries;
	int64_t age = d->since < l->now ? l->now - d->since : 0;

	if (l->json) {
		json_delivery(l, d, age);
		return 0;
	}
	table_cell(t, "%s", d->queue);
	table_cell(t, "%s", d->group);
	table_cell(t, "%s", state_name(d->state));
	pid_cell(t, d->consumer);
	pid_cell(t, d->handler);
	table_cell(t, "%u", d->attempt);
	table_cell(t, "%" PRId64 "s", age / MQS_SECOND);
	table_cell(t, "%s", d->receipt);
	return 0;
}

static int
look(void *arg, const char *queue, const char *group, struct mqs_error *err)
{
	struct list *l = arg;

	return mqs_outstanding(l->spool, queue, group, see_consumer, see_delivery, l, err);
}

static void
print(const struct list *l)
{
	if (!l->json) {
		table_print(&l->consumers, stdout);
		putchar('\n');
		table_print(&l->deliveries, stdout);
	} else if (l->text.n != 0)
		fwrite(l->text.p, 1, l->text.n, stdout);
	finish_stdout();
}

int
stat_list(struct mqs_spool *spool, char **operands, int n, int json)
{
	/* Leases are of the clock as it is. */
	struct list l = { .spool = spool, .json = json, .now = mqs_now() };
	int status;

	table_init(&l.consumers, consumer_columns, COUNT(consumer_columns));
	table_init(&l.deliveries, delivery_columns, COUNT(delivery_columns));
	status = stat_each(operands, n, look, &l);
	print(&l);
	table_free(&l.consumers);
	table_free(&l.deliveries);
	mqs_buf_free(&l.text);
	return status;
}
