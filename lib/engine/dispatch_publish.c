/*
 * dispatch_publish.c - publishing, large bodies, filters, request and reply
 *
 * Functions that are called for every message go straight to the engine's function.  So an
 * engine that has publisher_open must have publisher_send, _send_like, _flush, _stored,
 * _pending and _free.
 */
#include "base/error.h"
#include "engine/dispatch.h"

int
mqs_publisher_open(struct mqs_publisher **out, struct mqs_spool *spool, const char *queue,
    const struct mqs_publisher_options *options, struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(spool);
	int rc;

	if ((rc = mqs_check_queue(queue, err)) != MQS_OK)
		return rc;
	if (options != NULL && (options->flags & ~(MQS_MANDATORY | MQS_MIRROR)) != 0)
		return mqs_fail(err, MQS_EINVAL, "%s: unknown flag of a publisher", queue);
	if (engine->publisher_open == NULL)
		return mqs_engine_lacks(engine, queue, "publish", err);
	rc = engine->publisher_open(out, spool, queue, options, err);
	return rc == MQS_OK ? mqs_engine_made(*out, engine, rc) : rc;
}

int
mqs_publisher_send(struct mqs_publisher *p, const struct mqs_message *m, uint64_t tag,
    struct mqs_error *err)
{
	return mqs_engine_of(p)->publisher_send(p, m, tag, err);
}

size_t
mqs_publisher_send_like(struct mqs_publisher *p, const struct mqs_body *bodies, size_t n)
{
	return mqs_engine_of(p)->publisher_send_like(p, bodies, n);
}

int
mqs_publisher_flush(struct mqs_publisher *p, struct mqs_error *err)
{
	return mqs_engine_of(p)->publisher_flush(p, err);
}

size_t
mqs_publisher_stored(const struct mqs_publisher *p)
{
	return mqs_engine_of(p)->publisher_stored(p);
}

int
mqs_publisher_check(struct mqs_publisher *p, size_t *index, struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(p);

	/* Without schemas, nothing breaks one. */
	return engine->publisher_check == NULL ? MQS_OK : engine->publisher_check(p, index, err);
}

int
mqs_publisher_atomic(struct mqs_publisher *p, int more, struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(p);

	if (engine->publisher_atomic == NULL)
		return more == 0 ? MQS_OK : mqs_engine_lacks(engine, NULL,
		    "publish a batch that is stored whole or not at all", err);
	return engine->publisher_atomic(p, more, err);
}

int
mqs_publisher_expect(struct mqs_publisher *p, const char *id, const char *key,
    size_t key_len, struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(p);

	if (id == NULL)
		return mqs_fail(err, MQS_EINVAL, "expect: no id");
	if (key != NULL && key_len > MQS_KEY_MAX)
		return mqs_fail(err, MQS_EINVAL, "key is longer than %d bytes", MQS_KEY_MAX);
	if (engine->publisher_expect == NULL)
		return mqs_engine_lacks(engine, NULL,
		    "publish only behind a message that is expected", err);
	return engine->publisher_expect(p, id, key, key_len, err);
}

uint64_t
mqs_publisher_dropped(const struct mqs_publisher *p)
{
	const struct mqs_engine *engine = mqs_engine_of(p);

	return engine->publisher_dropped == NULL ? 0 : engine->publisher_dropped(p);
}

size_t
mqs_publisher_pending(const struct mqs_publisher *p, uint64_t *bytes)
{
	return mqs_engine_of(p)->publisher_pending(p, bytes);
}

uint64_t
mqs_publisher_max_message(const struct mqs_publisher *p)
{
	const struct mqs_engine *engine = mqs_engine_of(p);

	return engine->publisher_max_message == NULL ? UINT64_MAX :
	    engine->publisher_max_message(p);
}

void
mqs_publisher_free(struct mqs_publisher *p)
{
	if (p != NULL)
		mqs_engine_of(p)->publisher_free(p);
}

/* ------------------------------------------------------- large bodies -- */

int
mqs_large_new(struct mqs_large **out, struct mqs_publisher *p, struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(p);
	int rc;

	if (engine->large_new == NULL)
		return mqs_engine_lacks(engine, NULL, "take a body piece by piece", err);
	rc = engine->large_new(out, p, err);
	return rc == MQS_OK ? mqs_engine_made(*out, engine, rc) : rc;
}

int
mqs_large_write(struct mqs_large *large, const void *bytes, size_t n, struct mqs_error *err)
{
	return mqs_engine_of(large)->large_write(large, bytes, n, err);
}

