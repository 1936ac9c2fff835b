/* stat/page_section.c - the section of one queue in the page for people */
#include "stat/html.h"
#include "stat/page_letters.h"
#include "stat/page_section.h"

/* ---------------------------------------------------------- the queue -- */

static void
fact_number(struct mqs_buf *to, uint64_t n, const char *what)
{
	if (n == MQS_UNKNOWN)
		return;
	html_raw(to, "<li><b>");
	html_number(to, n);
	html_raw(to, "</b> %s</li>", what);
}

static void
fact_size(struct mqs_buf *to, uint64_t bytes, const char *what)
{
	if (bytes == MQS_UNKNOWN)
		return;
	html_raw(to, "<li><b>");
	html_size(to, bytes);
	html_raw(to, "</b> %s</li>", what);
}

static void
facts(struct mqs_buf *to, const struct page_queue *q)
{
	const struct mqs_queue_stat *st = &q->st;

	html_raw(to, "<ul class=f>");
	fact_number(to, st->messages, "retained");
	fact_size(to, st->bytes, "in bodies");
	fact_number(to, st->in_messages, "ever published");
	if (q->in_rate >= 0) {
		html_raw(to, "<li><b>");
		html_rate(to, q->in_rate);
		html_raw(to, "</b> a second</li>");
	}
	if (st->dropped != 0)
		fact_number(to, st->dropped, "dropped unread");
	if (st->deduplicated != 0)
		fact_number(to, st->deduplicated, "duplicates absorbed");
	if (st->max_messages != 0)
		fact_number(to, st->max_messages, "messages at most");
	if (st->max_bytes != 0)
		fact_size(to, st->max_bytes, "at most");
	fact_size(to, st->disk_bytes, "on disk");
	html_raw(to, "</ul>\n");
}

/* --------------------------------------------------------- its groups -- */

static void
cell(struct mqs_buf *to, uint64_t n)
{
	html_raw(to, "<td>");
	html_number(to, n);
}

static void
group_row(struct mqs_buf *to, const struct page_group *g, int64_t now)
{
	const struct mqs_group_stat *st = g->st;

	html_raw(to, "<tr><th scope=row>");
	html_text(to, st->group);
	html_raw(to, "%s", st->paused ? " <span class=note>paused</span>" : "");
	cell(to, st->depth);
	cell(to, st->ready);
	cell(to, st->leased);
	cell(to, st->delayed);
	html_raw(to, "<td>");
	html_age(to, st->oldest, now);
	html_raw(to, "<td>");
	html_rate(to, g->acked_rate);
	cell(to, st->acked);
	cell(to, st->retried);
	cell(to, st->dead);
	html_raw(to, "<td>");
	html_count(to, st->consumers);
	html_raw(to, "\n");
}

/* Begins a table within a frame that scrolls, also by keyboard. */
static void
begin_table(struct mqs_buf *to, const char *what, const char *queue)
{
	html_raw(to, "<div class=s role=region tabindex=0 aria-label=\"%s of ", what);
	html_text(to, queue);
	html_raw(to, "\"><table><caption>%s of ", what);
	html_text(to, queue);
	html_raw(to, "</caption>\n");
}

static void
groups(struct mqs_buf *to, const struct page_queue *q, int64_t now)
{
	size_t i;

	if (q->n_groups == 0) {
		if (!q->has_letters)
			html_raw(to, "<p class=m>No group reads it.</p>\n");
		return;
	}
	begin_table(to, "Groups", q->st.name);
	html_raw(to, "<thead><tr><th scope=col>Group<th scope=col>Unsettled<th scope=col>Ready"
	    "<th scope=col>Leased<th scope=col>Delayed<th scope=col>Oldest<th scope=col>Acked/s"
	    "<th scope=col>Acked<th scope=col>Retried<th scope=col>Died<th scope=col>Consumers"
	    "</thead><tbody>\n");
	for (i = 0; i < q->n_groups; i++)
		group_row(to, &q->groups[i], now);
	html_raw(to, "</table></div>\n");
}

