/*
 * stat/page_numbers.c - what the page for people shows of queues, in memory
 *
 * The numbers come first, from what a scrape reads as well, which needs read permission only.
 * What needs more is asked for afterwards, queue by queue: settings, consumers (only of groups
 * that have some, since it opens the group), and dead letters.  Where one of these can't be had,
 * the page lacks it and says so; the numbers are there.  Nothing is changed.
 *
 * A queue's files are closed again before the next queue is opened: a spool may have more
 * queues than a process may have descriptors.
 */
#include <bsd/string.h>

#include <stdlib.h>

#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/output.h"
#include "stat/dead_letters.h"
#include "stat/page_letters.h"
#include "stat/page_numbers.h"

#define LETTERS_BYTES	400000	/* of all dead letters in a page */
#define CONSUMERS_MAX	50	/* that are listed of a queue */

static void *
allocate(size_t n, size_t size)
{
	void *p = calloc(n > 0 ? n : 1, size);

	if (p == NULL)
		fail(STATUS_SYSTEM, "out of memory");
	return p;
}

static void
keep_message(void *arg, const char *text)
{
	must(mqs_buf_add(arg, text, strlen(text) + 1));
}

/* ----------------------------------------------------- queues and groups -- */

static void
unknown_queue(struct mqs_queue_stat *st, const char *name)
{
	memset(st, 0, sizeof(*st));
	(void)strlcpy(st->name, name, sizeof(st->name));
	st->messages = st->bytes = st->in_messages = st->in_bytes = st->trimmed =
	    st->dropped = st->deduplicated = st->disk_bytes = st->log_bytes =
	    st->disk_free = st->min_free = MQS_UNKNOWN;
	st->oldest = MQS_UNKNOWN_TIME;
	st->groups = MQS_UNKNOWN_COUNT;
}

/*
 * Puts groups to their queues: both arrays are sorted by the name of the queue.  A queue of
 * which only groups were asked for has no numbers of its own.
 */
static void
arrange(struct page_numbers *p)
{
	const struct gathered *g = &p->gathered;
	size_t i = 0, at = 0;
	struct page_queue *q;

	p->queues = allocate(g->n_queues + g->n_groups, sizeof(*p->queues));
	p->groups = allocate(g->n_groups, sizeof(*p->groups));
	while (i < g->n_queues || at < g->n_groups) {
		q = &p->queues[p->n_queues++];
		if (i < g->n_queues && (at >= g->n_groups ||
		    strcmp(g->queues[i].name, g->groups[at].queue) <= 0))
			q->st = g->queues[i++];
		else
			unknown_queue(&q->st, g->groups[at].queue);
		q->in_rate = -1;
		q->state = "";
		q->groups = p->groups + at;
		for (; at < g->n_groups && strcmp(g->groups[at].queue, q->st.name) == 0; at++)
			p->groups[at] = (struct page_group){ &g->groups[at], -1 };
		q->n_groups = (size_t)(p->groups + at - q->groups);
	}
}

