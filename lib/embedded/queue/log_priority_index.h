/*
 * log_priority_index.h - walks the log's index of messages with a priority
 *
 * The index says which messages to look at early.  If it is damaged, it need not be used: the
 * messages are in the log, and are found there later.  But it must not mislead.  A consumer
 * that is led past an entry would take the message for delivered.  Keys out of order can
 * mislead a search.  So an entry is given only if it is greater than the one before it and
 * less than the one behind it.  Of the first entry found by a search, the entry before it must
 * also name a message that is there.
 */
#ifndef MQS_EMBEDDED_QUEUE_LOG_PRIORITY_INDEX_H
#define MQS_EMBEDDED_QUEUE_LOG_PRIORITY_INDEX_H

#include "embedded/queue/log.h"

struct mqs_priority_walk {
	struct mqs_log_reader	*reader;	/* its record is another one after _from */
	struct mqs_cur		*cur;		/* of the index; borrowed */
	unsigned		 first;		/* byte that the priority's keys begin with */
	uint64_t		 id;		/* the message that it stands on */
	uint64_t		 next;		/* and the one behind it; 0: there is none */
	int			 damaged;	/* it ended because the index is damaged */
};

/*
 * Finds the first message of a priority with an id of at least that; MQS_NOTHING: there is
 * no more, or it can't be trusted.
 */
int	mqs_priority_from(struct mqs_priority_walk *, struct mqs_log_reader *, struct mqs_cur *,
	    unsigned priority, uint64_t id, struct mqs_error *err);
int	mqs_priority_next(struct mqs_priority_walk *, struct mqs_error *err);

#endif
