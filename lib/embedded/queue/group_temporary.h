/*
 * group_temporary.h - groups whose time is over
 *
 * A temporary group goes with its consumer: its state names that consumer's owner
 * file, which is made before the group.  Once nobody holds that, nobody ever will
 * again.  A group with the setting `expires' goes when none of its consumers lives and the
 * last commit of one is so long ago.
 *
 * Whoever finds such a group removes it, under the log's write lock.  Whether it is over
 * is judged under the gate: a consumer makes its owner file before it opens the group,
 * which takes the gate, so it is either seen, or finds no group and makes a new one.
 * A crash in between leaves a group that is still over, or some of its files, which
 * are no group.
 */
#ifndef MQS_EMBEDDED_QUEUE_GROUP_TEMPORARY_H
#define MQS_EMBEDDED_QUEUE_GROUP_TEMPORARY_H

#include "embedded/queue/group.h"

/* *over: a group of this state is, as of now (judged). */
int	mqs_group_has_expired(const struct mqs_dir *, const char *name, const uint64_t v[MQS_GROUP_VALUES],
	    int64_t now, int *over, struct mqs_error *err);
/*
 * Removes a group if it is over, as far as its page tells; call it under the log's
 * write lock.  *gone: it is removed, or (a temporary one that may not be removed) is in
 * nobody's way any more.
 */
int	mqs_group_remove_expired(struct mqs_log *, const char *name, int64_t now, int *gone, struct mqs_error *err);

#endif
