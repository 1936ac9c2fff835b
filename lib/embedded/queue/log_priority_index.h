/*
 * log_priority_index.h - walking the log's index of messages with a priority
 *
 * The index only says which messages to look at early, so where it is damaged nothing is
 * lost by giving it up: the messages are in the log.  But a consumer that has been led past
 * an entry would take its message for one that was delivered.  So each entry is given only if
 * it ascends from the one before it and to the one behind it, and the entry in front of the
 * first one names a message that is there: a search among keys that are not in order may
 * have led astray.
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

/* The first of a priority with an id of at least that; MQS_NOTHING: no more can be had. */
int	mqs_priority_from(struct mqs_priority_walk *, struct mqs_log_reader *, struct mqs_cur *,
	    unsigned priority, uint64_t id, struct mqs_error *err);
int	mqs_priority_next(struct mqs_priority_walk *, struct mqs_error *err);

#endif
