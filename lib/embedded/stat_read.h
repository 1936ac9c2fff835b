/* stat_read.h - the state of a queue and its groups, for somebody who may only look */
#ifndef MQS_EMBEDDED_STAT_READ_H
#define MQS_EMBEDDED_STAT_READ_H

#include "embedded/queue/log_reader.h"
#include "embedded/spool.h"

/* A queue that is looked at. */
struct mqs_stat_read {
	struct mqs_spool	*spool;
	struct mqs_log		*log;
	int			 unlocked;	/* log is read without a lock, and is this one's own */
	uint64_t		 lv[MQS_LOG_VALUES];
	struct mqs_log_reader	 reader;
};

/* Opens a queue's log and reads its state. */
int	mqs_stat_read_open(struct mqs_stat_read *, struct mqs_spool *, const char *queue,
	    struct mqs_error *err);
void	mqs_stat_read_close(struct mqs_stat_read *);
/* Reads a group's state: from its page, or if that says nothing, from its file. */
int	mqs_stat_read_group(struct mqs_stat_read *, const char *group,
	    uint64_t v[MQS_GROUP_VALUES], struct mqs_error *err);
/*
 * How many of a group's waiting messages have become due since a consumer last looked; at
 * least 1 if some have.
 */
uint64_t mqs_stat_read_due(struct mqs_stat_read *, const char *group, const uint64_t *v);
/* The time of the first message at or above an id; 0 if there is none or it is damaged. */
int	mqs_stat_read_oldest(struct mqs_stat_read *, uint64_t id, int64_t *time,
	    struct mqs_error *err);
/*
 * Opens a log without a lock, for short reads; the caller closes it.  For queues that
 * mqs_spool_log_readonly may not open (MQS_EPERM).
 */
int	mqs_stat_read_unlocked(struct mqs_spool *, const char *queue, struct mqs_log **out,
	    struct mqs_error *err);

#endif