uint64_t
mqs_large_size(const struct mqs_large *large)
{
	return mqs_engine_of(large)->large_size(large);
}

void
mqs_large_free(struct mqs_large *large)
{
	if (large != NULL)
		mqs_engine_of(large)->large_free(large);
}

/* ------------------------------------------------------------ filters -- */

static int
lacks_filters(const struct mqs_engine *engine, struct mqs_error *err)
{
	return mqs_engine_lacks(engine, NULL,
	    "publish what a delivery was made into exactly once", err);
}

/* A filter's two ends must be of one engine, which settles and stores in one order. */
static int
same_engine(const struct mqs_publisher *p, const struct mqs_consumer *c,
    struct mqs_error *err)
{
	if (mqs_engine_of(p) == mqs_engine_of(c))
		return MQS_OK;
	return mqs_fail(err, MQS_EINVAL, "a publisher of the %s engine can't take the "
	    "deliveries of a consumer of the %s engine exactly once",
	    mqs_engine_of(p)->name, mqs_engine_of(c)->name);
}

int
mqs_publisher_input(struct mqs_publisher *p, struct mqs_consumer *c,
    const struct mqs_message *m, struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(p);
	int rc;

	if (engine->publisher_input == NULL)
		return lacks_filters(engine, err);
	if ((rc = same_engine(p, c, err)) != MQS_OK)
		return rc;
	return engine->publisher_input(p, c, m, err);
}

int
mqs_publisher_feed(struct mqs_publisher *p, struct mqs_consumer *c, struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(p);
	int rc;

	if (engine->publisher_feed == NULL)
		return lacks_filters(engine, err);
	if ((rc = same_engine(p, c, err)) != MQS_OK)
		return rc;
	return engine->publisher_feed(p, c, err);
}

void
mqs_publisher_input_drop(struct mqs_publisher *p)
{
	const struct mqs_engine *engine = mqs_engine_of(p);

	if (engine->publisher_input_drop != NULL)
		engine->publisher_input_drop(p);
}

int
mqs_publisher_input_fits(const struct mqs_publisher *p)
{
	const struct mqs_engine *engine = mqs_engine_of(p);

	return engine->publisher_input_fits == NULL || engine->publisher_input_fits(p);
}

int
mqs_publisher_input_done(struct mqs_publisher *p, struct mqs_consumer *c,
    const struct mqs_message *m, struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(p);
	int rc;

	if (engine->publisher_input_done == NULL)
		return lacks_filters(engine, err);
	if ((rc = same_engine(p, c, err)) != MQS_OK)
		return rc;
	return engine->publisher_input_done(p, c, m, err);
}

/* -------------------------------------------------- request and reply -- */

int
mqs_call_open(struct mqs_call **out, struct mqs_spool *spool, const char *queue,
    struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(spool);
	int rc;

	if ((rc = mqs_check_queue(queue, err)) != MQS_OK)
		return rc;
	if (engine->call_open == NULL)
		return mqs_engine_lacks(engine, queue, "carry a reply to a caller", err);
	rc = engine->call_open(out, spool, queue, err);
	return rc == MQS_OK ? mqs_engine_made(*out, engine, rc) : rc;
}

const char *
mqs_call_address(const struct mqs_call *call)
{
	return mqs_engine_of(call)->call_address(call);
}

int
mqs_call_wait(struct mqs_call *call, int64_t timeout, struct mqs_reply *reply,
    struct mqs_error *err)
{
	return mqs_engine_of(call)->call_wait(call, timeout, reply, err);
}

void
mqs_call_free(struct mqs_call *call)
{
	if (call != NULL)
		mqs_engine_of(call)->call_free(call);
}

/* Nobody waits for a reply where callers can't be. */
int
mqs_reply_wanted(struct mqs_spool *spool, const struct mqs_message *m,
    const char **address, struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(spool);

	return engine->reply_wanted == NULL ? MQS_NOTHING :
	    engine->reply_wanted(spool, m, address, err);
}

int
mqs_reply(struct mqs_spool *spool, const char *address, const char *reason, int fd,
    struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(spool);

	if (address == NULL)
		return mqs_fail(err, MQS_EINVAL, "reply: no address");
	if (engine->reply == NULL)
		return mqs_engine_lacks(engine, NULL, "carry a reply to a caller", err);
	return engine->reply(spool, address, reason, fd, err);
}
