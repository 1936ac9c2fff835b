/*
 * stat/page_summary.c - the numbers of a spool, and a row for each queue, in the page
 *
 * A queue may have many groups.  Its row has the largest depth and the largest age of them,
 * because the slowest group is what holds messages back, and the sums of the others.
 */
#include "stat/html.h"
#include "stat/page_summary.h"

#define ROWS_END	(320 * 1024)	/* bytes of the table */

/* ------------------------------------------------- the spool as a whole -- */

static void
total(struct mqs_buf *to, uint64_t n, const char *what)
{
	html_raw(to, "<div><dt>%s</dt><dd>", what);
	html_number(to, n);
	html_raw(to, "</dd></div>");
}

static void
total_rate(struct mqs_buf *to, double rate, const char *what)
{
	if (rate < 0)
		return;
	html_raw(to, "<div><dt>%s</dt><dd>", what);
	html_rate(to, rate);
	html_raw(to, "</dd></div>");
}

void
page_totals(struct mqs_buf *to, const struct page_numbers *p)
{
	uint64_t unsettled = 0, letters = 0, consumers = 0;
	size_t i;

	for (i = 0; i < p->gathered.n_groups; i++) {
		const struct mqs_group_stat *st = p->groups[i].st;

		unsettled += st->depth != MQS_UNKNOWN ? st->depth : 0;
		consumers += st->consumers != MQS_UNKNOWN_COUNT ? st->consumers : 0;
	}
	for (i = 0; i < p->n_queues && letters != MQS_UNKNOWN; i++)
		letters = p->queues[i].letters == MQS_UNKNOWN ? MQS_UNKNOWN :
		    letters + p->queues[i].letters;
	html_raw(to, "<dl class=all>");
	total(to, p->n_queues, p->n_queues == 1 ? "queue" : "queues");
	total(to, p->gathered.n_groups, p->gathered.n_groups == 1 ? "group" : "groups");
	total(to, unsettled, "unsettled");
	total(to, letters, letters == 1 ? "dead letter" : "dead letters");
	total(to, consumers, consumers == 1 ? "consumer" : "consumers");
	total_rate(to, p->in_rate, "published a second");
	total_rate(to, p->acked_rate, "acked a second");
	html_raw(to, "</dl>\n");
}

/* ------------------------------------------------------ table of queues -- */

/* What a row says of all groups. */
struct summary {
	uint64_t	depth, consumers;
	int64_t		oldest;
	double		acked_rate;
};

static struct summary
summarise(const struct page_queue *q)
{
	struct summary s = { .acked_rate = -1 };
	size_t i;

	for (i = 0; i < q->n_groups; i++) {
		const struct page_group *g = &q->groups[i];

		if (g->st->depth != MQS_UNKNOWN && g->st->depth > s.depth)
			s.depth = g->st->depth;
		if (g->st->oldest > 0 && (s.oldest == 0 || g->st->oldest < s.oldest))
			s.oldest = g->st->oldest;
		if (g->st->consumers != MQS_UNKNOWN_COUNT)
			s.consumers += g->st->consumers;
		if (g->acked_rate >= 0)
			s.acked_rate = (s.acked_rate < 0 ? 0 : s.acked_rate) + g->acked_rate;
	}
	return s;
}

static void
row(struct mqs_buf *to, const struct page_queue *q, int64_t now, int has_section)
{
	const struct summary s = summarise(q);

	html_raw(to, has_section ? "<tr><th scope=row><a href=\"#q-" : "<tr><th scope=row>");
	if (has_section) {
		html_text(to, q->st.name);
		html_raw(to, "\">");
	}
	html_text(to, q->st.name);
	html_raw(to, has_section ? "</a>" : "");
	if (q->level != PAGE_FINE)
		html_raw(to, "<td class=\"l %s\">%s", q->level == PAGE_BAD ? "bad" : "note",
		    q->state);
	else
		html_raw(to, "<td class=\"l m\">%s", s.depth == 0 ? "idle" :
		    s.consumers > 0 ? "working" : "waiting");
	html_raw(to, "<td>");
	if (q->n_groups == 0)
		html_raw(to, "-");
	else
		html_number(to, s.depth);
	html_raw(to, "<td>");
	html_age(to, s.oldest, now);
	html_raw(to, "<td>");
	html_rate(to, q->in_rate);
	html_raw(to, "<td>");
	html_rate(to, s.acked_rate);
	html_raw(to, "<td>");
	html_number(to, s.consumers);
	html_raw(to, "<td>");
	html_number(to, q->st.messages);
	html_raw(to, "<td>");
	html_size(to, q->st.disk_bytes);
	html_raw(to, "\n");
}

void
page_table(struct mqs_buf *to, const struct page_numbers *p, struct page_queue *const *order,
    size_t sections)
{
	const size_t begun = to->n;
	size_t i;

	html_raw(to, "<section aria-labelledby=all><h2 id=all>All queues</h2>\n");
	if (p->n_queues == 0) {
		html_raw(to, "<p>There is no queue yet. "
		    "<code>mq-pub QUEUE MESSAGE</code> makes one.</p></section>\n");
		return;
	}
	html_raw(to, "<table class=sum><caption>Those that need attention come first.");
	if (p->seconds > 0)
		html_raw(to, " Rates are of the last %.0f s.", p->seconds);
	html_raw(to, "</caption>\n<thead><tr><th scope=col>Queue<th scope=col class=l>State"
	    "<th scope=col>Unsettled<th scope=col>Oldest<th scope=col>In/s<th scope=col>Acked/s"
	    "<th scope=col>Consumers<th scope=col>Retained<th scope=col>Disk</thead><tbody>\n");
	for (i = 0; i < p->n_queues && to->n - begun < ROWS_END; i++)
		row(to, order[i], p->now, i < sections);
	html_raw(to, "</table>\n");
	if (i < p->n_queues)
		html_raw(to, "<p class=m>And %zu more, which <code>mq-stat</code> shows.</p>\n",
		    p->n_queues - i);
	html_raw(to, "</section>\n");
}

