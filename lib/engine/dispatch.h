/*
 * dispatch.h - what the functions of mqspool.h check before an engine is called
 *
 * The functions of mqspool.h are in dispatch_spool.c, dispatch_publish.c,
 * dispatch_consume.c, dispatch_read.c and dispatch_admin.c.  Each checks its arguments,
 * finds the engine by the handle, and calls the engine's function.  If the engine lacks the
 * function, dispatch reports MQS_ENOTSUP.  Functions that are called for every message skip
 * these checks, for speed.
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

/* Notes in a new handle which engine has made it, if rc is MQS_OK; returns rc. */
static inline int
mqs_engine_made(void *handle, const struct mqs_engine *engine, int rc)
{
	if (rc == MQS_OK)
		((struct mqs_handle *)handle)->engine = engine;
	return rc;
}

/*
 * Reports that the engine lacks a function: MQS_ENOTSUP.  object is the queue that the call
 * was about, or NULL.  what completes the sentence "the engine can't ...", for instance
 * "pause queues and groups".
 */
int	mqs_engine_lacks(const struct mqs_engine *, const char *object, const char *what,
	    struct mqs_error *err);
/* Checks the name of a queue: 0, or MQS_EINVAL. */
int	mqs_check_queue(const char *queue, struct mqs_error *err);
/* Checks the names of a queue and, unless it is NULL, of a group. */
int	mqs_check_names(const char *queue, const char *group, struct mqs_error *err);
/* The same for calls where NULL as queue (then group must be NULL, too) means all queues. */
int	mqs_check_names_or_all(const char *queue, const char *group, struct mqs_error *err);
/* Checks the options of a consumer, or of a new group; options may be NULL. */
int	mqs_check_consumer_options(const struct mqs_consumer_options *, const char *queue,
	    const char *group, struct mqs_error *err);

#endif
