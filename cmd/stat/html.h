/* stat/html.h - text of unknown origin and numbers, as parts of an HTML page */
#ifndef MQ_CMD_STAT_HTML_H
#define MQ_CMD_STAT_HTML_H

#include "base/bytes.h"

/* Appends markup as it stands.  No argument may be text that a queue or a client gave. */
void	html_raw(struct mqs_buf *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/* Appends what was made by these functions before. */
void	html_part(struct mqs_buf *, const struct mqs_buf *part);
/*
 * Appends n bytes as text, for use between tags or in a quoted attribute.  Markup is escaped.
 * U+FFFD stands for each byte that is not UTF-8, and for each character that has no form of
 * its own but changes how others are shown, except newline and tab.
 */
void	html_bytes(struct mqs_buf *, const void *bytes, size_t n);
void	html_text(struct mqs_buf *, const char *text);
/* The same for the first `most' bytes at most, cut between two characters; then "...". */
void	html_beginning(struct mqs_buf *, const char *text, size_t most);

/* Numbers.  "?" for what the engine does not know (MQS_UNKNOWN, ..._TIME, ..._COUNT). */
void	html_number(struct mqs_buf *, uint64_t n);	/* 1,234,567 */
void	html_count(struct mqs_buf *, unsigned n);
void	html_size(struct mqs_buf *, uint64_t bytes);	/* 1.2M, as mq-ctl reads sizes */
/* Time since then: "47h", in the unit of which there are two at least; "-" for 0. */
void	html_age(struct mqs_buf *, int64_t then, int64_t now);
/* Messages a second; "-" for a negative number, which says that it is not known. */
void	html_rate(struct mqs_buf *, double rate);
/* A point in time, to the second, UTC. */
void	html_time(struct mqs_buf *, int64_t time);

#endif
