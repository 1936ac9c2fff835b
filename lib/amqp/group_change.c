/* group_change.c - see group_change.h */
#include <string.h>

#include "amqp/bindings.h"
#include "amqp/group_change.h"
#include "amqp/group_lock.h"
#include "amqp/group_queue.h"
#include "amqp/settings_store.h"
#include "amqp/topology.h"
#include "base/error.h"

struct change {
	struct mqs_amqp_connection	*connection;
	struct mqs_spool		*spool;
	const char			*queue, *group;
	char				 name[MQS_AMQP_NAME_SIZE];
	struct mqs_amqp_record		 record;
	struct mqs_bindings		 maybe;	/* what may be bound on the broker */
	uint64_t			 epoch;
};

static int
is_there_job(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	const struct change *c = arg;
	int rc = mqs_amqp_expect_queue(link, c->spool, c->queue, err);

	if (rc == MQS_OK && (rc = mqs_amqp_group_marked(link, c->name, err)) == MQS_ENOENT)
		return mqs_fail(err, rc, "%s: no such group", c->name);
	return rc;
}

static int
start(struct change *c, struct mqs_spool *spool, const char *queue, const char *group,
    struct mqs_error *err)
{
	int rc;

	memset(c, 0, sizeof(*c));
	c->spool = spool;
	c->queue = queue;
	c->group = group;
	mqs_amqp_group_queue(c->name, queue, group);
	if ((rc = mqs_amqp_spool_connection(&c->connection, spool, err)) != MQS_OK)
		return rc;
	return mqs_amqp_run(c->connection, is_there_job, c, -1, err);
}

/* Adds what a set stands for on the broker. */
static int
add_all(struct mqs_bindings *to, const struct mqs_bindings *set, struct mqs_error *err)
{
	static const struct mqs_binding everything = { .kind = MQS_BIND_PATTERN, .text = "#",
	    .text_len = 1 };
	size_t i;
	int rc = MQS_OK;

	if (set->n == 0)
		return mqs_bindings_add(to, &everything, err);
	for (i = 0; i < set->n && rc == MQS_OK; i++)
		rc = mqs_bindings_add(to, &set->list[i].binding, err);
	return rc;
}

static int
rebind_job(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	const struct change *c = arg;
	int rc;

	if ((rc = mqs_amqp_group_locked(link, c->name, c->epoch, err)) != MQS_OK ||
	    (rc = mqs_amqp_bindings_bind(link, c->name, c->queue, &c->record.bindings, err)) !=
	    MQS_OK)
		return rc;
	return mqs_amqp_bindings_unbind(link, c->name, c->queue, &c->maybe, &c->record.bindings,
	    err);
}

static int
write_record(struct change *c, struct mqs_error *err)
{
	return mqs_amqp_settings_write(c->connection, &c->record, c->epoch, err);
}

/* The record is as it is to be; its bindings on the broker are not. */
static int
rebind(struct change *c, struct mqs_error *err)
{
	struct mqs_amqp_record *r = &c->record;
	size_t i;
	int rc = MQS_OK;

	mqs_bindings_free(&r->was);
	for (i = 0; i < c->maybe.n && rc == MQS_OK; i++)
		rc = mqs_bindings_add(&r->was, &c->maybe.list[i].binding, err);
	if (rc != MQS_OK)
		return rc;
	r->changing = 1;
	if ((rc = write_record(c, err)) != MQS_OK ||
	    (rc = mqs_amqp_run(c->connection, rebind_job, c, -1, err)) != MQS_OK)
		return rc;
	r->changing = 0;
	return write_record(c, err);
}

/* Under the lock. */
static int
change_locked(struct change *c, mqs_amqp_change_fn *fn, void *arg, int again,
    struct mqs_error *err)
{
	struct mqs_amqp_record *r = &c->record;
	struct mqs_error why;
	uint64_t digest;
	int rc;

	if ((rc = mqs_amqp_settings_read(c->connection, r, c->epoch, err)) < 0 ||
	    (rc = add_all(&c->maybe, &r->bindings, err)) != MQS_OK ||
	    (r->changing && (rc = add_all(&c->maybe, &r->was, err)) != MQS_OK))
		return rc;
	digest = mqs_bindings_digest(&r->bindings);
	if (fn != NULL && ((rc = fn(arg, r, again, &why)) != MQS_OK ||
	    (rc = mqs_amqp_bindings_check(&r->bindings, &why)) != MQS_OK))
		return mqs_fail(err, rc, "%s: %s", c->name, why.text);
	if (r->changing || mqs_bindings_digest(&r->bindings) != digest)
		return rebind(c, err);
	if ((rc = write_record(c, err)) != MQS_OK)
		return rc;
	/* What is missing on the broker, since others took it away, is there again. */
	return mqs_amqp_run(c->connection, rebind_job, c, -1, err);
}

static int
change_once(struct change *c, struct mqs_spool *spool, mqs_amqp_change_fn *fn, void *arg,
    int again, struct mqs_error *err)
{
	int rc;

	if ((rc = mqs_amqp_group_lock(spool, c->name, NULL, NULL, &c->epoch, err)) != MQS_OK)
		return rc;
	if ((rc = mqs_amqp_record_init(&c->record, c->queue, c->group, err)) == MQS_OK)
		rc = change_locked(c, fn, arg, again, err);
	mqs_amqp_record_free(&c->record);
	mqs_bindings_free(&c->maybe);
	mqs_amqp_group_unlock(spool, c->name, c->epoch);
	return rc;
}

int
mqs_amqp_group_change(struct mqs_spool *spool, const char *queue, const char *group,
    mqs_amqp_change_fn *fn, void *arg, struct mqs_error *err)
{
	struct change c;
	int rc, again = 0;

	if ((rc = start(&c, spool, queue, group, err)) != MQS_OK)
		return rc;
	while ((rc = change_once(&c, spool, fn, arg, again, err)) == MQS_EBUSY)
		again = 1;
	return rc;
}

int
mqs_amqp_group_record(struct mqs_spool *spool, const char *queue, const char *group,
    struct mqs_amqp_record *out, struct mqs_error *err)
{
	struct change c;
	int rc;

	if ((rc = start(&c, spool, queue, group, err)) != MQS_OK ||
	    (rc = mqs_amqp_record_init(out, queue, group, err)) != MQS_OK)
		return rc;
	if ((rc = mqs_amqp_settings_read(c.connection, out, 0, err)) >= 0)
		return MQS_OK;
	mqs_amqp_record_free(out);
	return rc;
}
