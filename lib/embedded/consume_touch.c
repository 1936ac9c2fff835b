/* consume_touch.c - see consume_touch.h */
#include "base/clock.h"
#include "embedded/consume_touch.h"
#include "embedded/queue/group_tx.h"

#define MARKS	4	/* at least, in the time that a group may idle */

int
mqs_consumer_touch(struct mqs_consumer *c, struct mqs_error *err)
{
	struct mqs_group_tx gtx;
	int rc;

	c->touched = mqs_boottime();
	if (c->group->settings.expires == 0)
		return MQS_OK;
	if ((rc = mqs_group_begin(&gtx, c->group, err)) != MQS_OK)
		return rc;
	gtx.v[MQS_GROUP_USED] = (uint64_t)mqs_now();
	return mqs_group_commit(&gtx, err);
}

int
mqs_consumer_touch_if_due(struct mqs_consumer *c, struct mqs_error *err)
{
	const uint64_t expires = c->group->settings.expires;

	if (expires == 0 ||
	    (uint64_t)(mqs_boottime() - c->touched) < expires / MARKS)
		return MQS_OK;
	return mqs_consumer_touch(c, err);
}
