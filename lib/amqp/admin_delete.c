/*
 * admin_delete.c - see admin.h: removing or emptying a queue or a group
 *
 * A group goes in the order mark, exchanges of a fill, queue, record.  Without the mark it is not
 * there any more, and whoever makes it anew removes what a kill has left.  Its binding at the
 * delays goes with its queue; messages that wait for it go to mq.delay.lost.  RabbitMQ 3.10 does not tell
 * consumers of it where there is a queue of that name again when it comes to them: it has them
 * consume that one, and forgets where to send what they get (rabbit_channel:handle_eol).  So who
 * deletes what was consumed waits for a moment, once, before he may go on to make it anew.
 *
 * A queue goes in the order groups, stream, headers exchange, exchange, record: until the
 * exchange is gone, deleting can be repeated.
 *
 * What others made is left: an exchange of another kind, or that has neither a headers exchange nor a
 * record; and a queue with the name of a group that is no quorum queue.
 *
 * Purging a queue removes the stream and makes it anew, with what the record says.  A group is
 * emptied of what waits in its queue; what consumers hold stays theirs.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "amqp/admin.h"
#include "amqp/answer.h"
#include "amqp/group_fill.h"
#include "amqp/group_lock.h"
#include "amqp/group_queue.h"
#include "amqp/settings_store.h"
#include "amqp/table.h"
#include "amqp/topology.h"
#include "base/error.h"

#define PAUSE_MS	300	/* until consumers know */

struct removal {
	struct mqs_spool	*spool;
	struct mqs_amqp_connection *connection;
	const char		*queue;
	char			 name[MQS_AMQP_NAME_SIZE];	/* of the group */
	int			 consumed;	/* a group had consumers */
	uint64_t		 epoch;
	uint64_t		 count;
	int			 stream;
	int			 recorded;	/* the queue has settings */
	int			 has_headers;	/* it has a headers exchange */
	struct mqs_amqp_queue_settings settings;
};

static int
delete_exchange(const struct mqs_amqp_link *link, const char *exchange, struct mqs_error *err)
{
	(void)amqp_exchange_delete(link->state, link->number, mqs_amqp_text(exchange), 0);
	return mqs_amqp_answer(link, exchange, err);
}

static int
delete_queue(const struct mqs_amqp_link *link, const char *queue, struct mqs_error *err)
{
	(void)amqp_queue_delete(link->state, link->number, mqs_amqp_text(queue), 0, 0);
	return mqs_amqp_answer(link, queue, err);
}

/* -------------------------------------------------------------- groups -- */

static int
queue_is_there_job(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	const struct removal *d = arg;

	return mqs_amqp_expect_queue(link, d->spool, d->queue, err);
}

/*
 * 1 if a queue is of another type than groups are, which the broker compares before what else a
 * declaration has; 0, also if it is not there, or its type is not told.
 */
static int
is_foreign(const struct mqs_amqp_link *link, const char *queue, struct mqs_error *err)
{
	amqp_table_entry_t type = mqs_amqp_entry("x-queue-type", "quorum");
	struct mqs_error why = { 0 };
	int rc = mqs_amqp_queue_exists(link, queue, NULL, NULL, err);

	if (rc == MQS_ENOENT)
		return 0;
	if (rc == MQS_OK)
		rc = mqs_amqp_queue_declare(link, queue, mqs_amqp_table(&type, 1), &why);
	if (rc == MQS_ECONFIG)
		return strstr(why.text, "'x-queue-type'") != NULL || strstr(why.text, "'durable'") != NULL;
	if (rc == MQS_EPERM || rc == MQS_OK || rc == MQS_EBUSY)
		return 0;
	if (err != NULL && why.code != 0)
		*err = why;
	return rc;
}

static int
delete_group_job(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	struct removal *d = arg;
	uint32_t consumers = 0;
	int rc;

	if ((rc = mqs_amqp_group_locked(link, d->name, d->epoch, err)) != MQS_OK)
		return rc;
	rc = mqs_amqp_queue_exists(link, d->name, NULL, &consumers, err);
	d->consumed |= consumers > 0;
	if (rc == MQS_OK || rc == MQS_ENOENT)
		rc = mqs_amqp_exchange_exists(link, d->name, err);
	if ((rc != MQS_OK && rc != MQS_ENOENT) ||
	    (rc = delete_exchange(link, d->name, err)) != MQS_OK ||
	    (rc = mqs_amqp_fill_remove(link, d->name, err)) != MQS_OK ||
	    (rc = is_foreign(link, d->name, err)) < 0)
		return rc;
	return rc ? MQS_OK : delete_queue(link, d->name, err);
}

