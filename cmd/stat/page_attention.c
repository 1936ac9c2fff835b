/*
 * stat/page_attention.c - which queues need somebody's attention, and why
 *
 * PAGE_BAD: somebody has to do something, or messages stay where they are: dead letters, a
 * group with old messages and no consumer, a queue at its limit.  PAGE_NOTICE: this may be
 * meant so: something is paused, a limit is near, consumers are far behind.
 *
 * A cron job that empties a group every few minutes is not without a consumer in this sense:
 * hence the ten minutes.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "stat/html.h"
#include "stat/page_attention.h"

#define ABANDONED	(600 * MQS_SECOND)	/* without a consumer */
#define LATE		(3600 * MQS_SECOND)	/* with some */
#define NEAR		0.8			/* of a limit */
#define SETTLING_BYTES	(UINT64_C(768) << 10)	/* of disk, without which consumers may not settle */

/* Begins a reason.  The first one of the worst level gives the queue its state. */
static struct mqs_buf *
reason(struct page_queue *q, enum page_level level, const char *state)
{
	if (level > q->level) {
		q->level = level;
		q->state = state;
	}
	html_raw(&q->reasons_html, "<li>");
	return &q->reasons_html;
}

static void
messages(struct mqs_buf *to, uint64_t n, const char *one, const char *many)
{
	html_number(to, n);
	html_raw(to, " %s", n == 1 ? one : many);
}

static void
see_letters(struct page_queue *q)
{
	struct mqs_buf *to;

	if (!q->has_letters || q->letters == 0 || q->letters == MQS_UNKNOWN)
		return;
	to = reason(q, PAGE_BAD, "dead letters");
	messages(to, q->letters, "dead letter", "dead letters");
	html_raw(to, "; <code>mq-ctl redrive ");
	html_text(to, q->st.name);
	html_raw(to, "</code> delivers %s again</li>", q->letters == 1 ? "it" : "them");
}

/* What the queue's fullest group has yet to settle, which is what limits go by. */
static uint64_t
fullest(const struct page_queue *q, int bytes)
{
	uint64_t most = 0, n;
	size_t i;

	if (q->n_groups == 0)
		return bytes ? q->st.bytes : q->st.messages;
	for (i = 0; i < q->n_groups; i++) {
		n = bytes ? q->groups[i].st->depth_bytes : q->groups[i].st->depth;
		if (n != MQS_UNKNOWN && n > most)
			most = n;
	}
	return most;
}

static void
see_limit(struct page_queue *q, uint64_t limit, int bytes)
{
	const uint64_t have = fullest(q, bytes);
	void (*number)(struct mqs_buf *, uint64_t) = bytes ? html_size : html_number;
	struct mqs_buf *to;

	if (limit == 0 || limit == MQS_UNKNOWN || have == MQS_UNKNOWN ||
	    (double)have < NEAR * (double)limit)
		return;
	to = have >= limit ? reason(q, PAGE_BAD, "full") : reason(q, PAGE_NOTICE, "nearly full");
	html_raw(to, have >= limit ? "full: " : "nearly full: ");
	number(to, have);
	html_raw(to, " of ");
	number(to, limit);
	html_raw(to, bytes ? "" : " messages");
	if (have >= limit)
		html_raw(to, strcmp(q->overflow, "drop-oldest") == 0 ?
		    "; the oldest are dropped" : strcmp(q->overflow, "reject") == 0 ?
		    "; publishers are refused" : "; publishers wait");
	html_raw(to, "</li>");
}

static void
see_disk(struct page_queue *q)
{
	struct mqs_buf *to;

	if (q->st.disk_free == MQS_UNKNOWN || q->st.min_free == MQS_UNKNOWN ||
	    (q->st.disk_free >= q->st.min_free && q->st.disk_free >= SETTLING_BYTES))
		return;
	to = reason(q, PAGE_BAD, "disk full");
	html_raw(to, "disk full: ");
	html_size(to, q->st.disk_free);
	if (q->st.disk_free >= q->st.min_free) {
		html_raw(to, " left; consumers need ");
		html_size(to, SETTLING_BYTES);
		html_raw(to, " to settle</li>");
		return;
	}
	html_raw(to, " left, below min-free (");
	html_size(to, q->st.min_free);
	html_raw(to, "); publishers are refused</li>");
}

static void
see_age(struct page_queue *q, const struct mqs_group_stat *g, int64_t age)
{
	struct mqs_buf *to;

	if (g->consumers == 0) {
		to = reason(q, PAGE_BAD, "no consumer");
		html_raw(to, "nothing consumes <b>");
	} else {
		to = reason(q, PAGE_NOTICE, "late");
		html_raw(to, "behind: <b>");
	}
	html_text(to, g->group);
	html_raw(to, "</b>: ");
	messages(to, g->depth, "message", "messages");
	html_raw(to, g->depth == 1 ? ", " : ", the oldest ");
	html_age(to, 1, 1 + age);
	html_raw(to, " old</li>");
}

/* Looks for what is of this level. */
static void
see_group(struct page_queue *q, const struct mqs_group_stat *g, enum page_level level,
    int64_t now)
{
	int64_t age = g->oldest == 0 || g->oldest == MQS_UNKNOWN_TIME || g->oldest > now ?
	    0 : now - g->oldest;
	struct mqs_buf *to;

	if (level == PAGE_NOTICE && g->paused && !q->st.paused) {
		to = reason(q, PAGE_NOTICE, "paused");
		html_raw(to, "paused: <b>");
		html_text(to, g->group);
		html_raw(to, "</b> is given nothing</li>");
	}
	/* Messages that all wait for their time are nobody's fault. */
	if (g->paused || q->has_letters || g->depth == 0 || g->depth == MQS_UNKNOWN ||
	    g->depth == g->delayed)
		return;
	if (level == PAGE_BAD ? g->consumers == 0 && age >= ABANDONED :
	    g->consumers != 0 && age >= LATE)
		see_age(q, g, age);
}

static void
see_queue(struct page_numbers *p, struct page_queue *q)
{
	size_t i;

	see_letters(q);
	see_disk(q);
	see_limit(q, q->st.max_messages, 0);
	see_limit(q, q->st.max_bytes, 1);
	for (i = 0; i < q->n_groups; i++)
		see_group(q, q->groups[i].st, PAGE_BAD, p->now);
	for (i = 0; i < q->n_groups; i++)
		see_group(q, q->groups[i].st, PAGE_NOTICE, p->now);
	if (q->st.paused)
		html_raw(reason(q, PAGE_NOTICE, "paused"),
		    "paused: no group is given anything</li>");
}

void
page_attention(struct page_numbers *p)
{
	struct page_queue *q;

	for (q = p->queues; q < p->queues + p->n_queues; q++) {
		see_queue(p, q);
		p->bad += q->level == PAGE_BAD;
		p->notices += q->level == PAGE_NOTICE;
	}
}

static int
by_need(const void *a, const void *b)
{
	const struct page_queue *x = *(struct page_queue *const *)a;
	const struct page_queue *y = *(struct page_queue *const *)b;

	if (x->level != y->level)
		return x->level > y->level ? -1 : 1;
	return strcmp(x->st.name, y->st.name);
}

struct page_queue **
page_order(const struct page_numbers *p)
{
	struct page_queue **order = calloc(p->n_queues + 1, sizeof(struct page_queue *));
	size_t i;

	if (order == NULL)
		fail(STATUS_SYSTEM, "out of memory");
	for (i = 0; i < p->n_queues; i++)
		order[i] = &p->queues[i];
	qsort(order, p->n_queues, sizeof(struct page_queue *), by_need);
	return order;
}
