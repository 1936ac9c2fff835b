/*
 * dispatch.h - what the functions of mqspool.h check before an engine is called
 *
 * The functions themselves are in dispatch_spool.c, dispatch_publish.c,
 * dispatch_consume.c, dispatch_read.c and dispatch_admin.c.  Each checks its arguments,
 * finds the engine by the handle, and calls the engine's function, or says that there is
 * none.  The calls that are made for every message check nothing else.
 */
#ifndef MQS_ENGINE_DISPATCH_H
#define MQS_ENGINE_DISPATCH_H

#include "engine/engine.h"

/* The engine of a handle, which begins with a struct mqs_handle. */
static inline const struct mqs_engine *
mqs_engine_of(const void *handle)
{
	return ((const struct mqs_handle *)handle)->engine;
}

/* Makes a handle that the engine has returned one that dispatch knows: returns rc. */
static inline int
mqs_engine_made(void *handle, const struct mqs_engine *engine, int rc)
{
	if (rc == MQS_OK)
		((struct mqs_handle *)handle)->engine = engine;
	return rc;
}

/*
 * MQS_ENOTSUP: the engine has no such function.  object is the queue that is asked
 * about, or NULL; what completes "can't", such as "pause queues and groups".
 */
int	mqs_engine_lacks(const struct mqs_engine *, const char *object, const char *what,
	    struct mqs_error *err);
/* MQS_EINVAL unless it is the name of a queue. */
int	mqs_check_queue(const char *queue, struct mqs_error *err);
/* The same for a queue and, unless it is NULL, a group. */
int	mqs_check_names(const char *queue, const char *group, struct mqs_error *err);
/* The same where no queue (NULL, and then no group) means all of them. */
int	mqs_check_names_or_all(const char *queue, const char *group, struct mqs_error *err);

#endif
