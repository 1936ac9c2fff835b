/* dispatch_read.c - reading what a queue retains, and looking at queues and groups */
#include "base/error.h"
#include "engine/dispatch.h"

int
mqs_reader_open(struct mqs_reader **out, struct mqs_spool *spool, const char *queue,
    const char *group, const struct mqs_reader_options *options, struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(spool);
	int rc;

	if ((rc = mqs_check_names(queue, group, err)) != MQS_OK)
		return rc;
	if (options != NULL && options->latest && (options->follow || options->last != 0))
		return mqs_fail(err, MQS_EINVAL, "%s: the newest of each key can't be followed "
		    "or counted from the end", queue);
	if (engine->reader_open == NULL)
		return mqs_engine_lacks(engine, queue, "replay", err);
	rc = engine->reader_open(out, spool, queue, group, options, err);
	return rc == MQS_OK ? mqs_engine_made(*out, engine, rc) : rc;
}

int
mqs_reader_next(struct mqs_reader *r, struct mqs_message *m, struct mqs_error *err)
{
	return mqs_engine_of(r)->reader_next(r, m, err);
}

void
mqs_reader_rest(struct mqs_reader *r)
{
	mqs_engine_of(r)->reader_rest(r);
}

int
mqs_reader_fd(struct mqs_reader *r, struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(r);

	if (engine->reader_fd == NULL)
		return mqs_engine_lacks(engine, NULL, "follow a queue", err);
	return engine->reader_fd(r, err);
}

int
mqs_reader_service(struct mqs_reader *r, struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(r);

	if (engine->reader_service == NULL)
		return mqs_engine_lacks(engine, NULL, "follow a queue", err);
	return engine->reader_service(r, err);
}

void
mqs_reader_free(struct mqs_reader *r)
{
	if (r != NULL)
		mqs_engine_of(r)->reader_free(r);
}

/* ------------------------------------------------------------- looking -- */

int
mqs_queue_uuid(struct mqs_spool *spool, const char *queue, char uuid[MQS_UUID_SIZE],
    struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(spool);
	int rc;

	if ((rc = mqs_check_queue(queue, err)) != MQS_OK)
		return rc;
	if (engine->queue_uuid == NULL)
		return mqs_engine_lacks(engine, queue, "tell a queue's identity", err);
	return engine->queue_uuid(spool, queue, uuid, err);
}

int
mqs_stat(struct mqs_spool *spool, const char *queue, const char *group,
    mqs_queue_stat_fn *queue_fn, mqs_group_stat_fn *group_fn, void *arg,
    struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(spool);
	int rc;

	if ((rc = mqs_check_names_or_all(queue, group, err)) != MQS_OK)
		return rc;
	if (engine->stat == NULL)
		return mqs_engine_lacks(engine, queue, "count messages", err);
	return engine->stat(spool, queue, group, queue_fn, group_fn, arg, err);
}

struct name_listing {
	mqs_name_listed_fn *fn;
	void		*arg;
};

static int
list_queue(void *arg, const struct mqs_queue_stat *q)
{
	const struct name_listing *l = arg;

	return l->fn(l->arg, q->name, NULL);
}

static int
list_group(void *arg, const struct mqs_group_stat *g)
{
	const struct name_listing *l = arg;

	return l->fn(l->arg, g->queue, g->group);
}

int
mqs_list(struct mqs_spool *spool, const char *queue, mqs_name_listed_fn *fn, void *arg,
    struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(spool);
	struct name_listing listing = { fn, arg };
	int rc;

	if ((rc = mqs_check_names_or_all(queue, NULL, err)) != MQS_OK)
		return rc;
	if (engine->list != NULL)
		return engine->list(spool, queue, fn, arg, err);
	if (engine->stat == NULL)
		return mqs_engine_lacks(engine, queue, "list queues", err);
	return engine->stat(spool, queue, NULL, list_queue, list_group, &listing, err);
}

int
mqs_outstanding(struct mqs_spool *spool, const char *queue, const char *group,
    mqs_consumer_stat_fn *consumer_fn, mqs_delivery_stat_fn *delivery_fn, void *arg,
    struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(spool);
	int rc;

	if ((rc = mqs_check_names_or_all(queue, group, err)) != MQS_OK)
		return rc;
	if (engine->outstanding == NULL)
		return mqs_engine_lacks(engine, queue, "list deliveries", err);
	return engine->outstanding(spool, queue, group, consumer_fn, delivery_fn, arg, err);
}

int
mqs_next_due(struct mqs_spool *spool, const char *queue, const char *group, int64_t *due,
    struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(spool);
	int rc;

	if ((rc = mqs_check_names_or_all(queue, group, err)) != MQS_OK)
		return rc;
	if (engine->next_due == NULL)
		return mqs_engine_lacks(engine, queue, "tell when there is work next", err);
	return engine->next_due(spool, queue, group, due, err);
}

int
mqs_trace(struct mqs_spool *spool, const char *queue, const char *id,
    mqs_trace_message_fn *message_fn, mqs_group_trace_fn *group_fn, void *arg,
    struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(spool);
	int rc;

	if ((rc = mqs_check_names(queue, NULL, err)) != MQS_OK)
		return rc;
	if (engine->trace == NULL)
		return mqs_engine_lacks(engine, queue, "trace a message", err);
	return engine->trace(spool, queue, id, message_fn, group_fn, arg, err);
}
