/* stat/page_snapshot.h - the counters of one load of the page, in the address of the next */
#ifndef MQ_CMD_STAT_PAGE_SNAPSHOT_H
#define MQ_CMD_STAT_PAGE_SNAPSHOT_H

#include "stat/page_numbers.h"

#define PAGE_SNAPSHOT_MAX	5000	/* bytes, at most */

/* Appends "t=...&amp;s=...", for a link: the time, in ms, and the counters. */
void	page_snapshot_write(struct mqs_buf *, const struct page_numbers *, int64_t ms);
/*
 * Sets the rates of *p by the snapshot in a query, which a client gave.  Without one, or with
 * one that is not of these queues or makes no sense, there are no rates.
 */
void	page_snapshot_read(struct page_numbers *p, const char *query, int64_t ms);
/* Finds the value of a field of a query: its length and *value, or 0. */
size_t	page_query(const char *query, const char *name, const char **value);

#endif
