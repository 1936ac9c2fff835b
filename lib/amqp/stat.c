/* stat.c - see stat.h */
#include <bsd/string.h>

#include <stdlib.h>
#include <string.h>

#include "amqp/admin.h"
#include "amqp/answer.h"
#include "amqp/broker_stats.h"
#include "amqp/settings_store.h"
#include "amqp/stat.h"
#include "amqp/topology.h"
#include "base/error.h"

/* A queue, or a group of one. */
struct name {
	char	queue[MQS_NAME_MAX + 1];
	char	group[MQS_NAME_MAX + 1];	/* "": the queue */
};

struct look {
	struct mqs_spool	*spool;
	struct mqs_amqp_connection *connection;
	struct mqs_amqp_broker_stats stats;
	int			 has_stats;
	mqs_queue_stat_fn	*queue_fn;
	mqs_group_stat_fn	*group_fn;
	void			*arg;
	struct name		*names;
	size_t			 n;
	struct mqs_amqp_record	*records;	/* of each name; NULL: they could not be read */
	/* Of the one that is looked at. */
	const struct name	*name;
	int			 stream;	/* the queue has one */
	uint32_t		 ready, consumers;
};

/* --------------------------------------------------------- the broker's -- */

static int
look_at_queue_job(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	const struct mqs_amqp_link looking = mqs_amqp_looking(link);
	struct look *l = arg;
	char stream[MQS_AMQP_NAME_SIZE];
	int rc;

	if ((rc = mqs_amqp_expect_queue(&looking, l->spool, l->name->queue, err)) != MQS_OK)
		return rc;
	rc = mqs_amqp_queue_exists(&looking, mqs_amqp_stream(stream, l->name->queue), NULL, NULL, err);
	l->stream = rc == MQS_OK;
	return rc == MQS_ENOENT ? MQS_OK : rc;
}

static int
look_at_group_job(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	const struct mqs_amqp_link looking = mqs_amqp_looking(link);
	struct look *l = arg;
	char name[MQS_AMQP_NAME_SIZE];
	int rc;

	if ((rc = mqs_amqp_expect_queue(&looking, l->spool, l->name->queue, err)) != MQS_OK)
		return rc;
	rc = mqs_amqp_queue_count(&looking, mqs_amqp_group_queue(name, l->name->queue,
	    l->name->group), &l->ready, &l->consumers, err);
	return rc == MQS_ENOENT ? mqs_fail(err, rc, "%s: no such group", name) : rc;
}

/* What fails but for a signal's sake is said once, and gone without. */
static int
read_stats(struct look *l, struct mqs_error *err)
{
	struct mqs_spool *spool = l->spool;
	struct mqs_error why;
	char text[MQS_ERROR_TEXT + 128];
	int rc;

	if (spool->management == NULL && (rc = mqs_amqp_management_new(&spool->management,
	    &spool->address, &spool->configuration, &spool->options, err)) != MQS_OK)
		return rc;
	rc = mqs_amqp_broker_stats_read(&l->stats, spool->management, &why);
	l->has_stats = rc == MQS_OK;
	if (rc == MQS_EINTR)
		return mqs_fail(err, rc, "%s", why.text);
	if (rc == MQS_OK || rc == MQS_ENOTSUP || spool->told_no_management ||
	    spool->options.notice == NULL)
		return MQS_OK;
	spool->told_no_management = 1;
	(void)strlcpy(text, why.text, sizeof(text));
	(void)strlcat(text, "; without the management API only what is ready and consumers are known",
	    sizeof(text));
	spool->options.notice(spool->options.arg, text);
	return MQS_OK;
}

/* -------------------------------------------------------------- telling -- */

/* The limits of the queue's record; unknown if that can't be read. */
static void
see_limits(struct look *l, struct mqs_queue_stat *s)
{
	struct mqs_log_settings settings;

	s->max_messages = s->max_bytes = MQS_UNKNOWN;
	if (l->records == NULL ||
	    mqs_amqp_record_queue(&l->records[l->name - l->names], &settings, NULL) != MQS_OK)
		return;
	s->max_messages = settings.max_messages;
	s->max_bytes = settings.max_bytes;
}

