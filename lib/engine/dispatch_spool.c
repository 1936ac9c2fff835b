/* dispatch_spool.c - opening a spool, and asking what its engine can do */
#include <string.h>

#include "base/error.h"
#include "engine/dispatch.h"
#include "engine/find.h"

static int
engine_can(const struct mqs_engine *engine, const char *option)
{
	size_t i;

	for (i = 0; engine->can != NULL && engine->can[i] != NULL; i++)
		if (strcmp(engine->can[i], option) == 0)
			return 1;
	return 0;
}

int
mqs_spool_open(struct mqs_spool **out, const char *where,
    const struct mqs_options *options, struct mqs_error *err)
{
	static const struct mqs_options none;
	const struct mqs_engine *engine;
	int rc;

	if (where == NULL || where[0] == '\0')
		return mqs_fail(err, MQS_EINVAL, "spool: no name");
	if (options == NULL)
		options = &none;
	if ((rc = mqs_engine_find(&engine, where, options->engines, err)) != MQS_OK)
		return rc;
	if (engine->spool_open == NULL)
		return mqs_engine_lacks(engine, NULL, "open a spool", err);
	if (options->clock_shift != 0 && !engine_can(engine, "MQ_NOW"))
		return mqs_engine_lacks(engine, NULL,
		    "shift its clock: MQ_NOW has no meaning there", err);
	rc = engine->spool_open(out, where, options, err);
	return rc == MQS_OK ? mqs_engine_made(*out, engine, rc) : rc;
}

void
mqs_spool_free(struct mqs_spool *spool)
{
	if (spool != NULL)
		mqs_engine_of(spool)->spool_free(spool);
}

void
mqs_spool_close_queues(struct mqs_spool *spool)
{
	if (mqs_engine_of(spool)->spool_close_queues != NULL)
		mqs_engine_of(spool)->spool_close_queues(spool);
}

int
mqs_can(const struct mqs_spool *spool, const char *option)
{
	return option != NULL && engine_can(mqs_engine_of(spool), option);
}

const char *
mqs_instead(const struct mqs_spool *spool, const char *option)
{
	const struct mqs_engine *engine = mqs_engine_of(spool);

	if (option == NULL || engine->instead == NULL || engine_can(engine, option))
		return NULL;
	return engine->instead(option);
}

int
mqs_is_id(const struct mqs_spool *spool, const char *text)
{
	const struct mqs_engine *engine = mqs_engine_of(spool);

	return text != NULL && engine->is_id != NULL && engine->is_id(text);
}

const char *
mqs_engine(const struct mqs_spool *spool)
{
	return mqs_engine_of(spool)->name;
}
