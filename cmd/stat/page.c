/*
 * stat/page.c - the page for people: all queues, as HTML
 *
 * One document that needs nothing else: no script, no picture, no font.  It reloads itself
 * (meta refresh) to an address that carries the counters it has shown, so that the next load
 * can show rates (stat/page_snapshot.c).  Its links lead to places within it, and to itself
 * without reloading, for who reads something.
 *
 * What queues contain goes through html_text and its like only (stat/html.c).
 *
 * The page stays about 1 MiB.  Sections are the larger part, so they end first: the queues
 * that need attention come first and have theirs.  Beyond that, rows end.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/redact.h"
#include "common/common_options.h"
#include "stat/html.h"
#include "stat/page.h"
#include "stat/page_attention.h"
#include "stat/page_section.h"
#include "stat/page_snapshot.h"
#include "stat/page_style.h"
#include "stat/page_summary.h"

#define RELOAD		10		/* seconds */
#define SECTIONS_END	(640 * 1024)	/* bytes of all sections */
#define NEEDS_MAX	100		/* queues that are listed as in need of attention */

static int
is_held(const char *query)
{
	const char *value;

	return page_query(query, "hold", &value) == 1 && *value == '1';
}

/* ---------------------------------------------------------------- head -- */

static void
head(struct mqs_buf *to, const struct page_numbers *p, int held, const struct mqs_buf *next)
{
	html_raw(to, "<!DOCTYPE html>\n<html lang=en>\n<head><meta charset=utf-8>\n"
	    "<meta name=viewport content=\"width=device-width,initial-scale=1\">\n"
	    "<meta name=referrer content=no-referrer>\n"
	    "<link rel=icon href=\"data:,\">\n");
	if (!held) {
		html_raw(to, "<meta http-equiv=refresh content=\"%d;url=?", RELOAD);
		html_part(to, next);
		html_raw(to, "\">\n");
	}
	html_raw(to, "<title>");
	if (p->bad + p->gathered.errors > 0)
		html_raw(to, "%u need attention - ", p->bad + p->gathered.errors);
	html_raw(to, "mq queues</title>\n<style>\n%s</style></head>\n", page_style);
}

static void
banner(struct mqs_buf *to, int held,
    const struct mqs_buf *next, int64_t ms)
{
	char spool[512];

	html_raw(to, "<body>\n<header><h1>Queues</h1><p>");
	html_text(to, mqs_redact(common.spool, spool, sizeof(spool)));
	html_raw(to, "</p><p>");
	html_time(to, ms * MQS_MSEC);
	html_raw(to, " UTC%s</p><p class=go>", held ? ", held" : "");
	if (held)
		html_raw(to, "<a href=\"?hold=1&amp;");
	else
		html_raw(to, "Reloads every %d s &middot; <a href=\"?hold=1&amp;", RELOAD);
	html_part(to, next);
	html_raw(to, held ? "\">Load again</a> &middot; <a href=\"?" : "\">Hold</a>");
	if (held) {
		html_part(to, next);
		html_raw(to, "\">Reload every %d s</a>", RELOAD);
	}
	html_raw(to, "</p></header>\n<main>\n");
}

/* ----------------------------------------------------------- attention -- */

static void
unreadable(struct mqs_buf *to, const struct page_numbers *p)
{
	const char *text = p->messages.p, *end;

	if (p->messages.n == 0)
		return;
	if (p->gathered.errors > 0)
		html_raw(to, "<li><b class=q>%u could not be read</b><ul>", p->gathered.errors);
	else
		html_raw(to, "<li class=n><b class=q>mq-stat says</b><ul>");
	for (end = text + p->messages.n; text < end; text += strlen(text) + 1) {
		html_raw(to, "<li>");
		html_beginning(to, text, 600);
		html_raw(to, "</li>");
	}
	html_raw(to, "</ul></li>\n");
}

static void
attention(struct mqs_buf *to, const struct page_numbers *p, struct page_queue **order)
{
	const size_t n = p->bad + p->notices;
	size_t i;

	html_raw(to, "<section aria-labelledby=need><h2 id=need>Needs attention</h2>\n");
	if (n == 0 && p->messages.n == 0) {
		html_raw(to, "<p class=m>Nothing does.</p></section>\n");
		return;
	}
	html_raw(to, "<ul class=need>\n");
	unreadable(to, p);
	for (i = 0; i < n && i < NEEDS_MAX; i++) {
		html_raw(to, "<li%s><a href=\"#q-", order[i]->level == PAGE_BAD ? "" : " class=n");
		html_text(to, order[i]->st.name);
		html_raw(to, "\">");
		html_text(to, order[i]->st.name);
		html_raw(to, "</a><ul>");
		html_part(to, &order[i]->reasons_html);
		html_raw(to, "</ul></li>\n");
	}
	html_raw(to, "</ul>");
	if (n > NEEDS_MAX)
		html_raw(to, "<p class=m>And %zu more, which come first in the table.</p>",
		    n - NEEDS_MAX);
	html_raw(to, "</section>\n");
}

static void
write_page(struct mqs_buf *to, const struct page_numbers *p, const char *query, int64_t ms)
{
	struct page_queue **order = page_order(p);
	struct mqs_buf next = { 0 }, sections = { 0 };
	const int held = is_held(query);
	size_t n;

	page_snapshot_write(&next, p, ms);
	for (n = 0; n < p->n_queues && sections.n < SECTIONS_END; n++)
		page_section(&sections, order[n], p->now);
	head(to, p, held, &next);
	banner(to, held, &next, ms);
	page_totals(to, p);
	attention(to, p, order);
	page_table(to, p, order, n);
	if (n > 0)
		html_raw(to, "<section aria-labelledby=each><h2 id=each>Each queue</h2>\n");
	html_part(to, &sections);
	if (n > 0)
		html_raw(to, "</section>\n");
	html_raw(to, "</main>\n<footer>");
	html_raw(to, "mq %s", mqs_version());
	html_raw(to, "</footer>\n</body></html>\n");
	mqs_buf_free(&sections);
	mqs_buf_free(&next);
	free(order);
}

void
page_html(struct mqs_buf *to, struct page_numbers *p, const char *query)
{
	const int64_t ms = mqs_now() / MQS_MSEC;

	page_snapshot_read(p, query, ms);
	page_attention(p);
	write_page(to, p, query, ms);
}
