/*
 * dispatch_admin.c - making, configuring, moving, emptying and removing queues and groups
 */
#include "base/error.h"
#include "engine/dispatch.h"

/* A group has a name: none is as wrong as an empty one. */
static int
check_group(const char *queue, const char *group, struct mqs_error *err)
{
	return mqs_check_names(queue, group == NULL ? "" : group, err);
}

int
mqs_create(struct mqs_spool *spool, const char *queue, const char *group,
    const struct mqs_consumer_options *options, struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(spool);
	int rc;

	if ((rc = mqs_check_names(queue, group, err)) != MQS_OK || (group != NULL &&
	    (rc = mqs_check_consumer_options(options, queue, group, err)) != MQS_OK))
		return rc;
	if (engine->create == NULL)
		return mqs_engine_lacks(engine, queue, "make queues and groups", err);
	return engine->create(spool, queue, group, options, err);
}

int
mqs_set(struct mqs_spool *spool, const char *queue, const char *group,
    const char *const *pairs, size_t n, struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(spool);
	int rc;

	if ((rc = mqs_check_names(queue, group, err)) != MQS_OK)
		return rc;
	if (engine->set == NULL)
		return mqs_engine_lacks(engine, queue, "change settings", err);
	return engine->set(spool, queue, group, pairs, n, err);
}

int
mqs_show(struct mqs_spool *spool, const char *queue, const char *group,
    mqs_setting_fn *fn, void *arg, struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(spool);
	int rc;

	if ((rc = mqs_check_names(queue, group, err)) != MQS_OK)
		return rc;
	if (engine->show == NULL)
		return mqs_engine_lacks(engine, queue, "show settings", err);
	return engine->show(spool, queue, group, fn, arg, err);
}

int
mqs_bind(struct mqs_spool *spool, const char *queue, const char *group,
    const struct mqs_binding *list, size_t n, int replace, struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(spool);
	int rc;

	if ((rc = check_group(queue, group, err)) != MQS_OK)
		return rc;
	if (engine->bind == NULL)
		return mqs_engine_lacks(engine, queue, "bind groups", err);
	return engine->bind(spool, queue, group, list, n, replace, err);
}

int
mqs_unbind(struct mqs_spool *spool, const char *queue, const char *group,
    const struct mqs_binding *list, size_t n, size_t *left, struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(spool);
	int rc;

	if ((rc = check_group(queue, group, err)) != MQS_OK)
		return rc;
	if (engine->unbind == NULL)
		return mqs_engine_lacks(engine, queue, "unbind groups", err);
	return engine->unbind(spool, queue, group, list, n, left, err);
}

int
mqs_bindings(struct mqs_spool *spool, const char *queue, const char *group,
    mqs_binding_fn *fn, void *arg, struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(spool);
	int rc;

	if ((rc = check_group(queue, group, err)) != MQS_OK)
		return rc;
	if (engine->bindings == NULL)
		return mqs_engine_lacks(engine, queue, "list bindings", err);
	return engine->bindings(spool, queue, group, fn, arg, err);
}

int
mqs_delete(struct mqs_spool *spool, const char *queue, const char *group,
    struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(spool);
	int rc;

	if ((rc = mqs_check_names(queue, group, err)) != MQS_OK)
		return rc;
	if (engine->delete == NULL)
		return mqs_engine_lacks(engine, queue, "delete queues and groups", err);
	return engine->delete(spool, queue, group, err);
}

int
mqs_purge(struct mqs_spool *spool, const char *queue, const char *group,
    uint64_t *count, struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(spool);
	int rc;

	if ((rc = mqs_check_names(queue, group, err)) != MQS_OK)
		return rc;
	if (engine->purge == NULL)
		return mqs_engine_lacks(engine, queue, "purge queues and groups", err);
	return engine->purge(spool, queue, group, count, err);
}

int
mqs_rewind(struct mqs_spool *spool, const char *queue, const char *group,
    const struct mqs_rewind_options *options, struct mqs_rewound *rewound,
    struct mqs_error *err)
{
	static const struct mqs_rewind_options none;
	const struct mqs_engine *engine = mqs_engine_of(spool);
	int rc;

	if ((rc = check_group(queue, group, err)) != MQS_OK)
		return rc;
	if (engine->rewind == NULL)
		return mqs_engine_lacks(engine, queue, "rewind groups", err);
	return engine->rewind(spool, queue, group, options == NULL ? &none : options, rewound,
	    err);
}

int
mqs_redrive(struct mqs_spool *spool, const char *queue,
    const struct mqs_redrive_options *options, struct mqs_redriven *redriven,
    struct mqs_error *err)
{
	static const struct mqs_redrive_options none;
	const struct mqs_engine *engine = mqs_engine_of(spool);
	int rc;

	if ((rc = mqs_check_queue(queue, err)) != MQS_OK)
		return rc;
	if (engine->redrive == NULL)
		return mqs_engine_lacks(engine, queue, "redrive dead letters", err);
	return engine->redrive(spool, queue, options == NULL ? &none : options, redriven, err);
}

