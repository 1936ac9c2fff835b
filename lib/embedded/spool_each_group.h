/* spool_each_group.h - the groups of a spool, one after the other */
#ifndef MQS_EMBEDDED_SPOOL_EACH_GROUP_H
#define MQS_EMBEDDED_SPOOL_EACH_GROUP_H

#include "embedded/spool.h"

/* A positive number stops, and is returned. */
typedef int	mqs_spool_group_fn(void *arg, struct mqs_group *, struct mqs_error *err);

/*
 * Opens and calls fn with one group, with all of a queue (group NULL), or with all there
 * are (queue NULL too), in the order of names.  What fails does not hide the rest: the
 * first error is returned at the end.  Queues that were not open are closed again.
 */
int	mqs_spool_each_group(struct mqs_spool *, const char *queue, const char *group,
	    mqs_spool_group_fn *fn, void *arg, struct mqs_error *err);

#endif
