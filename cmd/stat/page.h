/* stat/page.h - the page for people: all queues, as HTML */
#ifndef MQ_CMD_STAT_PAGE_H
#define MQ_CMD_STAT_PAGE_H

#include "stat/page_numbers.h"

#define PAGE_TYPE	"text/html; charset=utf-8"
/*
 * What the page needs of a Content-Security-Policy: its own style, and an empty icon, without
 * which browsers ask for /favicon.ico.
 */
#define PAGE_POLICY	"default-src 'none'; style-src 'unsafe-inline'; img-src data:; " \
			"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
/*
 * Appends the whole page about these numbers, and finds what is left to find of them: rates,
 * and what needs attention.  `query' is what the client's address has behind the "?", or "".
 */
void	page_html(struct mqs_buf *to, struct page_numbers *, const char *query);

#endif