static int
tell_queue(struct look *l, unsigned groups)
{
	struct mqs_queue_stat s = { .oldest = MQS_UNKNOWN_TIME, .groups = groups };
	struct mqs_amqp_queue_numbers n;
	char stream[MQS_AMQP_NAME_SIZE];

	(void)strlcpy(s.name, l->name->queue, sizeof(s.name));
	s.messages = s.bytes = s.in_messages = s.in_bytes = s.trimmed = s.dropped =
	    s.deduplicated = s.disk_bytes = s.log_bytes = s.disk_free = s.min_free = MQS_UNKNOWN;
	if (l->has_stats) {
		mqs_amqp_broker_stats_queue(&l->stats, mqs_amqp_stream(stream, s.name), &n);
		s.messages = n.messages;
		s.in_messages = mqs_amqp_broker_stats_published(&l->stats, s.name);
	}
	if (!l->stream)
		s.messages = s.bytes = 0;
	if (s.messages == 0)
		s.oldest = 0;
	see_limits(l, &s);
	return l->queue_fn(l->arg, &s);
}

/*
 * What is ready is of this moment, the rest some seconds old: a message that came back meanwhile is
 * not counted twice.
 */
static uint64_t
leased(uint64_t ready, const struct mqs_amqp_queue_numbers *n)
{
	const uint64_t most = n->messages > ready ? n->messages - ready : 0;

	return n->unacked == MQS_UNKNOWN || n->messages == MQS_UNKNOWN ? MQS_UNKNOWN :
	    n->unacked < most ? n->unacked : most;
}

static void
add_stats(const struct look *l, struct mqs_group_stat *s)
{
	struct mqs_amqp_queue_numbers n;
	char name[MQS_AMQP_NAME_SIZE];

	mqs_amqp_broker_stats_queue(&l->stats, mqs_amqp_group_queue(name, s->queue, s->group), &n);
	s->leased = leased(s->ready, &n);
	if (s->leased != MQS_UNKNOWN)
		s->depth = s->ready + s->leased;
	s->depth_bytes = n.bytes;
	s->delivered = n.delivered;
	s->acked = n.acked;
	if (l->stats.waiting == 0)
		s->delayed = 0;
	if (s->ready == 0 && s->leased == 0 && s->delayed == 0)
		s->oldest = 0;
}

static int
tell_group(struct look *l)
{
	struct mqs_group_stat s = { .oldest = MQS_UNKNOWN_TIME, .consumers = l->consumers };
	size_t i;

	(void)strlcpy(s.queue, l->name->queue, sizeof(s.queue));
	(void)strlcpy(s.group, l->name->group, sizeof(s.group));
	s.depth = s.ready = l->ready;
	s.depth_bytes = s.lag = s.leased = s.delayed = s.delivered = s.acked = s.retried =
	    s.released = s.rejected = s.dead = s.expired = s.delivered_bytes =
	    s.acked_bytes = s.latency_sum = s.dropped = MQS_UNKNOWN;
	for (i = 0; i < MQS_LATENCY_CLASSES; i++)
		s.latency[i] = MQS_UNKNOWN;
	if (l->has_stats)
		add_stats(l, &s);
	return l->group_fn(l->arg, &s);
}

static int
tell_one(struct look *l, const struct name *name, unsigned groups, struct mqs_error *err)
{
	int rc;

	l->name = name;
	rc = mqs_amqp_run(l->connection, name->group[0] == '\0' ? look_at_queue_job :
	    look_at_group_job, l, -1, err);
	if (rc != MQS_OK)
		return rc;
	if (name->group[0] == '\0')
		return l->queue_fn == NULL ? MQS_OK : tell_queue(l, groups);
	return l->group_fn == NULL ? MQS_OK : tell_group(l);
}

/* -------------------------------------------------------------- several -- */

