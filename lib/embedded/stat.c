/*
 * stat.c - numbers about queues and groups
 *
 * stat_read.c reads them.  Here they become what mqspool.h tells, queue by queue; what can't
 * be looked at does not hide the rest.
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
#include "embedded/queue/group_missing.h"
#include "embedded/queue/group_state.h"
#include "embedded/queue/log_create.h"
#include "embedded/queue/log_limits.h"
#include "embedded/stat_read.h"

#define BLOCK	512	/* of st_blocks, by POSIX */

struct look {
	struct mqs_spool	*spool;
	struct mqs_stat_read	 from;
	const char		*group;		/* only this one; NULL: all */
	mqs_queue_stat_fn	*queue_fn;
	mqs_group_stat_fn	*group_fn;
	void			*arg;
	struct mqs_error	*err;
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

static uint64_t
file_bytes(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? (uint64_t)st.st_size : 0;
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
	const struct mqs_log *log = l->from.log;
	const uint64_t *lv = l->from.lv;
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
	st.deduplicated = lv[MQS_LOG_DUPLICATES];
	st.max_messages = log->settings.max_messages;
	st.max_bytes = log->settings.max_bytes;
	st.log_bytes = file_bytes(log->dir.fd, "log.mdb");
	st.disk_bytes = folder_bytes(log->dir.fd) + folder_bytes(log->dir.blob);
	st.paused = lv[MQS_LOG_PAUSED] != 0;
	mqs_format_u64(lv[MQS_LOG_LAST_ID], st.last_id);
	if ((rc = mqs_limits_disk(log, &st.disk_free, &st.min_free, l->err)) != MQS_OK ||
	    (rc = mqs_dir_each_group(&log->dir, count_group, &st.groups, l->err)) != MQS_OK)
		return rc;
	return l->queue_fn(l->arg, &st);
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

static void
fill_group(struct mqs_group_stat *st, const uint64_t *v, const uint64_t *lv)
{
	st->leased = v[MQS_GROUP_LEASED];
	st->delayed = v[MQS_GROUP_WAITING];
	st->lag = mqs_group_unlooked(v, lv);
	st->ready = st->lag + v[MQS_GROUP_READY];
	st->depth = mqs_group_unsettled(v, lv);
	st->depth_bytes = mqs_group_unsettled_bytes(v, lv);
	st->delivered = v[MQS_GROUP_DELIVERED];
	st->acked = v[MQS_GROUP_ACKED];
	st->delivered_bytes = v[MQS_GROUP_DELIVERED_BYTES];
	st->acked_bytes = v[MQS_GROUP_ACKED_BYTES];
	memcpy(st->latency, v + MQS_GROUP_ACK_CLASSES, sizeof(st->latency));
	st->latency_sum = v[MQS_GROUP_ACK_LATENCY];
	st->retried = v[MQS_GROUP_RETRIED];
	st->released = v[MQS_GROUP_RELEASED];
	st->rejected = v[MQS_GROUP_REJECTED];
	st->dead = v[MQS_GROUP_DEAD];
	st->expired = v[MQS_GROUP_EXPIRED];
	st->dropped = v[MQS_GROUP_DROPPED];
	st->paused = v[MQS_GROUP_PAUSED] != 0 || lv[MQS_LOG_PAUSED] != 0;
}

static int
look_into_group(struct look *l, const char *name)
{
	struct mqs_group_stat st;
	struct census census = { &l->from.log->dir, mqs_group_owner_family(name), 0 };
	uint64_t v[MQS_GROUP_VALUES], due;
	struct mqs_error *err;
	int rc, damage = MQS_OK;

	if ((rc = mqs_stat_read_group(&l->from, name, v, l->err)) != MQS_OK)
		return rc;
	memset(&st, 0, sizeof(st));
	(void)strlcpy(st.queue, l->from.log->dir.name, sizeof(st.queue));
	(void)strlcpy(st.group, name, sizeof(st.group));
	fill_group(&st, v, l->from.lv);
	due = mqs_stat_read_due(&l->from, name, v);
	st.ready += due;
	st.delayed -= due;
	if (st.depth > 0)
		damage = mqs_stat_read_oldest(&l->from, v[MQS_GROUP_FLOOR], &st.oldest, l->err);
	if (damage != MQS_OK && damage != MQS_EDAMAGED)
		return damage;
	/* A damaged message does not hide the group's numbers. */
	err = l->err;
	l->err = damage == MQS_OK ? err : NULL;
	rc = mqs_owner_each(&l->from.log->dir, count_living, &census, l->err);
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
	if (rc == MQS_OK || (rc == MQS_ENOENT && l->group == NULL))
		return 0;
	if (l->broken != MQS_OK) {
		mqs_notice(l->spool, "%s", why.text);
		return 0;
	}
	l->broken = rc;
	if (err != NULL)
		*err = why;
	return 0;
}

static int
look_at_all(struct look *l)
{
	struct mqs_log *log = l->from.log;
	int rc = MQS_OK;

	if (l->group != NULL && !mqs_dir_has_group(&log->dir, l->group))
		return mqs_group_fail_missing(log, l->group, l->err);
	if (l->queue_fn != NULL && l->group == NULL)
		rc = look_at_queue(l);
	if (rc == MQS_OK && l->group_fn != NULL)
		rc = mqs_dir_each_group(&log->dir, look_at_group, l, l->err);
	return rc != MQS_OK ? rc : l->broken;
}

static int
look_at(void *arg, const char *queue)
{
	struct look *l = arg;
	int rc;

	l->broken = MQS_OK;
	if ((rc = mqs_stat_read_open(&l->from, l->spool, queue, l->err)) != MQS_OK)
		return rc;
	rc = look_at_all(l);
	mqs_stat_read_close(&l->from);
	return rc;
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