/* ---------------------------------------------------------- consumers -- */

static void
consumer_row(struct mqs_buf *to, const struct mqs_consumer_stat *c)
{
	html_raw(to, "<tr><th scope=row>");
	if (c->pid != 0)
		html_raw(to, "%lld", (long long)c->pid);
	else
		html_text(to, c->where[0] != '\0' ? c->where : "elsewhere");
	html_raw(to, "<td class=l>");
	html_text(to, c->group);
	html_raw(to, "<td>");
	html_time(to, c->since);
	cell(to, c->held);
	cell(to, c->running);
	html_raw(to, "\n");
}

static unsigned
living(const struct page_queue *q)
{
	unsigned sum = 0;
	size_t i;

	for (i = 0; i < q->n_groups; i++)
		if (q->groups[i].st->consumers != MQS_UNKNOWN_COUNT)
			sum += q->groups[i].st->consumers;
	return sum;
}

static void
consumers(struct mqs_buf *to, const struct page_queue *q)
{
	const struct mqs_consumer_stat *c = (const void *)q->consumers.p;
	const size_t n = q->consumers.n / sizeof(*c);
	const unsigned all = living(q);
	size_t i;

	if (n == 0 && q->no_consumers == NULL)
		return;
	html_raw(to, "<details id=\"c-");
	html_text(to, q->st.name);
	html_raw(to, "\"><summary>%u consumer%s</summary>", all, all == 1 ? "" : "s");
	if (n > 0) {
		begin_table(to, "Consumers", q->st.name);
		html_raw(to, "<thead><tr><th scope=col>Process<th scope=col class=l>Group"
		    "<th scope=col>Since (UTC)<th scope=col>Held<th scope=col>Running"
		    "</thead><tbody>\n");
		for (i = 0; i < n; i++)
			consumer_row(to, &c[i]);
		html_raw(to, "</table></div>");
	}
	if (n > 0 && n < all)
		html_raw(to, "<p class=m>The first %zu are listed.</p>", n);
	if (q->no_consumers != NULL) {
		html_raw(to, "<p class=m>");
		html_text(to, q->no_consumers);
		html_raw(to, "</p>");
	}
	html_raw(to, "</details>\n");
}

/* -------------------------------------------------------- dead letters -- */

static void
letters(struct mqs_buf *to, const struct page_queue *q)
{
	if (!q->has_letters || q->letters == 0 || q->letters == MQS_UNKNOWN)
		return;
	html_raw(to, "<details id=\"d-");
	html_text(to, q->st.name);
	html_raw(to, "\"><summary>");
	html_number(to, q->letters);
	html_raw(to, " dead letter%s", q->letters == 1 ? "" : "s");
	if (q->letters > PAGE_LETTERS_MAX)
		html_raw(to, ", the newest %d", PAGE_LETTERS_MAX);
	html_raw(to, "</summary>");
	if (q->letters_html.n != 0) {
		html_raw(to, "<ul class=dl>\n");
		html_part(to, &q->letters_html);
		html_raw(to, "</ul>");
	} else
		html_raw(to, "<p class=m>Not shown here, since other queues have many.</p>");
	html_raw(to, "</details>\n");
}

void
page_section(struct mqs_buf *to, const struct page_queue *q, int64_t now)
{
	html_raw(to, "<section id=\"q-");
	html_text(to, q->st.name);
	html_raw(to, "\"%s><h3>", q->level == PAGE_BAD ? " class=b" : "");
	html_text(to, q->st.name);
	html_raw(to, "</h3>\n");
	if (q->description != NULL) {
		html_raw(to, "<p class=m>");
		html_beginning(to, q->description, 500);
		html_raw(to, "</p>\n");
	}
	if (q->level != PAGE_FINE) {
		html_raw(to, "<ul class=why>");
		html_part(to, &q->reasons_html);
		html_raw(to, "</ul>\n");
	}
	facts(to, q);
	groups(to, q, now);
	consumers(to, q);
	letters(to, q);
	html_raw(to, "</section>\n");
}
