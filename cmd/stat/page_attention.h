/* stat/page_attention.h - which queues need somebody's attention, and why */
#ifndef MQ_CMD_STAT_PAGE_ATTENTION_H
#define MQ_CMD_STAT_PAGE_ATTENTION_H

#include "stat/page_numbers.h"

/* Sets level, state and reasons of each queue, and how many there are of each level. */
void	page_attention(struct page_numbers *);
/* The queues, those first that need attention most, else by name; to be freed. */
struct page_queue **page_order(const struct page_numbers *);

#endif
