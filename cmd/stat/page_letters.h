/* stat/page_letters.h - the newest dead letters of a queue, for the page */
#ifndef MQ_CMD_STAT_PAGE_LETTERS_H
#define MQ_CMD_STAT_PAGE_LETTERS_H

#include "base/bytes.h"
#include "mqspool.h"

#define PAGE_LETTERS_MAX	10

/*
 * Appends an <li> for each of the newest letters of a queue, newest first, or why they can't be
 * read: the page loads itself again and again, and must not write.  The group (NULL: none)
 * has yet to settle `count' letters, and the others are left out, if it may be read.
 */
void	page_letters(struct mqs_buf *to, struct mqs_spool *, const char *queue,
	    const char *group, uint64_t count);
/* Appends one; it need not be a dead letter. */
void	page_letter(struct mqs_buf *to, const struct mqs_message *);

#endif
