/* stat/fields.h - numbers and times of mq-stat, of which an engine may not have all */
#ifndef MQ_CMD_STAT_FIELDS_H
#define MQ_CMD_STAT_FIELDS_H

#include "base/bytes.h"
#include "stat/table.h"

/* A cell of a table: "-" for what is unknown (MQS_UNKNOWN). */
void	cell_number(struct table *, uint64_t n);
void	cell_age(struct table *, int64_t time, int64_t now);	/* in seconds */
/* A process: "-" if it is 0, or where it is, if that is on another machine. */
void	cell_process(struct table *, int64_t pid, const char *where);

/*
 * A field of a JSON object, with a comma before it: null for what is unknown, for a time
 * of 0, and for a process of 0.
 */
void	json_number(struct mqs_buf *, const char *name, uint64_t n);
void	json_count(struct mqs_buf *, const char *name, unsigned n);
void	json_process(struct mqs_buf *, const char *name, int64_t pid);
void	json_time(struct mqs_buf *, const char *name, int64_t time);
/* Seconds with three decimals since a time, which is null with it. */
void	json_age(struct mqs_buf *, const char *name, int64_t time, int64_t now);
/* "where", unless it is "". */
void	json_where(struct mqs_buf *, const char *where);

#endif
