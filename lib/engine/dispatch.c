/* dispatch.c - checks of arguments; see dispatch.h */
#include "base/error.h"
#include "base/name.h"
#include "engine/dispatch.h"

int
mqs_engine_lacks(const struct mqs_engine *engine, const char *object, const char *what,
    struct mqs_error *err)
{
	if (object == NULL)
		return mqs_fail(err, MQS_ENOTSUP, "the %s engine can't %s (see Engines in mq(7))",
		    engine->name, what);
	return mqs_fail(err, MQS_ENOTSUP, "%s: the %s engine can't %s (see Engines in mq(7))",
	    object, engine->name, what);
}

static int
check_name(const char *name, const char *kind, struct mqs_error *err)
{
	const char *why;

	if (name == NULL)
		return mqs_fail(err, MQS_EINVAL, "%s: no name", kind);
	if (mqs_name_check(name, &why) == -1)
		return mqs_fail(err, MQS_EINVAL, "%s: %s", name, why);
	return MQS_OK;
}

int
mqs_check_queue(const char *queue, struct mqs_error *err)
{
	return check_name(queue, "queue", err);
}

int
mqs_check_names(const char *queue, const char *group, struct mqs_error *err)
{
	int rc = check_name(queue, "queue", err);

	return rc != MQS_OK || group == NULL ? rc : check_name(group, "group", err);
}

int
mqs_check_names_or_all(const char *queue, const char *group, struct mqs_error *err)
{
	if (queue == NULL && group != NULL)
		return mqs_fail(err, MQS_EINVAL, "%s: a group without a queue", group);
	return queue == NULL ? MQS_OK : mqs_check_names(queue, group, err);
}

int
mqs_check_consumer_options(const struct mqs_consumer_options *o, const char *queue,
    const char *group, struct mqs_error *err)
{
	if (o == NULL)
		return MQS_OK;
	if ((o->flags & ~(MQS_MANUAL | MQS_TEMP)) != 0)
		return mqs_fail(err, MQS_EINVAL, "%s/%s: unknown flag of a consumer", queue, group);
	if (o->lease < 0 || o->from_time < 0)
		return mqs_fail(err, MQS_EINVAL, "%s/%s: a time below 0", queue, group);
	if ((o->nbindings > 0 && o->bindings == NULL) ||
	    (o->nsettings > 0 && o->settings == NULL))
		return mqs_fail(err, MQS_EINVAL, "%s/%s: bindings or settings that are nowhere",
		    queue, group);
	return MQS_OK;
}
