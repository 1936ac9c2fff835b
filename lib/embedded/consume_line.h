/*
 * consume_line.h - a group's idle consumers stand in a line, and the first watches the queue
 *
 * Why and how: store/wake_line.h.  A consumer is idle if it asked for messages, got none
 * and holds none.  One that holds deliveries watches in any case: they can be settled by
 * others.  The consumers of an exclusive group watch, because only the active one of them
 * is given messages, wherever it would stand in the line.
 */
#ifndef MQS_EMBEDDED_CONSUME_LINE_H
#define MQS_EMBEDDED_CONSUME_LINE_H

#include "embedded/consume_state.h"

/*
 * After a claim of `count' messages (`asked': it was for more than none): stands in the
 * line, stays in it, or leaves it so that the next one looks.
 */
void	mqs_consumer_line(struct mqs_consumer *, size_t count, int asked);
/*
 * 1 if the consumer does not stand first, and the status pages are those of the last commits
 * and say that there is nothing to claim and nothing out that could come back.  In doubt 0.
 * It needs no transaction, so that maps which were given back stay so.
 */
int	mqs_consumer_line_is_quiet(const struct mqs_consumer *);

#endif
