/* group_create.c - see group_create.h */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "amqp/answer.h"
#include "amqp/bindings.h"
#include "amqp/group_create.h"
#include "amqp/group_fill.h"
#include "amqp/group_lock.h"
#include "amqp/group_queue.h"
#include "amqp/message_id.h"
#include "amqp/settings_store.h"
#include "amqp/table.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/name.h"

/* For nodes that do not know of a new binding yet. */
#define PAUSE_MS	100
/* How long a temporary group waits for its consumer to connect again, ms. */
#define TEMP_MS		60000

struct making {
	const struct mqs_amqp_group	*group;
	struct mqs_amqp_connection	*connection;
	struct mqs_amqp_record		 record;
	struct mqs_amqp_group_kind	 kind;
	struct mqs_amqp_fill_start	 start;
	int				 fill;
	int				 ours;	/* there is a record of an earlier creation */
	int				 stream;	/* the queue has one */
	const char			*rewind;	/* NULL, or from where a group is filled anew */
	int				 busy;	/* a group that is to be filled anew is, or may be, consumed */
	uint64_t			 epoch;
};

/* ------------------------------------------------------------- options -- */

static int
where_it_starts(struct making *m, const struct mqs_consumer_options *o, struct mqs_error *err)
{
	const char *from = o == NULL ? NULL : o->from;

	if (o != NULL && o->from_time != 0)
		m->start.time = o->from_time;
	else if (from != NULL && strcmp(from, "newest") == 0)
		m->fill = 0;
	else if (from != NULL && strcmp(from, "oldest") != 0 &&
	    !mqs_amqp_is_offset(from, &m->start.offset) &&
	    !mqs_amqp_id_read(from, strlen(from), &m->start.time))
		return mqs_fail(err, MQS_EINVAL, "%s: a group starts at oldest, newest, an id or "
		    "a time, not at %s", m->group->name, from);
	return MQS_OK;
}

static int
set_record(struct mqs_amqp_record *r, const struct mqs_consumer_options *o, struct mqs_error *err)
{
	size_t i;
	int rc = MQS_OK;

	for (i = 0; o != NULL && i < o->nbindings && rc == MQS_OK; i++)
		rc = mqs_bindings_add(&r->bindings, &o->bindings[i], err);
	if (rc == MQS_OK && o != NULL)
		rc = mqs_amqp_record_set(r, o->settings, o->nsettings, err);
	r->temp = o != NULL && (o->flags & MQS_TEMP) != 0;
	return rc == MQS_OK ? mqs_amqp_bindings_check(&r->bindings, err) : rc;
}

/* What the queue's settings mean for a new group. */
static int
limits(struct making *m, struct mqs_error *err)
{
	struct mqs_log_settings s;
	struct mqs_amqp_record r;
	int rc;

	if ((rc = mqs_amqp_record_init(&r, m->group->queue, NULL, err)) != MQS_OK)
		return rc;
	if ((rc = mqs_amqp_settings_read(m->connection, &r, 0, err)) >= 0 &&
	    (rc = mqs_amqp_record_queue(&r, &s, err)) == MQS_OK) {
		m->kind.max_messages = s.max_messages;
		m->kind.max_bytes = s.max_bytes;
	}
	mqs_amqp_record_free(&r);
	return rc;
}

static int
kind_of(struct making *m, struct mqs_error *err)
{
	const uint64_t ms = MQS_MSEC;
	struct mqs_group_settings s;
	int rc;

	if ((rc = mqs_amqp_record_group(&m->record, &s, err)) != MQS_OK)
		return rc;
	m->kind.single = s.ordered || s.exclusive;
	/* In whole milliseconds; 0 is never. */
	m->kind.expires = m->record.temp ? TEMP_MS :
	    s.expires / ms + (s.expires % ms != 0);
	return limits(m, err);
}

/* The record says from where it is filled; bindings and settings are the record's. */
static int
use_rewind(struct making *m, struct mqs_amqp_record *r, struct mqs_error *err)
{
	struct mqs_amqp_record asked = m->record;
	uint64_t offset = 0;

	m->record = *r;
	*r = asked;
	m->start = (struct mqs_amqp_fill_start){ 0 };
	m->fill = m->stream && strcmp(m->record.rewind, "newest") != 0;
	(void)mqs_parse_u64(m->record.rewind, strlen(m->record.rewind), &offset);
	m->start.offset = (int64_t)offset;
	return kind_of(m, err);
}

