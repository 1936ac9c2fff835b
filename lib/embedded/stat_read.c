/*
 * stat_read.c - the state of a queue and its groups, for somebody who may only look
 *
 * The log's state comes from the log, and a group's from its status page, so that looking
 * takes no lock for longer than a moment and disturbs nobody.  If a group's page can't be
 * believed (it is of another boot), the group's file is opened, which refreshes the page.
 *
 * Who may read the files of a queue but not write to LMDB's lock files gets the same numbers:
 * the files are then read without a lock (store/lmdb/unlocked_read.c), in reads of some
 * microseconds.  A read that fails because others committed meanwhile is tried again.  It is
 * so, too, where the filesystem is mounted read-only: there LMDB would read without a lock,
 * and not notice when another mount of the same files is written to.
 */
#include <sys/statvfs.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "embedded/queue/group_file.h"
#include "embedded/queue/group_held.h"
#include "embedded/queue/group_page.h"
#include "embedded/queue/group_state.h"
#include "embedded/stat_read.h"

int
mqs_stat_read_unlocked(struct mqs_spool *spool, const char *queue, struct mqs_log **out,
    struct mqs_error *err)
{
	const unsigned wait = spool->no_wait ? MQS_LOG_NO_WAIT : 0;

	return mqs_log_open(out, spool->path, queue, &spool->options, wait | MQS_LOG_UNLOCKED,
	    err);
}

/* 1 if the queue lies on a filesystem that is mounted read-only. */
static int
is_mounted_readonly(const struct mqs_spool *spool, const char *queue)
{
	struct statvfs st;
	char *path;
	int is;

	if (mqs_spool_check_name(queue, NULL) != MQS_OK ||
	    asprintf(&path, "%s/%s", spool->path, queue) == -1)
		return 0;
	is = statvfs(path, &st) == 0 && st.f_flag & ST_RDONLY;
	free(path);
	return is;
}

/* The log itself, by whichever way is allowed. */
static int
open_log(struct mqs_stat_read *r, const char *queue, struct mqs_error *err)
{
	int rc = MQS_EPERM;

	if (mqs_spool_is_open(r->spool, queue) || !is_mounted_readonly(r->spool, queue))
		rc = mqs_spool_log_readonly(r->spool, queue, &r->log, err);
	if (rc != MQS_EPERM)
		return rc;
	rc = mqs_stat_read_unlocked(r->spool, queue, &r->log, err);
	r->unlocked = rc == MQS_OK;
	return rc;
}

int
mqs_stat_read_open(struct mqs_stat_read *r, struct mqs_spool *spool, const char *queue,
    struct mqs_error *err)
{
	unsigned tries = 0;
	int rc;

	memset(r, 0, sizeof(*r));
	r->spool = spool;
	if ((rc = open_log(r, queue, err)) != MQS_OK)
		return rc;
	if ((rc = mqs_log_reader_init(&r->reader, r->log, err)) != MQS_OK) {
		mqs_stat_read_close(r);
		return rc;
	}
	do {
		rc = mqs_log_reader_state(&r->reader, r->lv, err);
		mqs_log_reader_rest(&r->reader);
	} while (mqs_db_again(r->log->db, rc, &tries));
	if (rc == MQS_OK && !r->unlocked)	/* else its settings have just been read */
		rc = mqs_log_refresh_now(r->log, err);
	if (rc != MQS_OK)
		mqs_stat_read_close(r);
	return rc;
}

void
mqs_stat_read_close(struct mqs_stat_read *r)
{
	if (r->reader.tx != NULL)
		mqs_log_reader_done(&r->reader);
	if (r->unlocked)
		mqs_log_close(r->log);
	r->unlocked = 0;
}

int
mqs_stat_read_oldest(struct mqs_stat_read *r, uint64_t id, int64_t *time,
    struct mqs_error *err)
{
	unsigned tries = 0;
	struct mqs_record record;
	int rc;

