/* consume_open.c - opening a consumer, and freeing it */
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "embedded/consume_collect.h"
#include "embedded/consume_reclaim.h"
#include "embedded/consume_run.h"
#include "embedded/consume_touch.h"
#include "embedded/full_disk.h"
#include "embedded/group_remove_expired.h"
#include "embedded/queue/group_file.h"

#define PREFETCH	1000

/*
 * Makes the owner file, then opens the group: so that whoever judges whether the group
 * is over (embedded/queue/group_temporary.h) sees that it has a consumer.
 */
static int
open_group(struct mqs_consumer *c, const char *queue, const char *group,
    struct mqs_group_new *new, struct mqs_error *err)
{
	struct mqs_log *log;
	int rc;

	if ((rc = mqs_spool_log_to_consume(c->spool, queue, 1, &log, err)) != MQS_OK ||
	    (rc = mqs_owner_new(&c->owner, &log->dir, mqs_group_owner_family(group),
	    err)) != MQS_OK)
		return rc;
	if (c->flags & MQS_TEMP)
		new->owner = mqs_owner_name(c->owner);
	return mqs_spool_group(c->spool, queue, group, 1, new, &c->group, err);
}

int
mqs_embedded_consumer_open(struct mqs_consumer **out, struct mqs_spool *spool,
    const char *queue, const char *group,
    const struct mqs_consumer_options *options, struct mqs_error *err)
{
	struct mqs_consumer *c;
	struct mqs_group_new new;
	int rc;

	if ((rc = mqs_group_new_of(&new, options, err)) != MQS_OK)
		return rc;
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return mqs_fail_errno(err, "%s/%s", queue, group);
	c->spool = spool;
	spool->handles++;
	c->body = -1;
	c->prefetch = PREFETCH;
	if (options != NULL) {
		c->flags = options->flags;
		c->lease_time = options->lease;
		if (options->prefetch != 0)
			c->prefetch = options->prefetch;
	}
	c->look_owners = 1;
	if ((rc = open_group(c, queue, group, &new, err)) != MQS_OK ||
	    (rc = mqs_log_reader_init(&c->reader, c->group->log, err)) != MQS_OK)
		goto fail;
	mqs_log_reader_rest(&c->reader);
	if ((rc = mqs_wake_new(&c->wake, &c->group->log->dir, group, 1,
	    err)) != MQS_OK || (rc = mqs_consumer_touch(c, err)) != MQS_OK)
		goto fail;
	/*
	 * What those left who died idle, of whom no lease tells, and groups whose time is
	 * over.  It is in nobody's way: no reason to fail.
	 */
	(void)mqs_reclaim_owner_files(c, NULL);
	(void)mqs_group_remove_all_expired(spool, c->group->log, NULL);
	*out = c;
	return MQS_OK;
fail:
	mqs_owner_free(c->owner, 1);
	c->owner = NULL;
	mqs_embedded_consumer_free(c);
	return mqs_full_disk_advise(spool, rc, err);
}

void
mqs_embedded_consumer_free(struct mqs_consumer *c)
{
	if (c == NULL)
		return;
	c->spool->handles--;
	if (c->group != NULL)
		mqs_embedded_consumer_idle(c, 0);
	mqs_runs_forget(c);
	if (c->body != -1)
		close(c->body);
	mqs_collected_drop(c);
	mqs_log_reader_done(&c->reader);
	mqs_wake_free(c->wake);
	mqs_owner_free(c->owner, 0);
	free(c->deliveries);
	free(c->own);
	free(c->acks);
	free(c->requests);
	free(c);
}
