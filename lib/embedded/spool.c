/* spool.c - see spool.h */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/advice.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/name.h"
#include "embedded/queue/group_agree.h"
#include "embedded/queue/log_create.h"
#include "embedded/spool.h"
#include "engine/dead_letter.h"

struct mqs_spool_group {
	struct mqs_group	*group;
	struct mqs_spool_group	*next;
};

struct mqs_spool_queue {
	struct mqs_log		*log;
	int			 readonly;
	struct mqs_spool_group	*groups;
	struct mqs_spool_queue	*next;
};

int
mqs_embedded_spool_open(struct mqs_spool **out, const char *where,
    const struct mqs_options *options, struct mqs_error *err)
{
	struct mqs_spool *spool;

	if ((spool = calloc(1, sizeof(*spool))) == NULL ||
	    (spool->path = strdup(where)) == NULL || (options->helpers != NULL &&
	    (spool->helpers = strdup(options->helpers)) == NULL)) {
		if (spool != NULL)
			free(spool->path);
		free(spool);
		return mqs_fail_errno(err, "%s", where);
	}
	spool->options = *options;
	spool->options.helpers = spool->helpers;
	*out = spool;
	return MQS_OK;
}

static void
close_queue(struct mqs_spool_queue *q)
{
	struct mqs_spool_group *g;

	while ((g = q->groups) != NULL) {
		q->groups = g->next;
		mqs_group_close(g->group);
		free(g);
	}
	mqs_log_close(q->log);
	free(q);
}

static void
close_queues(struct mqs_spool *spool)
{
	struct mqs_spool_queue *q;

	while ((q = spool->queues) != NULL) {
		spool->queues = q->next;
		close_queue(q);
	}
}

void
mqs_embedded_spool_close_queues(struct mqs_spool *spool)
{
	if (spool->handles == 0)
		close_queues(spool);
}

void
mqs_embedded_spool_free(struct mqs_spool *spool)
{
	if (spool == NULL)
		return;
	close_queues(spool);
	free(spool->helpers);
	free(spool->path);
	free(spool);
}

int
mqs_embedded_is_id(const char *text)
{
	size_t n = strlen(text);
	uint64_t id;

	/* No way of writing a time looks like that. */
	return n >= 15 && mqs_parse_u64(text, n, &id) == 0;
}

int64_t
mqs_judged_now(const struct mqs_spool *spool)
{
	return mqs_later(mqs_now(), spool->options.clock_shift);
}

