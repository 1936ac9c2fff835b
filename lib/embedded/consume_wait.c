/* consume_wait.c - what a waiting consumer is woken by, and what it does then */
#include "embedded/consume_line.h"
#include "embedded/consume_state.h"
#include "embedded/consume_touch.h"
#include "embedded/queue/group_page.h"

int
mqs_embedded_consumer_fd(struct mqs_consumer *c)
{
	return mqs_wake_fd(c->wake);
}

int
mqs_embedded_consumer_service(struct mqs_consumer *c, struct mqs_error *err)
{
	unsigned what;
	int rc;

	if ((rc = mqs_wake_drain(c->wake, &what, err)) != MQS_OK)
		return rc;
	if (what & MQS_WAKE_GONE &&
	    (rc = mqs_db_check_path(c->group->log->db, err)) != MQS_OK)
		return rc;
	c->quiet = 0;
	if (what & (MQS_WAKE_OWNER | MQS_WAKE_TIME))
		c->look_owners = 1;
	if (what & MQS_WAKE_GROUP)
		c->look_own = 1;
	if (what & MQS_WAKE_TIME) {
		/* First: nothing may be made in a queue that is being deleted. */
		if ((rc = mqs_db_check_path(c->group->db, err)) != MQS_OK)
			return rc;
		if ((rc = mqs_consumer_touch_if_due(c, err)) != MQS_OK)
			return rc;
		/* A hint for those behind; whoever may not write the page does without. */
		if (mqs_wake_place(c->wake) == MQS_LINE_FIRST)
			(void)mqs_log_refresh_page(c->group->log, NULL);
		else if ((c->quiet = mqs_consumer_line_is_quiet(c)) != 0)
			return MQS_OK;	/* the group's page is current, too */
		return mqs_group_refresh(c->group, err);
	}
	return MQS_OK;
}
