/*
 * admin_list.c - see admin.h: the names of queues and groups
 *
 * They are those that have a record in mq.settings and are there.  A queue has one since mq made
 * it; an exchange that somebody else made has one when a group or a setting was given to it.
 */
#include "amqp/admin.h"
#include "amqp/answer.h"
#include "amqp/group_queue.h"
#include "amqp/settings_store.h"
#include "amqp/topology.h"
#include "base/error.h"

struct listing {
	struct mqs_amqp_connection *connection;
	mqs_name_listed_fn	*fn;
	void			*arg;
	const char		*queue, *group;
	int			 skip;	/* the queue is gone, and so are its groups */
};

static int
is_there_job(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	const struct listing *l = arg;
	const struct mqs_amqp_link looking = mqs_amqp_looking(link);
	char name[MQS_AMQP_NAME_SIZE];
	int rc;

	if (l->group == NULL)
		return mqs_amqp_exchange_exists(link, l->queue, err);
	rc = mqs_amqp_group_marked(&looking, mqs_amqp_group_queue(name, l->queue, l->group), err);
	return rc == MQS_EBUSY ? MQS_OK : rc;	/* out of sight, and there */
}

static int
tell(void *arg, const char *queue, const char *group, struct mqs_error *err)
{
	struct listing *l = arg;
	int rc;

	if (group != NULL && l->skip)
		return MQS_OK;
	l->queue = queue;
	l->group = group;
	rc = mqs_amqp_run(l->connection, is_there_job, l, -1, err);
	if (group == NULL)
		l->skip = rc == MQS_ENOENT;
	if (rc == MQS_OK)
		rc = l->fn(l->arg, queue, group);
	return rc == MQS_ENOENT ? MQS_OK : rc;
}

int
mqs_amqp_list(struct mqs_spool *spool, const char *queue, mqs_name_listed_fn *fn, void *arg,
    struct mqs_error *err)
{
	struct listing l = { .fn = fn, .arg = arg, .queue = queue };
	int rc;

	if ((rc = mqs_amqp_spool_connection(&l.connection, spool, err)) != MQS_OK)
		return rc;
	if (queue != NULL && (rc = mqs_amqp_run(l.connection, is_there_job, &l, -1, err)) != MQS_OK)
		return rc == MQS_ENOENT ? mqs_amqp_no_queue(spool, queue, err) : rc;
	return mqs_amqp_settings_names(l.connection, queue, 0, tell, &l, err);
}
