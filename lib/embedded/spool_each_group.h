/* spool_each_group.h - calls a function with each group of a queue, or of a spool */
#ifndef MQS_EMBEDDED_SPOOL_EACH_GROUP_H
#define MQS_EMBEDDED_SPOOL_EACH_GROUP_H

#include "embedded/spool.h"

/* Called with each group.  A positive result stops, and is returned by mqs_spool_each_group. */
typedef int	mqs_spool_group_fn(void *arg, struct mqs_group *, struct mqs_error *err);

/*
 * Opens one group, or all groups of a queue (group is NULL), or all groups of all queues
 * (queue is NULL, too), and calls fn with each, in the order of their names.  After an error
 * it goes on with the next group, and returns the first error at the end.  Of several,
 * queues and groups that were not open before are closed again.
 */
int	mqs_spool_each_group(struct mqs_spool *, const char *queue, const char *group,
	    mqs_spool_group_fn *fn, void *arg, struct mqs_error *err);

#endif
