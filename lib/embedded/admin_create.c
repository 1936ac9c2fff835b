/* admin_create.c - making a queue, or a group of it */
#include "base/error.h"
#include "embedded/queue/log_create.h"
#include "embedded/spool.h"

int
mqs_embedded_create(struct mqs_spool *spool, const char *queue, const char *group,
    const struct mqs_consumer_options *options, struct mqs_error *err)
{
	struct mqs_group_new new;
	struct mqs_error why;
	struct mqs_group *g;
	struct mqs_log *log;
	int rc, made;

	if ((rc = mqs_group_new_of(&new, options, err)) != MQS_OK)
		return rc;
	rc = mqs_log_create(spool->path, queue, &spool->options, err);
	if (rc == MQS_OK)
		mqs_spool_note_name(spool, queue);
	if (group == NULL || (rc != MQS_OK && rc != MQS_EEXIST))
		return rc;
	if ((rc = mqs_spool_log(spool, queue, 0, &log, err)) != MQS_OK)
		return rc;
	made = mqs_group_create(log, group, &new, err);
	if (made != MQS_OK && made != MQS_EEXIST)
		return made;
	/* Opening it writes its page, without which who may only read can't see it. */
	rc = mqs_spool_group(spool, queue, group, 0, &new, &g,
	    made == MQS_OK ? err : &why);
	if (made == MQS_EEXIST && rc == MQS_ECONFIG && err != NULL)
		*err = why;
	return rc == MQS_ECONFIG || made == MQS_OK ? rc : made;
}