/* Whether somebody has begun to make it before; then a queue of that name is ours. */
static int
look_for_record(struct making *m, struct mqs_error *err)
{
	struct mqs_amqp_record r;
	int rc;

	if ((rc = mqs_amqp_record_init(&r, m->group->queue, m->group->group, err)) != MQS_OK)
		return rc;
	rc = mqs_amqp_settings_read(m->connection, &r, m->epoch, err);
	m->ours = rc == MQS_OK;
	if (rc >= 0 && m->rewind != NULL)
		(void)snprintf(r.rewind, sizeof(r.rewind), "%s", m->rewind);
	if (rc >= 0 && r.rewind[0] != '\0')
		rc = use_rewind(m, &r, err);
	mqs_amqp_record_free(&r);
	return rc < 0 ? rc : MQS_OK;
}

/* ---------------------------------------------------------------- jobs -- */

static int
marked_job(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	const struct making *m = arg;

	return mqs_amqp_group_marked(link, m->group->name, err);
}

/* What has no mark is removed, unless it is somebody else's. */
static int
remove_rest(const struct making *m, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	const char *name = m->group->name;
	int rc = mqs_amqp_queue_exists(link, name, NULL, NULL, err);

	if (rc != MQS_OK)
		return rc == MQS_ENOENT ? MQS_OK : rc;
	if (!m->ours &&
	    (rc = mqs_amqp_group_queue_declare(link, name, &m->kind, err)) != MQS_OK)
		return rc;
	(void)amqp_queue_delete(link->state, link->number, mqs_amqp_text(name), 0, 0);
	return mqs_amqp_answer(link, name, err);
}

/* A group that is to be filled anew, unless somebody has begun to consume it. */
static int
unmark(struct making *m, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	const char *name = m->group->name;
	uint32_t messages, consumers;
	int rc = mqs_amqp_queue_count(link, name, &messages, &consumers, err);

	if (rc == MQS_OK && consumers > 0)
		rc = mqs_amqp_group_consumed(name, consumers, err);
	m->busy = rc == MQS_EBUSY;
	if (rc != MQS_OK && rc != MQS_ENOENT)
		return rc;
	(void)amqp_exchange_delete(link->state, link->number, mqs_amqp_text(name), 0);
	return mqs_amqp_answer(link, name, err);
}

static int
declare_job(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	struct making *m = arg;
	const char *name = m->group->name;
	int rc;

	if ((rc = mqs_amqp_group_locked(link, name, m->epoch, err)) != MQS_OK ||
	    (m->rewind != NULL && (rc = unmark(m, link, err)) != MQS_OK) ||
	    (rc = remove_rest(m, link, err)) != MQS_OK ||
	    (rc = mqs_amqp_group_queue_declare(link, name, &m->kind, err)) != MQS_OK)
		return rc;
	return m->fill ? mqs_amqp_fill_declare(link, m->group->queue, name, err) : MQS_OK;
}

static int
bind_job(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	const struct making *m = arg;
	int rc;

	if ((rc = mqs_amqp_group_locked(link, m->group->name, m->epoch, err)) != MQS_OK)
		return rc;
	return mqs_amqp_bindings_bind(link, m->group->name, m->group->queue, &m->record.bindings,
	    err);
}

static int
mark_job(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	const struct making *m = arg;
	int rc;

	if ((rc = mqs_amqp_group_locked(link, m->group->name, m->epoch, err)) != MQS_OK ||
	    (rc = mqs_amqp_group_mark(link, m->group->name, &m->kind, err)) != MQS_OK)
		return rc;
	return m->fill ? mqs_amqp_fill_remove(link, m->group->name, err) : MQS_OK;
}

/* --------------------------------------------------------------- steps -- */

static int
bind_and_fill(struct making *m, struct mqs_error *err)
{
	struct mqs_amqp_fill *fill;
	int rc;

	if (!m->fill)
		return mqs_amqp_run(m->connection, bind_job, m, -1, err);
	rc = mqs_amqp_fill_open(&fill, m->connection, m->group->queue, m->group->group,
	    &m->record.bindings, &m->start, m->epoch, err);
	if (rc != MQS_OK)
		return rc;
	if ((rc = mqs_amqp_fill_to_end(fill, err)) == MQS_OK &&
	    (rc = mqs_amqp_run(m->connection, bind_job, m, -1, err)) == MQS_OK) {
		(void)poll(NULL, 0, PAUSE_MS);
		rc = mqs_amqp_fill_to_end(fill, err);
	}
	mqs_amqp_fill_free(fill);
	return rc;
}

