/*
 * group_temporary.h - groups that go by themselves: temporary groups, and groups that expire
 *
 * A temporary group (mq-sub --temp) lives as long as its consumer.  Its state names the
 * consumer's owner file, which is made before the group.  Once that file is not locked, its
 * consumer is dead.
 *
 * A group with the setting `expires' goes when none of its consumers lives and the last
 * commit of a consumer is longer ago than that.
 *
 * There is no daemon: whoever finds such a group removes it, under the log's write lock.  It
 * must not remove a group that a consumer is just opening.  So it decides while it holds
 * the gate.  A consumer first makes its owner file and then opens the group, which takes the
 * gate.  Therefore the consumer's owner file is either seen, or the consumer finds no group
 * and makes a new one.
 *
 * A crash in between leaves the group, which is then removed by the next one who finds it, or
 * some of its files, which are no group.
 */
#ifndef MQS_EMBEDDED_QUEUE_GROUP_TEMPORARY_H
#define MQS_EMBEDDED_QUEUE_GROUP_TEMPORARY_H

#include "embedded/queue/group.h"

/* 1 in *over if a group of this state has expired, or lost its consumer, by the judged clock. */
int	mqs_group_has_expired(const struct mqs_dir *, const char *name, const uint64_t v[MQS_GROUP_VALUES],
	    int64_t now, int *over, struct mqs_error *err);
/*
 * Removes a group if it is over, as far as its page tells.  The caller holds the log's write
 * lock.  1 in *gone: the group is removed, or need not be minded any more (a temporary group
 * whose files can't be removed for lack of permission).
 */
int	mqs_group_remove_expired(struct mqs_log *, const char *name, int64_t now, int *gone, struct mqs_error *err);

#endif
