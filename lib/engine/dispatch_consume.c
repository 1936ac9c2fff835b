/*
 * dispatch_consume.c - consuming, handlers, and settling by receipt
 *
 * Functions that are called for every message go straight to the engine's function.  So an
 * engine that has consumer_open must have all consumer_... functions, except those for
 * which this file says what it does without them.
 */
#include "base/error.h"
#include "engine/dispatch.h"

int
mqs_consumer_open(struct mqs_consumer **out, struct mqs_spool *spool, const char *queue,
    const char *group, const struct mqs_consumer_options *options, struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(spool);
	int rc;

	if ((rc = mqs_check_names(queue, group == NULL ? "" : group, err)) != MQS_OK ||
	    (rc = mqs_check_consumer_options(options, queue, group, err)) != MQS_OK)
		return rc;
	if (engine->consumer_open == NULL)
		return mqs_engine_lacks(engine, queue, "consume", err);
	rc = engine->consumer_open(out, spool, queue, group, options, err);
	return rc == MQS_OK ? mqs_engine_made(*out, engine, rc) : rc;
}

int
mqs_consumer_claim(struct mqs_consumer *c, size_t max, size_t *count, int *held,
    struct mqs_error *err)
{
	return mqs_engine_of(c)->consumer_claim(c, max, count, held, err);
}

int
mqs_consumer_next(struct mqs_consumer *c, struct mqs_message *m, struct mqs_error *err)
{
	return mqs_engine_of(c)->consumer_next(c, m, err);
}

void
mqs_consumer_rest(struct mqs_consumer *c)
{
	mqs_engine_of(c)->consumer_rest(c);
}

int
mqs_consumer_settle(struct mqs_consumer *c, const struct mqs_settlement *s,
    struct mqs_error *err)
{
	if (s->verb < MQS_ACK || s->verb > MQS_EXTEND)
		return mqs_fail(err, MQS_EINVAL, "settle: no such verb: %d", (int)s->verb);
	return mqs_engine_of(c)->consumer_settle(c, s, err);
}

int
mqs_consumer_flush(struct mqs_consumer *c, struct mqs_error *err)
{
	return mqs_engine_of(c)->consumer_flush(c, err);
}

int
mqs_consumer_ack_through(struct mqs_consumer *c, uint64_t seq, uint64_t lease, size_t n,
    struct mqs_error *err)
{
	return mqs_engine_of(c)->consumer_ack_through(c, seq, lease, n, err);
}

int
mqs_consumer_handed_out(struct mqs_consumer *c, size_t n, struct mqs_error *err)
{
	return mqs_engine_of(c)->consumer_handed_out(c, n, err);
}

size_t
mqs_consumer_held(const struct mqs_consumer *c)
{
	return mqs_engine_of(c)->consumer_held(c);
}

char *
mqs_consumer_receipt(const struct mqs_consumer *c, const struct mqs_message *m,
    char buf[MQS_RECEIPT_SIZE])
{
	return mqs_engine_of(c)->consumer_receipt(c, m, buf);
}

int
mqs_consumer_fd(struct mqs_consumer *c)
{
	return mqs_engine_of(c)->consumer_fd(c);
}

int
mqs_consumer_service(struct mqs_consumer *c, struct mqs_error *err)
{
	return mqs_engine_of(c)->consumer_service(c, err);
}

/* Hints: an engine that shares messages out by itself needs none. */
void
mqs_consumer_idle(struct mqs_consumer *c, int on)
{
	const struct mqs_engine *engine = mqs_engine_of(c);

	if (engine->consumer_idle != NULL)
		engine->consumer_idle(c, on);
}

int
mqs_consumer_rivals(struct mqs_consumer *c)
{
	const struct mqs_engine *engine = mqs_engine_of(c);

	return engine->consumer_rivals != NULL && engine->consumer_rivals(c);
}

int
mqs_consumer_close(struct mqs_consumer *c, struct mqs_error *err)
{
	return mqs_engine_of(c)->consumer_close(c, err);
}

void
mqs_consumer_free(struct mqs_consumer *c)
{
	if (c != NULL)
		mqs_engine_of(c)->consumer_free(c);
}

/* --------------------------------------------------------------- runs -- */

int
mqs_run_new(struct mqs_run **out, struct mqs_consumer *c, const struct mqs_message *m,
    int *fd, struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(c);
	int rc;

	if (engine->run_new == NULL)
		return mqs_engine_lacks(engine, NULL, "tell which handlers run", err);
	rc = engine->run_new(out, c, m, fd, err);
	return rc == MQS_OK ? mqs_engine_made(*out, engine, rc) : rc;
}

int
mqs_run_add(struct mqs_run *run, const struct mqs_message *m, struct mqs_error *err)
{
	return mqs_engine_of(run)->run_add(run, m, err);
}

int
mqs_run_started(struct mqs_run *run, int64_t pid, struct mqs_error *err)
{
	return mqs_engine_of(run)->run_started(run, pid, err);
}

void
mqs_run_free(struct mqs_run *run)
{
	if (run != NULL)
		mqs_engine_of(run)->run_free(run);
}

/* ------------------------------------------------- settling by receipt -- */

int
mqs_settler_open(struct mqs_settler **out, struct mqs_spool *spool, mqs_settled_fn *settled,
    void *arg, struct mqs_error *err)
{
	const struct mqs_engine *engine = mqs_engine_of(spool);
	int rc;

	if (engine->settler_open == NULL)
		return mqs_engine_lacks(engine, NULL, "settle by receipt", err);
	rc = engine->settler_open(out, spool, settled, arg, err);
	return rc == MQS_OK ? mqs_engine_made(*out, engine, rc) : rc;
}

int
mqs_settler_add(struct mqs_settler *settler, const char *receipt,
    const struct mqs_settlement *s, uint64_t tag, struct mqs_error *err)
{
	if (receipt == NULL)
		return mqs_fail(err, MQS_EINVAL, "settle: no receipt");
	if (s->verb < MQS_ACK || s->verb > MQS_EXTEND)
		return mqs_fail(err, MQS_EINVAL, "settle: no such verb: %d", (int)s->verb);
	return mqs_engine_of(settler)->settler_add(settler, receipt, s, tag, err);
}

int
mqs_settler_flush(struct mqs_settler *settler, struct mqs_error *err)
{
	return mqs_engine_of(settler)->settler_flush(settler, err);
}

void
mqs_settler_free(struct mqs_settler *settler)
{
	if (settler != NULL)
		mqs_engine_of(settler)->settler_free(settler);
}
