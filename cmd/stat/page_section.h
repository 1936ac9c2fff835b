/* stat/page_section.h - the section of one queue in the page for people */
#ifndef MQ_CMD_STAT_PAGE_SECTION_H
#define MQ_CMD_STAT_PAGE_SECTION_H

#include "stat/page_numbers.h"

/* Appends it.  Its id is "q-" and the queue's name. */
void	page_section(struct mqs_buf *to, const struct page_queue *, int64_t now);

#endif
