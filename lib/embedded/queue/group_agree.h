/*
 * group_agree.h - whether a group that is there is the one that a consumer asks for
 *
 * Bindings and settings that a consumer names apply when the group is made.  If it is
 * there already and differs, the consumer must be told, and told what to do.
 */
#ifndef MQS_EMBEDDED_QUEUE_GROUP_AGREE_H
#define MQS_EMBEDDED_QUEUE_GROUP_AGREE_H

#include "embedded/queue/group_create.h"

/*
 * MQS_ECONFIG, and the command that helps, if a group has other bindings or settings than
 * were asked for.
 */
int	mqs_group_agrees(struct mqs_group *, const struct mqs_group_new *, struct mqs_error *err);

#endif