static int
note_name(void *arg, const char *queue, const char *group)
{
	struct look *l = arg;
	struct name *names = reallocarray(l->names, l->n + 1, sizeof(*names));

	if (names == NULL)
		return MQS_ESYSTEM;
	l->names = names;
	(void)strlcpy(names[l->n].queue, queue, sizeof(names[l->n].queue));
	(void)strlcpy(names[l->n++].group, group != NULL ? group : "", sizeof(names->group));
	return MQS_OK;
}

static void
free_records(struct look *l)
{
	size_t i;

	for (i = 0; l->records != NULL && i < l->n; i++)
		if (l->names[i].group[0] == '\0')
			mqs_amqp_record_free(&l->records[i]);
	free(l->records);
	l->records = NULL;
}

/*
 * Reads what mq.settings has of the queues that were noted, in one go: it is one stream for all.
 * Without it, their limits are unknown.
 */
static void
read_records(struct look *l)
{
	struct mqs_amqp_record **of_queues = calloc(l->n, sizeof(struct mqs_amqp_record *));
	size_t i, n = 0;

	l->records = calloc(l->n, sizeof(*l->records));
	for (i = 0; of_queues != NULL && l->records != NULL && i < l->n; i++) {
		if (l->names[i].group[0] != '\0')
			continue;
		if (mqs_amqp_record_init(&l->records[i], l->names[i].queue, NULL, NULL) != MQS_OK)
			break;
		of_queues[n++] = &l->records[i];
	}
	if (of_queues == NULL || i < l->n ||
	    (n > 0 && mqs_amqp_settings_read_all(l->connection, of_queues, n, 0, NULL) != MQS_OK))
		free_records(l);
	free(of_queues);
}

/* How many groups follow a queue in the list. */
static unsigned
groups_behind(const struct look *l, size_t i)
{
	unsigned n = 0;

	while (++i < l->n && l->names[i].group[0] != '\0')
		n++;
	return n;
}

/* One queue without its groups, or one group. */
static int
tell_named(struct look *l, const char *queue, const char *group, struct mqs_error *err)
{
	if (note_name(l, queue, group) != MQS_OK)
		return mqs_fail_errno(err, "names");
	if (group == NULL)
		read_records(l);
	return tell_one(l, &l->names[0], MQS_UNKNOWN_COUNT, err);
}

/* What is listed; what went meanwhile is left out, and what is out of sight is told behind the others. */
static int
tell_listed(struct look *l, const char *queue, struct mqs_error *err)
{
	struct mqs_error why, unseen = { 0 };
	size_t i;
	int rc;

	if ((rc = mqs_amqp_list(l->spool, queue, note_name, l, err)) == MQS_ESYSTEM && l->n > 0)
		return mqs_fail_errno(err, "names");
	if (l->n > 0 && l->queue_fn != NULL)
		read_records(l);
	for (i = 0; i < l->n && (rc == MQS_OK || rc == MQS_ENOENT); i++)
		if ((rc = tell_one(l, &l->names[i], groups_behind(l, i), &why)) == MQS_EBUSY) {
			unseen = why;
			rc = MQS_OK;
		} else if (rc < 0 && err != NULL) {
			*err = why;
		}
	if ((rc == MQS_OK || rc == MQS_ENOENT) && unseen.code != 0) {
		if (err != NULL)
			*err = unseen;
		return unseen.code;
	}
	return rc == MQS_ENOENT && l->n > 0 ? MQS_OK : rc;
}

int
mqs_amqp_stat(struct mqs_spool *spool, const char *queue, const char *group,
    mqs_queue_stat_fn *queue_fn, mqs_group_stat_fn *group_fn, void *arg, struct mqs_error *err)
{
	struct look l = { .spool = spool, .queue_fn = queue_fn, .group_fn = group_fn, .arg = arg };
	int rc;

	if ((rc = mqs_amqp_spool_connection(&l.connection, spool, err)) != MQS_OK ||
	    (group_fn != NULL && (rc = read_stats(&l, err)) != MQS_OK))
		return rc;
	if (queue != NULL && (group != NULL || group_fn == NULL))
		rc = tell_named(&l, queue, group, err);
	else
		rc = tell_listed(&l, queue, err);
	mqs_amqp_broker_stats_free(&l.stats);
	free_records(&l);
	free(l.names);
	return rc;
}
