/* stat/dead_letters.h - which queues hold dead letters, and how many wait to be dealt with */
#ifndef MQ_CMD_STAT_DEAD_LETTERS_H
#define MQ_CMD_STAT_DEAD_LETTERS_H

#include "mqspool.h"

/* Whether a queue is for dead letters, going by its name alone: it ends in .dead. */
int	dead_letters_by_name(const char *queue);
/*
 * The dead-letter queue of a queue whose setting dead-letter is `setting' ("": not set).  It need
 * not exist; name is "" if it can't exist.
 */
void	dead_letters_queue(const char *queue, const char *setting, char name[MQS_NAME_MAX + 1]);
/* The same, of what the setting is. */
int	dead_letters_find(struct mqs_spool *, const char *queue, char name[MQS_NAME_MAX + 1],
	    struct mqs_error *);
/*
 * How many letters a dead-letter queue holds that nobody has dealt with, or MQS_UNKNOWN.
 * *group is set to the group that knows which they are, borrowed from groups, or to NULL.
 */
uint64_t dead_letters_count(uint64_t retained, const struct mqs_group_stat *groups, size_t n,
	    const char **group);
/*
 * The same of a queue's dead-letter queue, and its name; 0 and "" if there is none.  MQS_OK, or an
 * error.
 */
int	dead_letters(struct mqs_spool *, const char *queue, char name[MQS_NAME_MAX + 1],
	    uint64_t *count, struct mqs_error *);

#endif
