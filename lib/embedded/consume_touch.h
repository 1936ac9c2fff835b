/*
 * consume_touch.h - tells a group with the setting `expires' that a consumer uses it
 *
 * Such a group is removed once it has been idle for that long (queue/group_temporary.h).
 * The time counts from the last mark.  A consumer makes one when it opens the group, when
 * it closes it, and now and then while it waits, since a killed consumer makes none.
 */
#ifndef MQS_EMBEDDED_CONSUME_TOUCH_H
#define MQS_EMBEDDED_CONSUME_TOUCH_H

#include "embedded/consume_state.h"

/* Marks the group as used now. */
int	mqs_consumer_touch(struct mqs_consumer *, struct mqs_error *err);
/* The same if a quarter of the time that the group may idle has passed since the last mark. */
int	mqs_consumer_touch_if_due(struct mqs_consumer *, struct mqs_error *err);

#endif
