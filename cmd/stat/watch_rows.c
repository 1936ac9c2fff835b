/*
 * stat/watch_rows.c - the lines of mq-stat --watch: numbers, rates, and how the depth was
 *
 * Rows stand in the order of names, a queue before its groups.  Each look makes a new array and
 * takes the history of each row from the old one; both are in the same order, so one pass does.
 * What is gone is forgotten with its history.
 */
#include <bsd/string.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/output.h"
#include "stat/dead_letters.h"
#include "stat/rates.h"
#include "stat/watch_rows.h"

static int
row_order(const struct row *a, const struct row *b)
{
	int by_queue = strcmp(a->queue, b->queue);

	return by_queue != 0 ? by_queue : strcmp(a->group, b->group);
}

static void
add_row(struct mqs_buf *to, const struct rows *old, size_t *at, struct row *r)
{
	const struct row *was = NULL;

	while (*at < old->n && row_order(&old->list[*at], r) < 0)
		++*at;
	if (*at < old->n && row_order(&old->list[*at], r) == 0)
		was = &old->list[*at];
	if (was != NULL) {
		memcpy(r->history, was->history + 1, sizeof(r->history) - sizeof(r->history[0]));
		r->looks = was->looks;
	}
	r->history[HISTORY_MAX - 1] = r->depth;
	r->looks += r->looks < HISTORY_MAX;
	must(mqs_buf_add(to, r, sizeof(*r)));
}

/* A dead-letter queue's letters that nobody has dealt with; 0 where that is not known. */
static uint64_t
letters_in(const struct mqs_queue_stat *q, const struct gathered *now)
{
	size_t first = 0, end;
	uint64_t count;
	const char *group;

	while (first < now->n_groups && strcmp(now->groups[first].queue, q->name) < 0)
		first++;
	for (end = first; end < now->n_groups && strcmp(now->groups[end].queue, q->name) == 0; )
		end++;
	count = dead_letters_count(q->messages, now->groups + first, end - first, &group);
	return count != MQS_UNKNOWN ? count : 0;
}

static struct row
queue_row(const struct mqs_queue_stat *q, const struct gathered *before,
    const struct gathered *now)
{
	struct row r = { .depth = q->messages, .oldest = q->oldest, .paused = q->paused,
	    .leased = MQS_UNKNOWN, .delayed = MQS_UNKNOWN, .consumers = MQS_UNKNOWN_COUNT,
	    .rate = before != NULL ? rate_in(before, now, q) : NAN };

	(void)strlcpy(r.queue, q->name, sizeof(r.queue));
	r.letters = dead_letters_by_name(q->name) ? letters_in(q, now) : 0;
	return r;
}

static struct row
group_row(const struct mqs_group_stat *g, const struct gathered *before,
    const struct gathered *now)
{
	struct row r = { .depth = g->depth, .oldest = g->oldest, .paused = g->paused,
	    .leased = g->leased, .delayed = g->delayed, .consumers = g->consumers,
	    .rate = before != NULL ? rate_out(before, now, g) : NAN };

	(void)strlcpy(r.queue, g->queue, sizeof(r.queue));
	(void)strlcpy(r.group, g->group, sizeof(r.group));
	return r;
}

void
rows_update(struct rows *rows, const struct gathered *before, const struct gathered *now)
{
	struct mqs_buf new = { 0 };
	struct row row;
	size_t q = 0, g = 0, at = 0;

	while (q < now->n_queues || g < now->n_groups) {
		if (q < now->n_queues && (g == now->n_groups ||
		    strcmp(now->queues[q].name, now->groups[g].queue) <= 0))
			row = queue_row(&now->queues[q++], before, now);
		else
			row = group_row(&now->groups[g++], before, now);
		add_row(&new, rows, &at, &row);
	}
	mqs_buf_free(&rows->bytes);
	rows->bytes = new;
	rows->list = (const void *)new.p;
	rows->n = new.n / sizeof(row);
}

static int
depth_order(const void *a, const void *b)
{
	const struct row *x = *(const struct row *const *)a, *y = *(const struct row *const *)b;
	const uint64_t dx = x->depth == MQS_UNKNOWN ? 0 : x->depth;
	const uint64_t dy = y->depth == MQS_UNKNOWN ? 0 : y->depth;

	return dx != dy ? (dx < dy ? 1 : -1) : row_order(x, y);
}

void
rows_sort(struct rows *rows, int by_depth)
{
	const struct row *r;
	size_t i;

	rows->order_bytes.n = 0;
	for (i = 0; i < rows->n; i++) {
		r = &rows->list[i];
		must(mqs_buf_add(&rows->order_bytes, &r, sizeof(r)));
	}
	rows->order = (void *)rows->order_bytes.p;
	if (by_depth && rows->n > 1)
		qsort(rows->order, rows->n, sizeof(*rows->order), depth_order);
}

enum attention
row_attention(const struct row *r)
{
	const int some = r->depth > 0 && r->depth != MQS_UNKNOWN;

	if (r->letters > 0)
		return ALARM;
	return r->paused || (some && r->group[0] != '\0' && r->consumers == 0) ? WARN : CALM;
}

void
rows_free(struct rows *rows)
{
	mqs_buf_free(&rows->bytes);
	mqs_buf_free(&rows->order_bytes);
}