void
mqs_notice(const struct mqs_spool *spool, const char *fmt, ...)
{
	char text[MQS_ERROR_TEXT];
	va_list ap;

	if (spool->options.notice == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	spool->options.notice(spool->options.arg, text);
}

void
mqs_progress(const struct mqs_spool *spool, uint64_t done, uint64_t total, const char *fmt, ...)
{
	char text[MQS_ERROR_TEXT];
	va_list ap;

	if (spool->options.progress == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	spool->options.progress(spool->options.arg, text, done, total);
}

static struct mqs_spool_queue *
find_queue(struct mqs_spool *spool, const char *queue)
{
	struct mqs_spool_queue *q;

	for (q = spool->queues; q != NULL; q = q->next)
		if (strcmp(q->log->dir.name, queue) == 0)
			return q;
	return NULL;
}

static struct mqs_group *
find_group(const struct mqs_spool_queue *q, const char *group)
{
	struct mqs_spool_group *g;

	for (g = q->groups; g != NULL; g = g->next)
		if (strcmp(g->group->name, group) == 0)
			return g->group;
	return NULL;
}

struct mqs_group *
mqs_spool_find_group(struct mqs_spool *spool, const struct mqs_log *log,
    const char *group)
{
	const struct mqs_spool_queue *q = find_queue(spool, log->dir.name);

	return q == NULL ? NULL : find_group(q, group);
}

int
mqs_spool_is_open(struct mqs_spool *spool, const char *queue)
{
	return find_queue(spool, queue) != NULL;
}

int
mqs_spool_check_name(const char *name, struct mqs_error *err)
{
	const char *why;

	if (mqs_name_check(name, &why) == -1)
		return mqs_fail(err, MQS_EINVAL, "%s: %s", name, why);
	return MQS_OK;
}

void
mqs_spool_note_name(const struct mqs_spool *spool, const char *queue)
{
	char ctl[MQS_CTL_SIZE], dead[MQS_DEAD_LETTER_NAME], *path = NULL;

	if (!mqs_dead_letter_queue(queue, "", dead) || mqs_name_check(dead, NULL) == 0 ||
	    asprintf(&path, "%s/%s", spool->path, queue) == -1)
		return;
	mqs_notice(spool, "%s: its name is too long to add .dead, so messages can't die: %s set %s "
	    "dead-letter=NAME", queue, mqs_ctl(ctl, path), queue);
	free(path);
}

/* Opens a queue, making it first if that is wanted and allowed. */
static int
open_log(struct mqs_spool *spool, const char *queue, int make, int readonly,
    struct mqs_log **log, struct mqs_error *err)
{
	const unsigned wait = spool->no_wait ? MQS_LOG_NO_WAIT : 0;
	int rc;

	rc = mqs_log_open(log, spool->path, queue, &spool->options,
	    wait | (readonly ? MQS_LOG_READONLY : 0), err);
	if (rc != MQS_ENOENT || !make || !(spool->options.flags & MQS_AUTOCREATE))
		return rc;
	rc = mqs_log_create(spool->path, queue, &spool->options, err);
	if (rc != MQS_OK && rc != MQS_EEXIST)
		return rc;
	if (rc == MQS_OK)
		mqs_spool_note_name(spool, queue);
	return mqs_log_open(log, spool->path, queue, &spool->options, wait, err);
}

static int
queue_of(struct mqs_spool *spool, const char *queue, int make, int readonly,
    struct mqs_spool_queue **out, struct mqs_error *err)
{
	struct mqs_spool_queue *q = find_queue(spool, queue);
	int rc;

	if (q != NULL && q->readonly && !readonly) {
		return mqs_fail(err, MQS_EPERM,
		    "%s: may only be read", queue);
	}
	if (q != NULL) {
		*out = q;
		return MQS_OK;
	}
	if ((rc = mqs_spool_check_name(queue, err)) != MQS_OK)
		return rc;
	if ((q = calloc(1, sizeof(*q))) == NULL)
		return mqs_fail_errno(err, "%s", queue);
	if ((rc = open_log(spool, queue, make, readonly, &q->log, err)) != MQS_OK) {
		free(q);
		return rc;
	}
	q->readonly = readonly;
	q->next = spool->queues;
	spool->queues = q;
	*out = q;
	return MQS_OK;
}

int
mqs_spool_log(struct mqs_spool *spool, const char *queue, int make,
    struct mqs_log **out, struct mqs_error *err)
{
	struct mqs_spool_queue *q;
	int rc;

	if ((rc = queue_of(spool, queue, make, 0, &q, err)) == MQS_OK)
		*out = q->log;
	return rc;
}

int
mqs_spool_log_readonly(struct mqs_spool *spool, const char *queue,
    struct mqs_log **out, struct mqs_error *err)
{
	struct mqs_spool_queue *q;
	int rc;

	/* Whoever may write opens it so: a group can then be opened beside it. */
	rc = queue_of(spool, queue, 0, 0, &q, err);
	if (rc == MQS_EPERM)
		rc = queue_of(spool, queue, 0, 1, &q, err);
	if (rc == MQS_OK)
		*out = q->log;
	return rc;
}

static int
open_group(struct mqs_spool *spool, struct mqs_log *log, const char *name,
    int make, const struct mqs_group_new *new, struct mqs_group **group,
    struct mqs_error *err)
{
	static const struct mqs_group_new plain;
	int rc, temporary = new != NULL && new->owner != 0;

	rc = temporary ? MQS_ENOENT : mqs_group_open(group, log, name, err);
	if (rc != MQS_ENOENT || !make ||
	    (!temporary && !(spool->options.flags & MQS_AUTOCREATE)))
		return rc;
	rc = mqs_group_create(log, name, new == NULL ? &plain : new, err);
	if (rc != MQS_OK && (rc != MQS_EEXIST || temporary))
		return rc;
	return mqs_group_open(group, log, name, err);
}

/*
 * Who may not publish may still consume: the log is only read then.  If there is none,
 * that it can't be made says more than that it is not there.
 */
static int
queue_for_group(struct mqs_spool *spool, const char *queue, int make,
    struct mqs_spool_queue **out, struct mqs_error *err)
{
	int rc;

	rc = queue_of(spool, queue, make, 0, out, err);
	if (rc == MQS_EPERM && queue_of(spool, queue, 0, 1, out, NULL) == MQS_OK)
		rc = MQS_OK;
	return rc;
}

int
mqs_spool_log_to_consume(struct mqs_spool *spool, const char *queue, int make,
    struct mqs_log **out, struct mqs_error *err)
{
	struct mqs_spool_queue *q;
	int rc;

	if ((rc = queue_for_group(spool, queue, make, &q, err)) == MQS_OK)
		*out = q->log;
	return rc;
}

int
mqs_spool_group(struct mqs_spool *spool, const char *queue, const char *group,
    int make, const struct mqs_group_new *new, struct mqs_group **out,
    struct mqs_error *err)
{
	struct mqs_spool_queue *q;
	struct mqs_spool_group *g;
	int rc;

	if ((rc = mqs_spool_check_name(group, err)) != MQS_OK ||
	    (rc = queue_for_group(spool, queue, make, &q, err)) != MQS_OK)
		return rc;
	if ((*out = find_group(q, group)) != NULL)
		return new == NULL ? MQS_OK : mqs_group_agrees(*out, new, err);
	if ((g = calloc(1, sizeof(*g))) == NULL)
		return mqs_fail_errno(err, "%s/%s", queue, group);
	if ((rc = open_group(spool, q->log, group, make, new, &g->group,
	    err)) != MQS_OK) {
		free(g);
		return rc;
	}
	g->next = q->groups;
	q->groups = g;
	*out = g->group;
	return new == NULL ? MQS_OK : mqs_group_agrees(g->group, new, err);
}

void
mqs_spool_forget(struct mqs_spool *spool, const char *queue)
{
	struct mqs_spool_queue **at, *q;

	for (at = &spool->queues; (q = *at) != NULL; at = &q->next)
		if (strcmp(q->log->dir.name, queue) == 0) {
			*at = q->next;
			close_queue(q);
			return;
		}
}

void
mqs_spool_forget_group(struct mqs_spool *spool, const struct mqs_log *log, const char *group)
{
	struct mqs_spool_queue *q = find_queue(spool, log->dir.name);
	struct mqs_spool_group **at, *g;

	for (at = q == NULL ? NULL : &q->groups; at != NULL && (g = *at) != NULL; at = &g->next)
		if (strcmp(g->group->name, group) == 0) {
			*at = g->next;
			mqs_group_close(g->group);
			free(g);
			return;
		}
}

unsigned
mqs_spool_count_open(const struct mqs_spool *spool)
{
	const struct mqs_spool_queue *q;
	const struct mqs_spool_group *g;
	unsigned n = 0;

	for (q = spool->queues; q != NULL; q = q->next) {
		n++;
		for (g = q->groups; g != NULL; g = g->next)
			n++;
	}
	return n;
}
