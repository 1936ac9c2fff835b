/*
 * stat/gather.c - the numbers of all queues and groups asked for, as they are at one time
 *
 * They are gathered first and printed afterwards: in an exposition, all samples of one metric
 * stand together, while the library reports queue by queue.  No file of a queue is open any
 * more when gather returns, so that a slow reader of the output holds nothing.
 *
 * Memory: sizeof(struct mqs_queue_stat) for a queue and sizeof(struct mqs_group_stat) for a
 * group, about 400 bytes each, twice that while an array grows.
 *
 * Operands may name a queue or a group more than once.  The arrays are sorted at the end, and
 * what was seen before is dropped, since an exposition must not have a sample twice.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "common/common_options.h"
#include "common/diagnostics.h"
#include "common/open_spool.h"
#include "common/output.h"
#include "stat/gather.h"
#include "stat/operands.h"

struct gathering {
	struct gathered	 *to;
	struct mqs_spool *spool;
};

static int
see_queue(void *arg, const struct mqs_queue_stat *q)
{
	struct gathering *g = arg;

	must(mqs_buf_add(&g->to->queue_bytes, q, sizeof(*q)));
	return 0;
}

static int
see_group(void *arg, const struct mqs_group_stat *group)
{
	struct gathering *g = arg;

	must(mqs_buf_add(&g->to->group_bytes, group, sizeof(*group)));
	return 0;
}

/* The library returns the first failure, and tells each further one as a notice. */
static int
look(void *arg, const char *queue, const char *group, struct mqs_error *err)
{
	struct gathering *g = arg;
	unsigned before = spool_notices();
	int rc;

	rc = mqs_stat(g->spool, queue, group, see_queue, see_group, g, err);
	g->to->errors += (rc < 0) + (spool_notices() - before);
	return rc;
}

static int
queue_order(const void *a, const void *b)
{
	const struct mqs_queue_stat *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int
group_order(const void *a, const void *b)
{
	const struct mqs_group_stat *x = a, *y = b;
	int by_queue = strcmp(x->queue, y->queue);

	return by_queue != 0 ? by_queue : strcmp(x->group, y->group);
}

/* Sorts the elements of an array and drops repeated ones; returns how many are left. */
static size_t
sort_once(struct mqs_buf *array, size_t size, int (*order)(const void *, const void *))
{
	size_t i, n = array->n / size, kept = 0;

	if (n == 0)
		return 0;
	qsort(array->p, n, size, order);
	for (i = 1; i < n; i++)
		if (order(array->p + kept * size, array->p + i * size) != 0)
			memmove(array->p + ++kept * size, array->p + i * size, size);
	return kept + 1;
}

static void
sort_all(struct gathered *to)
{
	to->n_queues = sort_once(&to->queue_bytes, sizeof(*to->queues), queue_order);
	to->n_groups = sort_once(&to->group_bytes, sizeof(*to->groups), group_order);
	to->queue_bytes.n = to->n_queues * sizeof(*to->queues);
	to->group_bytes.n = to->n_groups * sizeof(*to->groups);
	to->queues = (const void *)to->queue_bytes.p;
	to->groups = (const void *)to->group_bytes.p;
}

int
gather(struct gathered *to, struct mqs_spool *spool, char **operands, int n)
{
	struct gathering g = { to, spool };
	int status;

	memset(to, 0, sizeof(*to));
	to->now = judged_now();
	to->taken = mqs_boottime();
	status = stat_each(spool, operands, n, look, &g);
	sort_all(to);
	return status;
}

void
gather_also(struct gathered *to, struct mqs_spool *spool, const char *queue)
{
	struct gathering g = { to, spool };
	struct mqs_error err;
	const unsigned errors = to->errors;
	const int rc = look(&g, queue, NULL, &err);

	if (rc == MQS_ENOENT)
		to->errors = errors;
	else if (rc < 0)
		report_error(&err);
	sort_all(to);
}

const struct mqs_queue_stat *
gathered_queue(const struct gathered *g, const struct mqs_queue_stat *like)
{
	return g->n_queues == 0 ? NULL :
	    bsearch(like, g->queues, g->n_queues, sizeof(*like), queue_order);
}

const struct mqs_group_stat *
gathered_group(const struct gathered *g, const struct mqs_group_stat *like)
{
	return g->n_groups == 0 ? NULL :
	    bsearch(like, g->groups, g->n_groups, sizeof(*like), group_order);
}

void
gather_free(struct gathered *g)
{
	mqs_buf_free(&g->queue_bytes);
	mqs_buf_free(&g->group_bytes);
}
