/*
 * stat/check.c - mq-stat --check: a plugin for Nagios, Icinga and others like them
 *
 * The contract is that of the monitoring plugins: status 0 (OK), 1 (WARNING), 2 (CRITICAL) or
 * 3 (UNKNOWN), and one line on stdout, "MQ STATE - text | performance data".  Such systems read
 * nothing else, so errors become part of that line (check_errors.h).
 *
 * The objects are queues and groups.  Of an operand QUEUE, or where there is none, they are the
 * queue and all of its groups.  A queue without groups stands for a group that will get
 * all of its messages, since its first group will.  Numbers of a queue (dead, rate) are judged
 * once for each queue, also where only one of its groups was named.
 *
 * What can't be read, or is not known to the engine, is UNKNOWN, but hides neither a WARNING nor
 * a CRITICAL of something else: the worst state counts, in the order OK, UNKNOWN, WARNING,
 * CRITICAL, as in the plugins' own check_cluster.
 */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/units.h"
#include "common/arguments.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/output.h"
#include "stat/check.h"
#include "stat/check_errors.h"
#include "stat/dead_letters.h"
#include "stat/gather.h"
#include "stat/rates.h"

static const char *const states[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };
/* How bad a state is. */
static const int badness[] = { 0, 2, 3, 1 };

#define SHOWN_MAX	3	/* reasons that the line has in words */
/* Nagios cuts off what is longer than 8 KB.  Half a number must not be drawn, so none is. */
#define DATA_BYTES	7000

struct check {
	const struct conditions *conditions;
	struct gathered	 now;
	struct gathered	 before, queues;	/* for numbers of queues */
	struct mqs_spool *spool;
	int		 state;
	struct mqs_buf	 reasons[4];	/* by state */
	size_t		 n_reasons[4];
	struct mqs_buf	 data;		/* performance data */
	int		 all;		/* there are no operands */
	struct mqs_buf	 dead_of;	/* names of the dead-letter queues of others, each with NUL */
};

/* Appends text without what would end the line or begin the performance data. */
static void
add_text(struct mqs_buf *to, const char *text)
{
	for (; *text != '\0'; text++)
		must(mqs_buf_addc(to, (unsigned char)*text < ' ' || *text == 0x7f ||
		    *text == '|' ? '?' : *text));
}

int
check_asked(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strncmp(argv[i], "--check", 7) == 0 || strncmp(argv[i], "--warn", 6) == 0)
			return 1;
	return 0;
}

static void
set_state(struct check *c, int state)
{
	if (badness[state] > badness[c->state])
		c->state = state;
}

/* A number as a person reads it; buf has MQS_DURATION_SIZE bytes. */
static const char *
show_number(enum measure_id of, double value, char *buf)
{
	if (measures[of].unit == SECONDS)
		return mqs_format_duration((int64_t)value * MQS_SECOND, buf);
	(void)snprintf(buf, MQS_DURATION_SIZE, measures[of].unit == COUNT ? "%.0f" : "%.2f",
	    value);
	return buf;
}

/* Begins a reason for a state: NULL if there are enough of them in words. */
static struct mqs_buf *
add_reason(struct check *c, int state)
{
	struct mqs_buf *to = &c->reasons[state];

	set_state(c, state);
	if (c->n_reasons[state]++ >= SHOWN_MAX)
		return NULL;
	if (to->n > 0)
		must(mqs_buf_add(to, "; ", 2));
	return to;
}

/* "'orders/billing depth'=3;9;99;0" */
static void
add_data(struct check *c, const char *object, enum measure_id of, double value)
{
	static const char *const format[] = {
		[COUNT] = "%.0f", [SECONDS] = "%.3fs", [PER_SECOND] = "%.3f"
	};
	const size_t before = c->data.n;
	char number[64];

	(void)snprintf(number, sizeof(number), format[measures[of].unit], value);
	must(mqs_buf_addf(&c->data, " '%s %s'=%s;", object, measures[of].name, number));
	conditions_range(c->conditions, of, 0, &c->data);
	must(mqs_buf_addc(&c->data, ';'));
	conditions_range(c->conditions, of, 1, &c->data);
	must(mqs_buf_addf(&c->data, ";0"));
	if (c->data.n > DATA_BYTES)
		c->data.n = before;
}