static int
write_deleted(const struct removal *d, const char *group, uint64_t epoch, struct mqs_error *err)
{
	struct mqs_amqp_record r;
	int rc;

	if ((rc = mqs_amqp_record_init(&r, d->queue, group, err)) != MQS_OK)
		return rc;
	r.deleted = 1;
	rc = mqs_amqp_settings_write(d->connection, &r, epoch, err);
	mqs_amqp_record_free(&r);
	return rc;
}

static int
delete_group(void *arg, const char *queue, const char *group, struct mqs_error *err)
{
	struct removal *d = arg;
	int rc;

	(void)queue;
	if (group == NULL)
		return MQS_OK;
	mqs_amqp_group_queue(d->name, d->queue, group);
	do {
		rc = mqs_amqp_group_lock(d->spool, d->name, NULL, NULL, &d->epoch, err);
		if (rc != MQS_OK)
			return rc;
		rc = mqs_amqp_run(d->connection, delete_group_job, d, -1, err);
		if (rc == MQS_OK)
			rc = write_deleted(d, group, d->epoch, err);
		mqs_amqp_group_unlock(d->spool, d->name, d->epoch);
	} while (rc == MQS_EBUSY);
	return rc;
}

static int
group_is_there_job(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	const struct removal *d = arg;
	int rc = queue_is_there_job(arg, link, err);

	if (rc == MQS_OK && (rc = mqs_amqp_group_marked(link, d->name, err)) == MQS_ENOENT)
		return mqs_fail(err, rc, "%s: no such group", d->name);
	return rc;
}

/* -------------------------------------------------------------- queues -- */

/* The queue is there, its exchanges are of our kinds, and what has the name of its stream is one. */
static int
deletable_job(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	struct removal *d = arg;
	char stream[MQS_AMQP_NAME_SIZE], headers[MQS_AMQP_NAME_SIZE];
	int rc = queue_is_there_job(arg, link, err);

	if (rc != MQS_OK || (rc = mqs_amqp_exchange_declare(link, d->queue, "topic", err)) != MQS_OK)
		return rc;
	rc = mqs_amqp_exchange_exists(link, mqs_amqp_headers_exchange(headers, d->queue), err);
	d->has_headers = rc == MQS_OK;
	if (rc == MQS_OK)
		rc = mqs_amqp_exchange_declare(link, headers, "headers", err);
	if (rc != MQS_OK && rc != MQS_ENOENT)
		return rc;
	rc = mqs_amqp_stream_exists(link, mqs_amqp_stream(stream, d->queue), NULL, err);
	return rc == MQS_ENOENT ? MQS_OK : rc;
}

static int
delete_queue_job(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	const struct removal *d = arg;
	char name[MQS_AMQP_NAME_SIZE];
	int rc;

	if ((rc = delete_queue(link, mqs_amqp_stream(name, d->queue), err)) != MQS_OK ||
	    (rc = delete_exchange(link, mqs_amqp_headers_exchange(name, d->queue), err)) != MQS_OK)
		return rc;
	return delete_exchange(link, d->queue, err);
}

static int
retention(struct removal *d, struct mqs_error *err)
{
	struct mqs_log_settings s;
	struct mqs_amqp_record r;
	int rc;

	if ((rc = mqs_amqp_record_init(&r, d->queue, NULL, err)) != MQS_OK)
		return rc;
	rc = mqs_amqp_settings_read(d->connection, &r, 0, err);
	d->recorded = rc == MQS_OK;
	if (rc >= 0 && (rc = mqs_amqp_record_queue(&r, &s, err)) == MQS_OK) {
		d->settings.retain = s.retain == INT64_MAX ? -1 : s.retain;
		d->settings.retain_bytes = s.retain_bytes;
	}
	mqs_amqp_record_free(&r);
	return rc;
}

