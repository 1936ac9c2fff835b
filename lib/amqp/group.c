/* group.c - see group.h */
#include <stdio.h>
#include <string.h>

#include "amqp/group.h"
#include "amqp/group_agree.h"
#include "amqp/group_change.h"
#include "amqp/group_create.h"
#include "amqp/group_queue.h"
#include "amqp/settings_store.h"
#include "base/error.h"

struct opening {
	struct mqs_spool	*spool;
	struct mqs_amqp_group	*group;
	int			 create;
	int			 stream;
	int			 marked;
};

static int
look_job(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	static const struct mqs_amqp_queue_settings preset = MQS_AMQP_QUEUE_SETTINGS_INIT;
	struct opening *o = arg;
	int rc;

	rc = mqs_amqp_queue_open(link, o->group->queue, o->create, &preset, &o->stream, NULL,
	    err);
	if (rc != MQS_OK)
		return rc == MQS_ENOENT ? mqs_amqp_no_queue(o->spool, o->group->queue, err) : rc;
	rc = mqs_amqp_group_marked(link, o->group->name, err);
	o->marked = rc == MQS_OK;
	return rc == MQS_ENOENT ? MQS_OK : rc;
}

/* Takes over what counts while it is consumed. */
static int
use_record(struct mqs_amqp_group *g, const struct mqs_amqp_record *r, struct mqs_error *err)
{
	struct mqs_group_settings s;
	int rc;

	if ((rc = mqs_amqp_record_group(r, &s, err)) != MQS_OK)
		return rc;
	g->settings.lease = s.lease;
	g->settings.backoff_min = s.backoff_min;
	g->settings.backoff_max = s.backoff_max;
	g->settings.max_attempts = s.max_attempts;
	g->settings.ordered = s.ordered != 0;
	g->settings.exclusive = s.exclusive != 0;
	return MQS_OK;
}

/* Of a group that is there, and its queue. */
static int
use_records(struct mqs_amqp_group *g, struct mqs_spool *spool, const struct mqs_amqp_record *r,
    const struct mqs_amqp_record *queue, const struct mqs_consumer_options *options,
    struct mqs_error *err)
{
	struct mqs_log_settings s;
	int rc;

	/* Somebody died while he changed its bindings. */
	if (r->changing && (rc = mqs_amqp_group_change(spool, g->queue, g->group, NULL, NULL,
	    err)) != MQS_OK)
		return rc;
	if ((rc = use_record(g, r, err)) != MQS_OK ||
	    (rc = mqs_amqp_record_queue(queue, &s, err)) != MQS_OK)
		return rc;
	(void)snprintf(g->settings.dead_letter, sizeof(g->settings.dead_letter), "%.*s",
	    MQS_NAME_MAX, s.dead_letter);
	return options == NULL ? MQS_OK : mqs_amqp_group_agrees(r, spool->shown, options, err);
}

static int
read_records(struct mqs_amqp_group *g, struct mqs_spool *spool,
    const struct mqs_consumer_options *options, struct mqs_error *err)
{
	struct mqs_amqp_record r, queue;
	struct mqs_amqp_record *const both[] = { &r, &queue };
	int rc;

	if ((rc = mqs_amqp_record_init(&r, g->queue, g->group, err)) != MQS_OK)
		return rc;
	if ((rc = mqs_amqp_record_init(&queue, g->queue, NULL, err)) == MQS_OK &&
	    (rc = mqs_amqp_settings_read_all(spool->connection, both, 2, 1, err)) == MQS_OK)
		rc = use_records(g, spool, &r, &queue, options, err);
	mqs_amqp_record_free(&queue);
	mqs_amqp_record_free(&r);
	return rc;
}

int
mqs_amqp_group_open(struct mqs_amqp_group *out, struct mqs_spool *spool, const char *queue,
    const char *group, const struct mqs_consumer_options *options, int create,
    struct mqs_error *err)
{
	struct opening o = { .spool = spool, .group = out, .create = create };
	struct mqs_amqp_connection *c;
	int rc;

	memset(out, 0, sizeof(*out));
	(void)snprintf(out->queue, sizeof(out->queue), "%s", queue);
	(void)snprintf(out->group, sizeof(out->group), "%s", group);
	mqs_amqp_group_queue(out->name, queue, group);
	if ((rc = mqs_amqp_spool_connection(&c, spool, err)) != MQS_OK ||
	    (rc = mqs_amqp_run(c, look_job, &o, -1, err)) != MQS_OK)
		return rc;
	if (!o.marked && !create && (options == NULL || (options->flags & MQS_TEMP) == 0))
		return mqs_fail(err, MQS_ENOENT, "%s: no such group", out->name);
	if (!o.marked && (rc = mqs_amqp_group_make(out, spool, o.stream, options, err)) < 0)
		return rc;
	return read_records(out, spool, options, err);
}