struct page_queue *
page_numbers_find(const struct page_numbers *p, const char *queue)
{
	size_t low = 0, high = p->n_queues, middle;
	int order;

	while (low < high) {
		middle = low + (high - low) / 2;
		if ((order = strcmp(queue, p->queues[middle].st.name)) == 0)
			return &p->queues[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* ---------------------------------------------------- settings, consumers -- */

static int
see_setting(void *arg, const char *name, const char *value, int is_default)
{
	struct page_queue *q = arg;

	if (strcmp(name, "dead-letter") == 0)
		(void)strlcpy(q->dead_letter, value, sizeof(q->dead_letter));
	else if (strcmp(name, "overflow") == 0)
		(void)strlcpy(q->overflow, value, sizeof(q->overflow));
	else if (strcmp(name, "description") == 0 && !is_default && *value != '\0' &&
	    q->description == NULL && (q->description = strdup(value)) == NULL)
		fail(STATUS_SYSTEM, "out of memory");
	return 0;
}

/* The reason why there are no settings may be the one why there are no numbers. */
static void
see_settings(struct page_numbers *p, struct page_queue *q, struct mqs_spool *spool)
{
	struct mqs_error err;
	const int rc = mqs_show(spool, q->st.name, NULL, see_setting, q, &err);

	if (rc < 0 && rc != MQS_ENOTSUP && (p->messages.n == 0 || memmem(p->messages.p,
	    p->messages.n, err.text, strlen(err.text) + 1) == NULL))
		keep_message(&p->messages, err.text);
}

static int
see_consumer(void *arg, const struct mqs_consumer_stat *c)
{
	struct page_queue *q = arg;

	if (q->consumers.n / sizeof(*c) < CONSUMERS_MAX)
		must(mqs_buf_add(&q->consumers, c, sizeof(*c)));
	return 0;
}

static void
list_consumers(struct page_queue *q, struct mqs_spool *spool)
{
	struct mqs_error err;
	size_t i;

	for (i = 0; i < q->n_groups; i++) {
		const struct mqs_group_stat *st = q->groups[i].st;

		if (st->consumers == 0 || st->consumers == MQS_UNKNOWN_COUNT)
			continue;
		if (mqs_outstanding(spool, st->queue, st->group, see_consumer, NULL, q,
		    &err) < 0 && q->no_consumers == NULL &&
		    (q->no_consumers = strdup(err.text)) == NULL)
			fail(STATUS_SYSTEM, "out of memory");
	}
}

/* -------------------------------------------------------- dead letters -- */

/* Finds the queues to which others send their dead letters. */
static void
find_dead_letter_queues(struct page_numbers *p)
{
	struct page_queue *q, *to;

	for (q = p->queues; q < p->queues + p->n_queues; q++) {
		q->has_letters |= dead_letters_by_name(q->st.name);
		to = q->dead_letter[0] != '\0' ? page_numbers_find(p, q->dead_letter) : NULL;
		if (to != NULL && to != q)
			to->has_letters = 1;
	}
}

/* Adds the dead-letter queue of a queue to what was gathered, if there is one. */
static void
gather_dead_letters(struct gathered *to, struct mqs_spool *spool, const char *queue)
{
	char name[MQS_NAME_MAX + 1];

	if (dead_letters_find(spool, queue, name, NULL) == MQS_OK && name[0] != '\0' &&
	    strcmp(name, queue) != 0)
		gather_also(to, spool, name);
	mqs_spool_close_queues(spool);
}

/*
 * Where only some queues are asked for, their dead letters belong to them.  The names are copied
 * first: the arrays grow, and what is added is not to be followed.
 */
static void
follow_dead_letters(struct gathered *g, struct mqs_spool *spool)
{
	const size_t size = MQS_NAME_MAX + 1, n = g->n_queues + g->n_groups;
	char *names = allocate(n, size);
	size_t i;

	for (i = 0; i < g->n_queues; i++)
		(void)strlcpy(names + i * size, g->queues[i].name, size);
	for (i = 0; i < g->n_groups; i++)
		(void)strlcpy(names + (g->n_queues + i) * size, g->groups[i].queue, size);
	for (i = 0; i < n; i++)
		gather_dead_letters(g, spool, names + i * size);
	free(names);
}

static void
list_letters(struct page_numbers *p, struct mqs_spool *spool)
{
	struct page_queue *q;
	const char *group;
	size_t bytes = 0;

	for (q = p->queues; q < p->queues + p->n_queues; q++) {
		if (!q->has_letters)
			continue;
		q->letters = dead_letters_count(q->st.messages,
		    q->n_groups > 0 ? q->groups->st : NULL, q->n_groups, &group);
		if (q->letters == 0 || q->letters == MQS_UNKNOWN || bytes > LETTERS_BYTES)
			continue;
		page_letters(&q->letters_html, spool, q->st.name, group, q->letters);
		bytes += q->letters_html.n;
		mqs_spool_close_queues(spool);
	}
}

void
page_numbers(struct page_numbers *p, struct mqs_spool *spool, char **operands, int n)
{
	struct page_queue *q;

	memset(p, 0, sizeof(*p));
	p->in_rate = p->acked_rate = -1;
	diagnostics_also(keep_message, &p->messages);
	(void)gather(&p->gathered, spool, operands, n);
	if (n > 0)
		follow_dead_letters(&p->gathered, spool);
	diagnostics_also(NULL, NULL);
	p->now = p->gathered.now;
	arrange(p);
	for (q = p->queues; q < p->queues + p->n_queues; q++) {
		see_settings(p, q, spool);
		list_consumers(q, spool);
		mqs_spool_close_queues(spool);
	}
	find_dead_letter_queues(p);
	list_letters(p, spool);
}

void
page_numbers_free(struct page_numbers *p)
{
	struct page_queue *q;

	for (q = p->queues; q < p->queues + p->n_queues; q++) {
		free(q->description);
		free(q->no_consumers);
		mqs_buf_free(&q->letters_html);
		mqs_buf_free(&q->consumers);
		mqs_buf_free(&q->reasons_html);
	}
	free(p->queues);
	free(p->groups);
	mqs_buf_free(&p->messages);
	gather_free(&p->gathered);
}