static int
delete_whole(struct removal *d, struct mqs_error *err)
{
	int rc;

	if (!d->has_headers) {
		if ((rc = retention(d, err)) != MQS_OK)
			return rc;
		if (!d->recorded)
			return mqs_fail(err, MQS_ECONFIG, "%s: an exchange that mq did not make", d->queue);
	}
	/* And what was made meanwhile: it would look whole when a queue of that name is made anew. */
	if ((rc = mqs_amqp_settings_names(d->connection, d->queue, 1, delete_group, d, err)) != MQS_OK ||
	    (rc = mqs_amqp_run(d->connection, delete_queue_job, d, -1, err)) != MQS_OK ||
	    (rc = mqs_amqp_settings_names(d->connection, d->queue, 1, delete_group, d, err)) != MQS_OK)
		return rc;
	return write_deleted(d, NULL, 0, err);
}

int
mqs_amqp_delete(struct mqs_spool *spool, const char *queue, const char *group,
    struct mqs_error *err)
{
	struct removal d = { .spool = spool, .queue = queue };
	int rc;

	if (group != NULL)
		mqs_amqp_group_queue(d.name, queue, group);
	if ((rc = mqs_amqp_spool_connection(&d.connection, spool, err)) != MQS_OK ||
	    (rc = mqs_amqp_run(d.connection, group != NULL ? group_is_there_job :
	    deletable_job, &d, -1, err)) != MQS_OK)
		return rc;
	rc = group != NULL ? delete_group(&d, queue, group, err) : delete_whole(&d, err);
	if (d.consumed)
		(void)poll(NULL, 0, PAUSE_MS);
	return rc;
}

/* --------------------------------------------------------------- purge -- */

static int
purge_group_job(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	struct removal *d = arg;
	const amqp_queue_purge_ok_t *ok = amqp_queue_purge(link->state, link->number,
	    mqs_amqp_text(d->name));

	if (ok != NULL)
		d->count += ok->message_count;
	return mqs_amqp_answer(link, d->name, err);
}

static int
purge_group(void *arg, const char *queue, const char *group, struct mqs_error *err)
{
	struct removal *d = arg;
	int rc;

	(void)queue;
	if (group == NULL)
		return MQS_OK;
	mqs_amqp_group_queue(d->name, d->queue, group);
	rc = mqs_amqp_run(d->connection, purge_group_job, d, -1, err);
	return rc == MQS_ENOENT ? MQS_OK : rc;	/* it was not made whole */
}

/*
 * A stream that is not there, and by its record should be, was removed by a purge that was killed, or
 * by this one, whose connection was lost.
 */
static int
purge_stream_job(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	struct removal *d = arg;
	char stream[MQS_AMQP_NAME_SIZE];
	uint32_t n = 0;
	int rc;

	rc = mqs_amqp_stream_exists(link, mqs_amqp_stream(stream, d->queue), &n, err);
	if (rc == MQS_OK) {
		if (n > d->count)	/* what a job before has counted, whose connection was lost */
			d->count = n;
		rc = delete_queue(link, stream, err);
	} else if (rc == MQS_ENOENT) {
		if (!d->stream && (!d->recorded || d->settings.retain == 0))
			return MQS_OK;
		rc = MQS_OK;
	}
	d->stream |= rc == MQS_OK;
	return rc == MQS_OK ? mqs_amqp_stream_make(link, d->queue, &d->settings, err) : rc;
}

int
mqs_amqp_purge(struct mqs_spool *spool, const char *queue, const char *group, uint64_t *count,
    struct mqs_error *err)
{
	struct removal d = { .spool = spool, .queue = queue };
	uint64_t retained;
	int rc;

	if (group != NULL)
		mqs_amqp_group_queue(d.name, queue, group);
	if ((rc = mqs_amqp_spool_connection(&d.connection, spool, err)) != MQS_OK ||
	    (rc = mqs_amqp_run(d.connection, group != NULL ? group_is_there_job :
	    queue_is_there_job, &d, -1, err)) != MQS_OK)
		return rc;
	if (group != NULL) {
		rc = purge_group(&d, queue, group, err);
		*count = d.count;
		return rc;
	}
	if ((rc = retention(&d, err)) != MQS_OK ||
	    (rc = mqs_amqp_run(d.connection, purge_stream_job, &d, -1, err)) != MQS_OK)
		return rc;
	retained = d.count;
	rc = mqs_amqp_settings_names(d.connection, queue, 1, purge_group, &d, err);
	*count = d.stream ? retained : d.count;
	return rc;
}