	do {
		mqs_log_reader_seek(&r->reader, id);
		rc = mqs_log_reader_next(&r->reader, 0, &record, err);
		*time = rc == MQS_OK ? record.message.time : 0;
		mqs_log_reader_rest(&r->reader);
	} while (mqs_db_again(r->log->db, rc, &tries));
	return rc < 0 ? rc : MQS_OK;
}

/* -------------------------------------------------------------- groups -- */

/* Reads something of a group's file in a transaction. */
typedef int	look_fn(void *arg, struct mqs_tx *tx, struct mqs_error *err);

/* The same without a lock. */
static int
look_unlocked(struct mqs_stat_read *r, const char *name, look_fn *look, void *arg,
    struct mqs_error *err)
{
	char file[MQS_GROUP_FILE], label[2 * MQS_NAME_MAX + 2];
	struct mqs_db_spec spec;
	unsigned tries = 0;
	struct mqs_db *db;
	struct mqs_tx *tx;
	int rc;

	mqs_group_file(file, name, "mdb");
	(void)snprintf(label, sizeof(label), "%s/%s", r->log->dir.name, name);
	mqs_group_spec(&spec, r->log, file, label);
	spec.flags = MQS_DB_UNLOCKED;
	if ((rc = mqs_db_open(&db, &spec, err)) != MQS_OK)
		return rc;
	do {
		if ((rc = mqs_tx_read(db, &tx, err)) != MQS_OK)
			break;
		rc = look(arg, tx, err);
		mqs_tx_abort(tx);
	} while (mqs_db_again(db, rc, &tries));
	mqs_db_close(db);
	return rc;
}

static int
look_into(struct mqs_stat_read *r, const char *name, look_fn *look, void *arg,
    struct mqs_error *err)
{
	struct mqs_group *group;
	struct mqs_tx *tx;
	int rc, was_open;

	if (r->unlocked)
		return look_unlocked(r, name, look, arg, err);
	was_open = mqs_spool_find_group(r->spool, r->log, name) != NULL;
	if ((rc = mqs_spool_group(r->spool, r->log->dir.name, name, 0, NULL, &group,
	    err)) == MQS_OK && (rc = mqs_tx_read(group->db, &tx, err)) == MQS_OK) {
		rc = look(arg, tx, err);
		mqs_tx_abort(tx);
	}
	if (!was_open)		/* else it is borrowed by other handles */
		mqs_spool_forget_group(r->spool, r->log, name);
	return rc == MQS_EPERM ? look_unlocked(r, name, look, arg, err) : rc;
}

static int
look_at_state(void *arg, struct mqs_tx *tx, struct mqs_error *err)
{
	return mqs_group_read(tx, arg, err);
}

int
mqs_stat_read_group(struct mqs_stat_read *r, const char *name, uint64_t v[MQS_GROUP_VALUES],
    struct mqs_error *err)
{
	int rc;

	if ((rc = mqs_group_peek(&r->log->dir, name, v, err)) != MQS_NOTHING)
		return rc;
	return look_into(r, name, look_at_state, v, err);
}

struct due {
	int64_t		 now;
	uint64_t	 n;
};

static int
look_at_due(void *arg, struct mqs_tx *tx, struct mqs_error *err)
{
	struct due *due = arg;

	return mqs_group_count_due(tx, due->now, &due->n, err);
}

uint64_t
mqs_stat_read_due(struct mqs_stat_read *r, const char *name, const uint64_t *v)
{
	struct due due = { mqs_judged_now(r->spool), 0 };

	/* The page says when the first is due; only when that has passed, they are counted. */
	if (v[MQS_GROUP_WAITING] == 0 || v[MQS_GROUP_NEXT_DUE] > (uint64_t)due.now)
		return 0;
	if (look_into(r, name, look_at_due, &due, NULL) != MQS_OK)
		due.n = 1;
	return due.n < v[MQS_GROUP_WAITING] ? due.n : v[MQS_GROUP_WAITING];
}
