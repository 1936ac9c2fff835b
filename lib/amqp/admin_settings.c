/* admin_settings.c - see admin.h: changing and telling the settings of a queue or a group */
#include <stdio.h>

#include "amqp/admin.h"
#include "amqp/group_change.h"
#include "amqp/group_lock.h"
#include "amqp/queue_settings.h"
#include "amqp/settings_store.h"
#include "amqp/topology.h"
#include "base/error.h"

struct wish {
	const char *const *pairs;
	size_t		 n;
};

/* -------------------------------------------------------------- groups -- */

static int
set_group(void *arg, struct mqs_amqp_record *r, int again, struct mqs_error *err)
{
	struct mqs_group_settings was, now;
	const struct wish *w = arg;
	int rc;

	(void)again;
	if ((rc = mqs_amqp_record_group(r, &was, err)) != MQS_OK ||
	    (rc = mqs_amqp_record_set(r, w->pairs, w->n, err)) != MQS_OK ||
	    (rc = mqs_amqp_record_group(r, &now, err)) != MQS_OK)
		return rc;
	if (was.ordered != now.ordered ||
	    (was.ordered || was.exclusive) != (now.ordered || now.exclusive))
		return mqs_fail(err, MQS_ENOTSUP, "the amqp engine can't change ordered or "
		    "exclusive of a group that is there; delete it, and make it anew with that");
	if (was.expires != now.expires)
		return mqs_fail(err, MQS_ENOTSUP, "the amqp engine can't change expires of a group that "
		    "is there; delete it, and make it anew with mq-ctl create --set expires=DURATION");
	return MQS_OK;
}

/* -------------------------------------------------------------- queues -- */

struct queue_change {
	const char		*queue;
	char			 lock[MQS_AMQP_NAME_SIZE];
	uint64_t		 epoch;
	struct mqs_log_settings	 was, now;
};

static int
is_there_job(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	const char *queue = arg;

	return mqs_amqp_exchange_exists(link, queue, err);
}

/* Runs that. */
static int
look(struct mqs_amqp_connection *c, const struct mqs_spool *spool, const char *queue,
    struct mqs_error *err)
{
	int rc = mqs_amqp_run(c, is_there_job, (void *)(uintptr_t)queue, -1, err);

	return rc == MQS_ENOENT ? mqs_amqp_no_queue(spool, queue, err) : rc;
}

static int
retain_job(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	const struct queue_change *c = arg;
	int rc = mqs_amqp_group_locked(link, c->queue, c->epoch, err);

	return rc != MQS_OK ? rc : mqs_amqp_queue_retain(link, c->queue, &c->was, &c->now, err);
}

static int
change_queue(struct queue_change *c, struct mqs_amqp_connection *connection,
    struct mqs_amqp_record *r, const struct wish *w, struct mqs_error *err)
{
	int rc;

	if ((rc = mqs_amqp_settings_read(connection, r, c->epoch, err)) < 0 ||
	    (rc = mqs_amqp_record_queue(r, &c->was, err)) != MQS_OK ||
	    (rc = mqs_amqp_record_set(r, w->pairs, w->n, err)) != MQS_OK ||
	    (rc = mqs_amqp_record_queue(r, &c->now, err)) != MQS_OK ||
	    (rc = mqs_amqp_queue_settings_check(&c->now, err)) != MQS_OK ||
	    (rc = mqs_amqp_run(connection, retain_job, c, -1, err)) != MQS_OK)
		return rc;
	return mqs_amqp_settings_write(connection, r, c->epoch, err);
}

/* The queue's lock is like a group's, of a name that no group has. */
static int
set_queue(struct mqs_spool *spool, const char *queue, const struct wish *w, struct mqs_error *err)
{
	struct queue_change c = { .queue = queue };
	struct mqs_amqp_connection *connection;
	struct mqs_amqp_record r;
	int rc;

	(void)snprintf(c.lock, sizeof(c.lock), "%s/", queue);
	if ((rc = mqs_amqp_spool_connection(&connection, spool, err)) != MQS_OK ||
	    (rc = look(connection, spool, queue, err)) !=
	    MQS_OK)
		return rc;
	do {
		rc = mqs_amqp_group_lock(spool, c.lock, NULL, NULL, &c.epoch, err);
		if (rc != MQS_OK)
			return rc;
		if ((rc = mqs_amqp_record_init(&r, queue, NULL, err)) == MQS_OK)
			rc = change_queue(&c, connection, &r, w, err);
		mqs_amqp_record_free(&r);
		mqs_amqp_group_unlock(spool, c.lock, c.epoch);
	} while (rc == MQS_EBUSY);
	return rc;
}

static int
queue_record(struct mqs_spool *spool, const char *queue, struct mqs_amqp_record *out,
    struct mqs_error *err)
{
	struct mqs_amqp_connection *c;
	int rc;

	if ((rc = mqs_amqp_spool_connection(&c, spool, err)) != MQS_OK ||
	    (rc = look(c, spool, queue, err)) != MQS_OK ||
	    (rc = mqs_amqp_record_init(out, queue, NULL, err)) != MQS_OK)
		return rc;
	if ((rc = mqs_amqp_settings_read(c, out, 0, err)) >= 0)
		return MQS_OK;
	mqs_amqp_record_free(out);
	return rc;
}

/* ---------------------------------------------------------------- both -- */

int
mqs_amqp_set(struct mqs_spool *spool, const char *queue, const char *group,
    const char *const *pairs, size_t n, struct mqs_error *err)
{
	struct wish w = { .pairs = pairs, .n = n };
	struct mqs_error why;
	int rc;

	if (group != NULL)
		return mqs_amqp_group_change(spool, queue, group, set_group, &w, err);
	rc = set_queue(spool, queue, &w, &why);
	if (rc == MQS_ECONFIG || rc == MQS_EINVAL || rc == MQS_ENOTSUP)
		return mqs_fail(err, rc, "%s: %s", queue, why.text);
	if (rc != MQS_OK && err != NULL)
		*err = why;
	return rc;
}

int
mqs_amqp_show(struct mqs_spool *spool, const char *queue, const char *group, mqs_setting_fn *fn,
    void *arg, struct mqs_error *err)
{
	struct mqs_amqp_record r;
	int rc;

	rc = group == NULL ? queue_record(spool, queue, &r, err) :
	    mqs_amqp_group_record(spool, queue, group, &r, err);
	if (rc != MQS_OK)
		return rc;
	rc = mqs_amqp_record_each(&r, fn, arg, err);
	mqs_amqp_record_free(&r);
	return rc;
}