int
mqs_pause(struct mqs_spool *spool, const char *queue, const char *group, int on,
    struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(spool);
	int rc;

	if ((rc = mqs_check_names(queue, group, err)) != MQS_OK)
		return rc;
	if (engine->pause == NULL)
		return mqs_engine_lacks(engine, queue, "pause queues and groups", err);
	return engine->pause(spool, queue, group, on, err);
}

int
mqs_skip(struct mqs_spool *spool, const char *queue, const char *group,
    const char *const *ids, size_t n, struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(spool);
	int rc;

	if ((rc = check_group(queue, group, err)) != MQS_OK)
		return rc;
	if (engine->skip == NULL)
		return mqs_engine_lacks(engine, queue, "skip messages", err);
	return engine->skip(spool, queue, group, ids, n, err);
}

int
mqs_trim(struct mqs_spool *spool, const char *queue, uint64_t *count,
    struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(spool);
	int rc;

	if ((rc = mqs_check_queue(queue, err)) != MQS_OK)
		return rc;
	if (engine->trim == NULL)
		return mqs_engine_lacks(engine, queue, "trim queues", err);
	return engine->trim(spool, queue, count, err);
}

int
mqs_rename(struct mqs_spool *spool, const char *queue, const char *name,
    struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(spool);
	int rc;

	if ((rc = mqs_check_queue(queue, err)) != MQS_OK ||
	    (rc = mqs_check_queue(name, err)) != MQS_OK)
		return rc;
	if (engine->rename == NULL)
		return mqs_engine_lacks(engine, queue, "rename queues", err);
	return engine->rename(spool, queue, name, err);
}

int
mqs_compact(struct mqs_spool *spool, const char *queue, int64_t wait,
    uint64_t *before, uint64_t *after, struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(spool);
	int rc;

	if ((rc = mqs_check_queue(queue, err)) != MQS_OK)
		return rc;
	if (engine->compact == NULL)
		return mqs_engine_lacks(engine, queue, "compact queues", err);
	return engine->compact(spool, queue, wait, before, after, err);
}

int
mqs_backup(struct mqs_spool *spool, const char *queue, const char *where,
    struct mqs_backup *backup, struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(spool);
	int rc;

	if ((rc = mqs_check_queue(queue, err)) != MQS_OK)
		return rc;
	if (where == NULL || *where == '\0')
		return mqs_fail(err, MQS_EINVAL, "%s: no directory to back it up into", queue);
	if (engine->backup == NULL)
		return mqs_engine_lacks(engine, queue, "back queues up", err);
	return engine->backup(spool, queue, where, backup, err);
}

int
mqs_check(struct mqs_spool *spool, const char *queue, unsigned flags,
    mqs_finding_fn *finding, void *arg, uint64_t *findings, uint64_t *messages,
    struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(spool);
	int rc;

	if ((rc = mqs_check_queue(queue, err)) != MQS_OK)
		return rc;
	if (flags & ~MQS_REPAIR)
		return mqs_fail(err, MQS_EINVAL, "%s: check: unknown flags", queue);
	if (engine->check == NULL)
		return mqs_engine_lacks(engine, queue, "check queues", err);
	return engine->check(spool, queue, flags, finding, arg, findings, messages, err);
}

int
mqs_check_schema(struct mqs_spool *spool, const char *queue, const char *schema,
    size_t schema_len, mqs_finding_fn *finding, void *arg, uint64_t *findings,
    uint64_t *messages, struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(spool);
	int rc;

	if ((rc = mqs_check_queue(queue, err)) != MQS_OK)
		return rc;
	if (engine->check_schema == NULL)
		return mqs_engine_lacks(engine, queue, "hold messages against a schema", err);
	return engine->check_schema(spool, queue, schema, schema_len, finding, arg, findings,
	    messages, err);
}

int
mqs_salvage(struct mqs_spool *spool, const char *from, const char *queue,
    mqs_finding_fn *finding, void *arg, struct mqs_salvaged *salvaged,
    struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(spool);
	int rc;

	if ((rc = mqs_check_queue(queue, err)) != MQS_OK)
		return rc;
	if (from == NULL || *from == '\0')
		return mqs_fail(err, MQS_EINVAL, "%s: nothing to salvage it from", queue);
	if (engine->salvage == NULL)
		return mqs_engine_lacks(engine, queue, "salvage queues", err);
	return engine->salvage(spool, from, queue, finding, arg, salvaged, err);
}

int
mqs_salvage_group(struct mqs_spool *spool, const char *queue, const char *group,
    mqs_finding_fn *finding, void *arg, struct mqs_salvaged *salvaged,
    struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(spool);
	int rc;

	if ((rc = check_group(queue, group, err)) != MQS_OK)
		return rc;
	if (engine->salvage_group == NULL)
		return mqs_engine_lacks(engine, queue, "salvage groups", err);
	return engine->salvage_group(spool, queue, group, finding, arg, salvaged, err);
}