/* A queue that expires is in use while it is filled. */
static int
fill_and_mark(struct making *m, struct mqs_error *err)
{
	struct mqs_amqp_group_hold *hold;
	int rc;

	rc = mqs_amqp_group_hold(&hold, m->connection, m->group->name, &m->kind, err);
	if (rc != MQS_OK)
		return rc;
	if ((rc = bind_and_fill(m, err)) == MQS_OK)
		rc = mqs_amqp_run(m->connection, mark_job, m, -1, err);
	mqs_amqp_group_let_go(hold);
	return rc;
}

/* Under the lock.  MQS_EBUSY: that was lost. */
static int
make_locked(struct making *m, struct mqs_error *err)
{
	int rc = mqs_amqp_run(m->connection, marked_job, m, -1, err);

	if (rc != MQS_ENOENT && (rc != MQS_OK || m->rewind == NULL))
		return rc == MQS_OK ? MQS_NOTHING : rc;
	if ((rc = look_for_record(m, err)) != MQS_OK ||
	    (rc = mqs_amqp_settings_write(m->connection, &m->record, m->epoch, err)) != MQS_OK ||
	    (rc = mqs_amqp_run(m->connection, declare_job, m, -1, err)) != MQS_OK ||
	    (rc = fill_and_mark(m, err)) != MQS_OK || m->record.rewind[0] == '\0')
		return rc;
	m->record.rewind[0] = '\0';
	return mqs_amqp_settings_write(m->connection, &m->record, m->epoch, err);
}

static int
make(struct making *m, struct mqs_spool *spool, struct mqs_error *err)
{
	const char *name = m->group->name;
	int rc;

	do {
		rc = mqs_amqp_group_lock(spool, name, m->rewind != NULL ? NULL : marked_job, m,
		    &m->epoch, err);
		if (rc != MQS_OK)
			return rc;
		rc = make_locked(m, err);
		mqs_amqp_group_unlock(spool, name, m->epoch);
	} while (rc == MQS_EBUSY && !m->busy);
	return rc;
}

int
mqs_amqp_group_consumed(const char *name, uint32_t consumers, struct mqs_error *err)
{
	return mqs_fail(err, MQS_EBUSY, "%s: has consumers (%u): the amqp engine moves a group when "
	    "they have ended", name, (unsigned)consumers);
}

int
mqs_amqp_group_make(const struct mqs_amqp_group *group, struct mqs_spool *spool, int stream,
    const struct mqs_consumer_options *options, struct mqs_error *err)
{
	struct making m = { .group = group, .fill = stream, .stream = stream };
	struct mqs_error why;
	int rc;

	if ((rc = mqs_amqp_spool_connection(&m.connection, spool, err)) != MQS_OK ||
	    (rc = where_it_starts(&m, options, err)) != MQS_OK)
		return rc;
	rc = mqs_amqp_record_init(&m.record, group->queue, group->group, err);
	if (rc != MQS_OK)
		return rc;
	if ((rc = set_record(&m.record, options, &why)) != MQS_OK)
		rc = mqs_fail(err, rc, "%s: %s", group->name, why.text);
	else if ((rc = kind_of(&m, err)) == MQS_OK)
		rc = make(&m, spool, err);
	mqs_amqp_record_free(&m.record);
	return rc;
}

int
mqs_amqp_group_remake(const struct mqs_amqp_group *group, struct mqs_spool *spool, int stream,
    const char *from, struct mqs_error *err)
{
	struct making m = { .group = group, .stream = stream, .rewind = from };
	int rc;

	if ((rc = mqs_amqp_spool_connection(&m.connection, spool, err)) != MQS_OK ||
	    (rc = mqs_amqp_record_init(&m.record, group->queue, group->group, err)) != MQS_OK)
		return rc;
	rc = make(&m, spool, err);
	mqs_amqp_record_free(&m.record);
	return rc;
}