static void
judge_condition(struct check *c, const char *object, const struct condition *condition,
    double value)
{
	const char *name = measures[condition->measure].name;
	char shown[MQS_DURATION_SIZE];
	struct mqs_buf *to;

	if (condition_holds(condition, value))
		return;
	to = add_reason(c, condition->critical ? PLUGIN_CRITICAL : PLUGIN_WARNING);
	if (to != NULL)
		must(mqs_buf_addf(to, "%s %s is %s, not %s", object, name,
		    show_number(condition->measure, value, shown), condition->text));
}

/* Judges one number of an object; NAN: it is not known. */
static void
judge(struct check *c, const char *object, enum measure_id of, double value)
{
	struct mqs_buf *to;
	size_t i;

	if (!conditions_about(c->conditions, of))
		return;
	if (isnan(value)) {
		if ((to = add_reason(c, PLUGIN_UNKNOWN)) != NULL)
			must(mqs_buf_addf(to, "%s %s is not known", object, measures[of].name));
		return;
	}
	for (i = 0; i < c->conditions->n; i++)
		if (c->conditions->list[i].measure == of)
			judge_condition(c, object, &c->conditions->list[i], value);
	add_data(c, object, of, value);
}

static double
number(uint64_t n)
{
	return n == MQS_UNKNOWN ? NAN : (double)n;
}

static double
age_of(const struct check *c, int64_t oldest)
{
	if (oldest == MQS_UNKNOWN_TIME)
		return NAN;
	return oldest == 0 || oldest > c->now.now ? 0 :
	    (double)(c->now.now - oldest) / (double)MQS_SECOND;
}

static void
judge_group(struct check *c, const struct mqs_group_stat *g)
{
	char object[2 * MQS_NAME_MAX + 2];

	(void)snprintf(object, sizeof(object), "%s/%s", g->queue, g->group);
	judge(c, object, DEPTH, number(g->depth));
	judge(c, object, READY, number(g->ready));
	judge(c, object, LEASED, number(g->leased));
	judge(c, object, DELAYED, number(g->delayed));
	judge(c, object, LAG, number(g->lag));
	judge(c, object, AGE, age_of(c, g->oldest));
	judge(c, object, CONSUMERS, g->consumers == MQS_UNKNOWN_COUNT ? NAN : (double)g->consumers);
}

/* A queue without groups: its first group will get all that is there. */
static void
judge_groupless(struct check *c, const struct mqs_queue_stat *q)
{
	judge(c, q->name, DEPTH, number(q->messages));
	judge(c, q->name, READY, number(q->messages));
	judge(c, q->name, LEASED, 0);
	judge(c, q->name, DELAYED, 0);
	judge(c, q->name, LAG, number(q->messages));
	judge(c, q->name, AGE, age_of(c, q->oldest));
	judge(c, q->name, CONSUMERS, 0);
}

/* 1 if the letters of that queue were judged as those of another one. */
static int
is_judged(const struct check *c, const char *name)
{
	const char *at = c->dead_of.p;

	for (; at != NULL && at < c->dead_of.p + c->dead_of.n; at += strlen(at) + 1)
		if (strcmp(at, name) == 0)
			return 1;
	return 0;
}

static void
judge_dead(struct check *c, const struct mqs_queue_stat *q)
{
	char name[MQS_NAME_MAX + 1];
	struct mqs_error err;
	uint64_t dead = 0;

	if (dead_letters(c->spool, q->name, name, &dead, &err) != MQS_OK) {
		check_errors_note(err.text);
		return;
	}
	if (strcmp(name, q->name) != 0)
		must(mqs_buf_add(&c->dead_of, name, strlen(name) + 1));
	else if (c->all && is_judged(c, name))
		return;
	judge(c, q->name, DEAD, number(dead));
}

/* A queue that is its own dead-letter queue comes behind those that have it as theirs. */
static void
judge_queues(struct check *c)
{
	int own;
	size_t i;

	for (own = 0; own <= 1 && conditions_about(c->conditions, DEAD); own++)
		for (i = 0; i < c->queues.n_queues; i++)
			if (dead_letters_by_name(c->queues.queues[i].name) == own)
				judge_dead(c, &c->queues.queues[i]);
	for (i = 0; i < c->queues.n_queues && conditions_about(c->conditions, RATE); i++)
		judge(c, c->queues.queues[i].name, RATE,
		    rate_in(&c->before, &c->queues, &c->queues.queues[i]));
}

