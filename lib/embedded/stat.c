/*
 * stat.c - numbers about queues and groups
 *
 * They come from the log's state and the groups' status pages, so looking takes no lock and
 * disturbs nobody.  If a group's page can't be believed (it is of another boot), the group
 * is opened, which refreshes the page.  A caller that may only read the directory gets what
 * the pages say.
 */
#include <bsd/string.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/name.h"
#include "embedded/consume_state.h"
#include "embedded/queue/group_file.h"
#include "embedded/queue/group_held.h"
#include "embedded/queue/group_page.h"
#include "embedded/queue/group_state.h"
#include "embedded/queue/log_create.h"

#define BLOCK	512	/* of st_blocks, by POSIX */

struct look {
	struct mqs_spool	*spool;
	struct mqs_log		*log;
	const char		*group;		/* only this one; NULL: all */
	mqs_queue_stat_fn	*queue_fn;
	mqs_group_stat_fn	*group_fn;
	void			*arg;
	struct mqs_error	*err;
	uint64_t		 lv[MQS_LOG_VALUES];
	struct mqs_log_reader	 reader;
	int			 failed;	/* the first error, of many queues */
	int			 broken;	/* and of the groups of one */
};

/* Allocated bytes of the files in a folder. */
static uint64_t
folder_bytes(int fd)
{
	struct dirent *e;
	struct stat st;
	uint64_t sum = 0;
	DIR *dir;
	int copy;

	if ((copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return 0;
	if ((dir = fdopendir(copy)) == NULL) {
		close(copy);
		return 0;
	}
	while ((e = readdir(dir)) != NULL)
		if (fstatat(copy, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode))
			sum += (uint64_t)st.st_blocks * BLOCK;
	closedir(dir);
	return sum;
}

static int
count_group(void *arg, const char *name)
{
	unsigned *count = arg;

	(void)name;
	++*count;
	return 0;
}

static int
look_at_queue(struct look *l)
{
	struct mqs_queue_stat st;
	const struct mqs_log *log = l->log;
	const uint64_t *lv = l->lv;
	int rc;

	memset(&st, 0, sizeof(st));
	(void)strlcpy(st.name, log->dir.name, sizeof(st.name));
	mqs_uuid_format(log->uuid, st.uuid);
	st.messages = lv[MQS_LOG_ORDINAL] - lv[MQS_LOG_REMOVED];
	st.bytes = lv[MQS_LOG_IN_BYTES] - lv[MQS_LOG_REMOVED_BYTES];
	st.in_messages = lv[MQS_LOG_ORDINAL];
	st.in_bytes = lv[MQS_LOG_IN_BYTES];
	st.trimmed = lv[MQS_LOG_REMOVED];
	st.dropped = lv[MQS_LOG_DROPPED];
	st.oldest = (int64_t)lv[MQS_LOG_OLDEST_TIME];
	st.disk_bytes = folder_bytes(log->dir.fd) + folder_bytes(log->dir.blob);
	st.paused = lv[MQS_LOG_PAUSED] != 0;
	mqs_format_u64(lv[MQS_LOG_LAST_ID], st.last_id);
	if ((rc = mqs_dir_each_group(&log->dir, count_group, &st.groups,
	    l->err)) != MQS_OK)
		return rc;
	return l->queue_fn(l->arg, &st);
}

/* A group's state: from its page, or by opening it. */
static int
group_values(struct look *l, const char *name, uint64_t v[MQS_GROUP_VALUES])
{
	struct mqs_group *group;
	int rc, was_open;

	if ((rc = mqs_group_peek(&l->log->dir, name, v, l->err)) != MQS_NOTHING)
		return rc;
	was_open = mqs_spool_find_group(l->spool, l->log, name) != NULL;
	if ((rc = mqs_spool_group(l->spool, l->log->dir.name, name, 0, NULL,
	    &group, l->err)) == MQS_OK)
		rc = mqs_group_state(group, v, l->err);
	if (!was_open)
		mqs_spool_forget_group(l->spool, l->log, name);
	return rc;
}

struct census {
	const struct mqs_dir	*dir;
	uint32_t		 family;
	unsigned		 living;
};

static int
count_living(void *arg, uint64_t owner)
{
	struct census *c = arg;
	enum mqs_owner_life life;

	if (owner >> 32 == c->family &&
	    mqs_owner_look(c->dir, owner, &life, NULL, NULL) == MQS_OK &&
	    life == MQS_OWNER_LIVES)
		c->living++;
	return 0;
}

/* The time of the first message at or above the floor; 0 if that is damaged. */
static int
oldest_of(struct look *l, uint64_t floor, int64_t *oldest)
{
	struct mqs_record r;
	int rc;

	mqs_log_reader_seek(&l->reader, floor);
	rc = mqs_log_reader_next(&l->reader, 0, &r, l->err);
	*oldest = rc == MQS_OK ? r.message.time : 0;
	mqs_log_reader_rest(&l->reader);
	return rc < 0 ? rc : MQS_OK;
}

static void
fill_group(struct mqs_group_stat *st, const uint64_t *v, const uint64_t *lv)
{
	st->leased = v[MQS_GROUP_LEASED];
	st->delayed = v[MQS_GROUP_WAITING];
	st->ready = mqs_group_unlooked(v, lv) + v[MQS_GROUP_READY];
	st->depth = mqs_group_unsettled(v, lv);
	st->delivered = v[MQS_GROUP_DELIVERED];
	st->acked = v[MQS_GROUP_ACKED];
	st->retried = v[MQS_GROUP_RETRIED];
	st->released = v[MQS_GROUP_RELEASED];
	st->rejected = v[MQS_GROUP_REJECTED];
	st->dead = v[MQS_GROUP_DEAD];
	st->expired = v[MQS_GROUP_EXPIRED];
	st->dropped = v[MQS_GROUP_DROPPED];
	st->paused = v[MQS_GROUP_PAUSED] != 0 || lv[MQS_LOG_PAUSED] != 0;
}

/*
 * How many of the waiting messages have become due since a consumer last looked.  The page
 * says when the first of them is due; only when that has passed, the group is opened to count
 * them.  Where it may not be opened, that first one counts.
 */
static uint64_t
count_due(struct look *l, const char *name, const uint64_t *v)
{
	const int64_t now = mqs_judged_now(l->spool);
	struct mqs_group *group;
	struct mqs_tx *tx;
	uint64_t due, n = 1;
	int was_open;

	if (v[MQS_GROUP_WAITING] == 0 || v[MQS_GROUP_NEXT_DUE] > (uint64_t)now)
		return 0;
	was_open = mqs_spool_find_group(l->spool, l->log, name) != NULL;
	if (mqs_spool_group(l->spool, l->log->dir.name, name, 0, NULL, &group, NULL) == MQS_OK &&
	    mqs_tx_read(group->db, &tx, NULL) == MQS_OK) {
		if (mqs_group_count_due(tx, now, &due, NULL) == MQS_OK)
			n = due;
		mqs_tx_abort(tx);
	}
	if (!was_open)
		mqs_spool_forget_group(l->spool, l->log, name);
	return n < v[MQS_GROUP_WAITING] ? n : v[MQS_GROUP_WAITING];
}

static int
look_into_group(struct look *l, const char *name)
{
	struct mqs_group_stat st;
	struct census census = { &l->log->dir, mqs_group_owner_family(name), 0 };
	uint64_t v[MQS_GROUP_VALUES], due;
	struct mqs_error *err;
	int rc, damage = MQS_OK;

	if ((rc = group_values(l, name, v)) != MQS_OK)
		return rc;
	memset(&st, 0, sizeof(st));
	(void)strlcpy(st.queue, l->log->dir.name, sizeof(st.queue));
	(void)strlcpy(st.group, name, sizeof(st.group));
	fill_group(&st, v, l->lv);
	due = count_due(l, name, v);
	st.ready += due;
	st.delayed -= due;
	if (st.depth > 0)
		damage = oldest_of(l, v[MQS_GROUP_FLOOR], &st.oldest);
	if (damage != MQS_OK && damage != MQS_EDAMAGED)
		return damage;
	/* A damaged message does not hide the group's numbers. */
	err = l->err;
	l->err = damage == MQS_OK ? err : NULL;
	rc = mqs_owner_each(&l->log->dir, count_living, &census, l->err);
	l->err = err;
	if (rc != MQS_OK)
		return damage != MQS_OK ? damage : rc;
	st.consumers = census.living;
	rc = l->group_fn(l->arg, &st);
	return rc != MQS_OK ? rc : damage;
}

/*
 * One of many: as with queues (look_at_each), one that can't be looked at does not
 * hide the others.
 */
static int
look_at_group(void *arg, const char *name)
{
	struct look *l = arg;
	struct mqs_error why = { 0 }, *err = l->err;
	int rc;

	if (l->group != NULL && strcmp(name, l->group) != 0)
		return 0;
	l->err = &why;
	rc = look_into_group(l, name);
	l->err = err;
	if (rc > 0)		/* the caller's own wish to stop */
		return rc;
	if (rc == MQS_OK || l->broken != MQS_OK ||
	    (rc == MQS_ENOENT && l->group == NULL))
		return 0;
	l->broken = rc;
	if (err != NULL)
		*err = why;
	return 0;
}

static int
look_at(void *arg, const char *queue)
{
	struct look *l = arg;
	int rc;

	l->broken = MQS_OK;
	if ((rc = mqs_spool_log_readonly(l->spool, queue, &l->log, l->err)) != MQS_OK)
		return rc;
	if (l->group != NULL && !mqs_dir_has_group(&l->log->dir, l->group))
		return mqs_fail(l->err, MQS_ENOENT, "%s/%s: no such group",
		    queue, l->group);
	if ((rc = mqs_log_reader_init(&l->reader, l->log, l->err)) != MQS_OK)
		return rc;
	rc = mqs_log_reader_state(&l->reader, l->lv, l->err);
	mqs_log_reader_rest(&l->reader);
	if (rc == MQS_OK && l->queue_fn != NULL && l->group == NULL)
		rc = look_at_queue(l);
	if (rc == MQS_OK && l->group_fn != NULL)
		rc = mqs_dir_each_group(&l->log->dir, look_at_group, l, l->err);
	mqs_log_reader_done(&l->reader);
	return rc != MQS_OK ? rc : l->broken;
}

/*
 * One of many: a queue that went away meanwhile is let be; one that can't be looked
 * at does not hide the others, its error comes at the end, those of others as notices.
 * So it is with one under maintenance, for whose end the others do not wait.
 */
static int
look_at_each(void *arg, const char *queue)
{
	struct look *l = arg;
	struct mqs_error why, *err = l->err;
	int rc, was_open = mqs_spool_is_open(l->spool, queue);

	l->err = &why;
	l->spool->no_wait = 1;
	rc = look_at(l, queue);
	l->spool->no_wait = 0;
	l->err = err;
	if (!was_open)		/* else it is borrowed by other handles */
		mqs_spool_forget(l->spool, queue);
	if (rc > 0)		/* the caller's own wish to stop */
		return rc;
	if (rc == MQS_OK || rc == MQS_ENOENT)
		return 0;
	if (l->failed != MQS_OK) {
		mqs_notice(l->spool, "%s", why.text);
		return 0;
	}
	l->failed = rc;
	if (err != NULL)
		*err = why;
	return 0;
}

int
mqs_embedded_stat(struct mqs_spool *spool, const char *queue, const char *group,
    mqs_queue_stat_fn *queue_fn, mqs_group_stat_fn *group_fn, void *arg,
    struct mqs_error *err)
{
	struct look l = {
		.spool = spool, .group = group, .queue_fn = queue_fn,
		.group_fn = group_fn, .arg = arg, .err = err
	};
	int rc;

	if (queue != NULL)
		return look_at(&l, queue);
	rc = mqs_dir_each_queue(spool->path, look_at_each, &l, err);
	return rc != MQS_OK ? rc : l.failed;
}

int
mqs_embedded_queue_uuid(struct mqs_spool *spool, const char *queue,
    char uuid[MQS_UUID_SIZE], struct mqs_error *err)
{
	struct mqs_log *log;
	int rc;

	if ((rc = mqs_spool_log_readonly(spool, queue, &log, err)) != MQS_OK)
		return rc;
	mqs_uuid_format(log->uuid, uuid);
	return MQS_OK;
}
