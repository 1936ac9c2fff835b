/* admin_create.c - see admin.h: making a queue, or a group of it */
#include <string.h>

#include "amqp/admin.h"
#include "amqp/group.h"
#include "amqp/group_queue.h"
#include "amqp/settings_store.h"
#include "amqp/topology.h"
#include "base/error.h"

struct creation {
	const char	*queue, *name;	/* name: of the group; NULL: of the queue alone */
	int		 looked;		/* by a job whose connection was lost, perhaps */
	int		 queue_was, group_was;
};

static int
create_job(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	static const struct mqs_amqp_queue_settings preset = MQS_AMQP_QUEUE_SETTINGS_INIT;
	struct creation *c = arg;
	int rc = mqs_amqp_exchange_exists(link, c->queue, err);

	if (rc != MQS_OK && rc != MQS_ENOENT)
		return rc;
	if (!c->looked)
		c->queue_was = rc == MQS_OK;
	c->looked = 1;
	if ((rc = mqs_amqp_queue_open(link, c->queue, 1, &preset, NULL, NULL, err)) != MQS_OK ||
	    c->name == NULL)
		return rc;
	rc = mqs_amqp_group_marked(link, c->name, err);
	c->group_was = rc == MQS_OK;
	return rc == MQS_ENOENT ? MQS_OK : rc;
}

int
mqs_amqp_create(struct mqs_spool *spool, const char *queue, const char *group,
    const struct mqs_consumer_options *options, struct mqs_error *err)
{
	char name[MQS_AMQP_NAME_SIZE];
	struct creation c = { .queue = queue };
	struct mqs_amqp_connection *connection;
	struct mqs_amqp_group g;
	int rc;

	if (group != NULL)
		c.name = mqs_amqp_group_queue(name, queue, group);
	if ((rc = mqs_amqp_spool_connection(&connection, spool, err)) != MQS_OK ||
	    (rc = mqs_amqp_run(connection, create_job, &c, -1, err)) != MQS_OK)
		return rc;
	if (!c.queue_was)
		mqs_amqp_note_name(spool, queue);
	if (group == NULL && !c.queue_was)
		mqs_amqp_settings_made(connection, queue);
	if (group == NULL)
		return c.queue_was ? mqs_fail(err, MQS_EEXIST, "%s: exists already", queue) : MQS_OK;
	if ((rc = mqs_amqp_group_open(&g, spool, queue, group, options, 1, err)) != MQS_OK)
		return rc;
	return c.group_was ? mqs_fail(err, MQS_EEXIST, "%s: exists already", name) : MQS_OK;
}