static void
wait_for(int64_t interval)
{
	const int64_t until = mqs_later(mqs_boottime(), interval);
	int64_t left;

	while ((left = until - mqs_boottime()) > 0)
		(void)poll(NULL, 0, (int)(left / MQS_MSEC < 1000 ? left / MQS_MSEC + 1 : 1000));
}

/* The queues of operands, which may name groups. */
static void
look_at_queues(struct check *c, struct gathered *to, char **operands, int n)
{
	const size_t size = MQS_NAME_MAX + 1;
	char **names = calloc((size_t)n + 1, sizeof(*names));
	char *text = malloc(size * ((size_t)n + 1)), group[MQS_NAME_MAX + 1];
	int i;

	if (names == NULL || text == NULL)
		fail(STATUS_SYSTEM, "out of memory");
	for (i = 0; i < n; i++) {
		names[i] = text + size * (size_t)i;
		arg_queue(operands[i], names[i], group);
	}
	(void)gather(to, c->spool, names, n);
	free(names);
	free(text);
}

/*
 * Looks once, or twice if a rate is asked for.  What the last look at the objects themselves says
 * is what counts of the messages: the others would only repeat it.
 */
static void
look(struct check *c, char **operands, int n, int64_t interval)
{
	const int rate = conditions_about(c->conditions, RATE);
	size_t told;

	if (rate) {
		look_at_queues(c, &c->before, operands, n);
		wait_for(interval);
	}
	check_errors.n = 0;
	(void)gather(&c->now, c->spool, operands, n);
	told = check_errors.n;
	if (rate || conditions_about(c->conditions, DEAD))
		look_at_queues(c, &c->queues, operands, n);
	check_errors.n = told;
}

static void
judge_all(struct check *c)
{
	const char *text;
	struct mqs_buf *to;
	size_t i;

	for (i = 0; i < c->now.n_queues; i++)
		if (c->now.queues[i].groups == 0)
			judge_groupless(c, &c->now.queues[i]);
	for (i = 0; i < c->now.n_groups; i++)
		judge_group(c, &c->now.groups[i]);
	judge_queues(c);
	if (c->now.n_queues + c->now.n_groups + check_errors.n == 0)
		check_errors_note("there is no queue");
	for (text = check_errors.p; text != NULL && text < check_errors.p + check_errors.n; text += strlen(text) + 1)
		if ((to = add_reason(c, PLUGIN_UNKNOWN)) != NULL)
			add_text(to, text);
}

/* The reasons of a state in words, and how many more there are. */
static void
add_reasons(struct check *c, int state, struct mqs_buf *line)
{
	const size_t n = c->n_reasons[state];

	if (n == 0)
		return;
	must(mqs_buf_addf(line, "%s%.*s", line->n > 0 ? "; " : "", (int)c->reasons[state].n,
	    c->reasons[state].p));
	if (n > SHOWN_MAX)
		must(mqs_buf_addf(line, "; %zu more", n - SHOWN_MAX));
}

static int
print_line(struct check *c)
{
	struct mqs_buf line = { 0 };

	add_reasons(c, PLUGIN_CRITICAL, &line);
	add_reasons(c, PLUGIN_WARNING, &line);
	add_reasons(c, PLUGIN_UNKNOWN, &line);
	if (c->state == PLUGIN_OK)
		must(mqs_buf_addf(&line, "%zu queue%s, %zu group%s", c->now.n_queues,
		    mqs_plural(c->now.n_queues), c->now.n_groups, mqs_plural(c->now.n_groups)));
	printf("MQ %s - %.*s", states[c->state], (int)line.n, line.p);
	if (c->data.n > 0)
		printf(" |%.*s", (int)c->data.n, c->data.p);
	putchar('\n');
	finish_stdout();
	mqs_buf_free(&line);
	return c->state;
}

int
stat_check(struct mqs_spool *spool, char **operands, int n, const struct conditions *conditions,
    int64_t interval)
{
	struct check c = { .conditions = conditions, .spool = spool, .all = n == 0 };
	size_t i;
	int state;

	look(&c, operands, n, interval);
	judge_all(&c);
	state = print_line(&c);
	for (i = 0; i < sizeof(c.reasons) / sizeof(c.reasons[0]); i++)
		mqs_buf_free(&c.reasons[i]);
	mqs_buf_free(&c.data);
	mqs_buf_free(&c.dead_of);
	mqs_buf_free(&check_errors);
	gather_free(&c.before);
	gather_free(&c.now);
	gather_free(&c.queues);
	return state;
}
