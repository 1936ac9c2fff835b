/* stat/page_summary.h - the numbers of a spool, and a row for each queue, in the page */
#ifndef MQ_CMD_STAT_PAGE_SUMMARY_H
#define MQ_CMD_STAT_PAGE_SUMMARY_H

#include "stat/page_numbers.h"

void	page_totals(struct mqs_buf *to, const struct page_numbers *);
/* Appends a table of the queues in that order, of which the first `sections' have a section. */
void	page_table(struct mqs_buf *to, const struct page_numbers *,
	    struct page_queue *const *order, size_t sections);

#endif
