/* stat/gather.h - the numbers of all queues and groups asked for, as they are at one time */
#ifndef MQ_CMD_STAT_GATHER_H
#define MQ_CMD_STAT_GATHER_H

#include "base/bytes.h"
#include "mqspool.h"

struct gathered {
	struct mqs_buf	 queue_bytes, group_bytes;	/* the two arrays below */
	const struct mqs_queue_stat *queues;		/* each once, in the order of names */
	const struct mqs_group_stat *groups;
	size_t		 n_queues, n_groups;
	int64_t		 now;		/* the time by which ages are judged */
	int64_t		 taken;		/* when that was (mqs_boottime) */
	unsigned	 errors;	/* queues and groups that could not be read */
};

/*
 * Fills *g for n operands QUEUE[/GROUP], or for everything if n is 0.  What can't be read is
 * said on stderr and counted.  Returns the status of the first failure, or STATUS_OK.
 */
int	gather(struct gathered *g, struct mqs_spool *, char **operands, int n);
/* Adds a queue with its groups, if it exists; the time by which ages are judged stays. */
void	gather_also(struct gathered *, struct mqs_spool *, const char *queue);
/* The queue or the group of the same name, or NULL. */
const struct mqs_queue_stat *gathered_queue(const struct gathered *, const struct mqs_queue_stat *like);
const struct mqs_group_stat *gathered_group(const struct gathered *, const struct mqs_group_stat *like);
void	gather_free(struct gathered *);

#endif
