/*
 * admin_trim_markers.h - removing the markers of groups and queues that were deleted
 *
 * A marker (queue/marker.h) in a log is removed by later commits for the same group.  There
 * are none once the group, or its whole queue, was deleted.  `mq-ctl trim' looks which
 * queues and groups the spool has, and removes the markers of all others.
 *
 * It looks while it holds the log's write lock.  A marker is put under that lock by a
 * consumer of a group that is there; so whatever marker stands then and names no group
 * that is found names one that was deleted.  (A group that is made again under its name
 * has another generation, and removes the old ones itself.)  If some queue can't be opened,
 * the markers of queues that were not found stay, since it may be that one.
 *
 * A transaction removes at most 1,000 markers.  A crash leaves those that are left.
 */
#ifndef MQS_EMBEDDED_ADMIN_TRIM_MARKERS_H
#define MQS_EMBEDDED_ADMIN_TRIM_MARKERS_H

#include "embedded/spool.h"

int	mqs_admin_trim_markers(struct mqs_spool *, struct mqs_log *, struct mqs_error *err);

#endif
