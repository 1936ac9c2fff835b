/*
 * admin.c - making, configuring, emptying and removing queues and groups
 *
 * What lowers a floor or removes files is done under the log's write lock, so that
 * no publisher trims or writes beside it.  Each long removal goes in transactions
 * of bounded size; a crash between two leaves what was not yet removed.
 */
#include "base/error.h"
#include "embedded/admin_remove_orphans.h"
#include "embedded/group_remove_expired.h"
#include "embedded/queue/group_delete.h"
#include "embedded/queue/group_settings.h"
#include "embedded/queue/group_settle_all.h"
#include "embedded/queue/group_state.h"
#include "embedded/queue/log_create.h"
#include "embedded/queue/log_retention.h"

#define PURGE_HELD	10000	/* held messages settled in one transaction */

int
mqs_embedded_create(struct mqs_spool *spool, const char *queue, const char *group,
    const struct mqs_consumer_options *options, struct mqs_error *err)
{
	struct mqs_group_new new;
	struct mqs_error why;
	struct mqs_group *g;
	struct mqs_log *log;
	int rc, made;

	if ((rc = mqs_group_new_of(&new, options, err)) != MQS_OK ||
	    (rc = mqs_spool_check_name(queue, err)) != MQS_OK ||
	    (group != NULL && (rc = mqs_spool_check_name(group, err)) != MQS_OK))
		return rc;
	rc = mqs_log_create(spool->path, queue, &spool->options, err);
	if (group == NULL || (rc != MQS_OK && rc != MQS_EEXIST))
		return rc;
	if ((rc = mqs_spool_log(spool, queue, 0, &log, err)) != MQS_OK)
		return rc;
	made = mqs_group_create(log, group, &new, err);
	if (made != MQS_OK && made != MQS_EEXIST)
		return made;
	/* Opening it writes its page, without which who may only read can't see it. */
	rc = mqs_spool_group(spool, queue, group, 0, &new, &g,
	    made == MQS_OK ? err : &why);
	if (made == MQS_EEXIST && rc == MQS_ECONFIG && err != NULL)
		*err = why;
	return rc == MQS_ECONFIG || made == MQS_OK ? rc : made;
}

/* ----------------------------------------------------------- settings -- */

static int
set_queue(struct mqs_log *log, const char *const *pairs, size_t n,
    struct mqs_error *err)
{
	struct mqs_log_tx ltx;
	int rc;

	if ((rc = mqs_log_begin(&ltx, log, 0, err)) != MQS_OK)
		return rc;
	if ((rc = mqs_settings_store(mqs_log_setting_table, ltx.tx, pairs, n,
	    err)) != MQS_OK) {
		mqs_log_abort(&ltx);
		return rc;
	}
	ltx.v[MQS_LOG_SETTINGS]++;
	ltx.v[MQS_LOG_ROOM_ORDINAL] = ltx.v[MQS_LOG_ROOM_BYTES] = 0;
	return mqs_log_commit(&ltx, err);
}

/*
 * What is leased or held has a key to be ordered by or has not, as it was when it was
 * looked at: that can't change.
 */
static int
check_ordered(struct mqs_group_tx *gtx, struct mqs_error *err)
{
	const struct mqs_group *group = gtx->group;
	const uint64_t *v = gtx->v;
	struct mqs_group_settings s;
	uint64_t n;
	int rc;

	if ((rc = mqs_settings_load(mqs_group_setting_table, gtx->tx, &s, err)) != MQS_OK ||
	    s.ordered == group->settings.ordered)
		return rc;
	n = v[MQS_GROUP_LEASED] + v[MQS_GROUP_WAITING] + v[MQS_GROUP_READY] +
	    v[MQS_GROUP_PARKED];
	if (n == 0)
		return MQS_OK;
	return mqs_fail(err, MQS_EBUSY, "%s/%s: ordered can't change while messages are "
	    "being delivered or held (%llu)", group->log->dir.name, group->name,
	    (unsigned long long)n);
}

static int
set_group(struct mqs_group *group, const char *const *pairs, size_t n,
    struct mqs_error *err)
{
	struct mqs_group_tx gtx;
	int rc;

	if ((rc = mqs_group_begin(&gtx, group, err)) != MQS_OK)
		return rc;
	if ((rc = mqs_group_settings_store(gtx.tx, gtx.v, pairs, n, err)) != MQS_OK ||
	    (rc = check_ordered(&gtx, err)) != MQS_OK) {
		mqs_group_abort(&gtx);
		return rc;
	}
	if ((rc = mqs_group_commit(&gtx, err)) != MQS_OK)
		return rc;
	return mqs_db_sync(group->db, err);
}

/* Says of which queue or group an error is. */
static int
about(const char *queue, const char *group, int rc, const struct mqs_error *why,
    struct mqs_error *err)
{
	if (rc != MQS_ECONFIG && rc != MQS_EINVAL) {
		if (err != NULL && rc < 0)
			*err = *why;
		return rc;
	}
	return mqs_fail(err, rc, "%s%s%s: %s", queue, group == NULL ? "" : "/",
	    group == NULL ? "" : group, why->text);
}

int
mqs_embedded_set(struct mqs_spool *spool, const char *queue, const char *group,
    const char *const *pairs, size_t n, struct mqs_error *err)
{
	struct mqs_error why;
	struct mqs_group *g;
	struct mqs_log *log;
	int rc;

	if (group == NULL) {
		if ((rc = mqs_spool_log(spool, queue, 0, &log, &why)) == MQS_OK)
			rc = set_queue(log, pairs, n, &why);
	} else if ((rc = mqs_spool_group(spool, queue, group, 0, NULL, &g,
	    &why)) == MQS_OK)
		rc = set_group(g, pairs, n, &why);
	return about(queue, group, rc, &why, err);
}

int
mqs_embedded_show(struct mqs_spool *spool, const char *queue, const char *group,
    mqs_setting_fn *fn, void *arg, struct mqs_error *err)
{
	struct mqs_group *g;
	struct mqs_log *log;
	struct mqs_db *db;
	struct mqs_tx *tx;
	int rc;

	if (group == NULL) {
		rc = mqs_spool_log_readonly(spool, queue, &log, err);
		db = rc == MQS_OK ? log->db : NULL;
	} else {
		rc = mqs_spool_group(spool, queue, group, 0, NULL, &g, err);
		db = rc == MQS_OK ? g->db : NULL;
	}
	if (rc != MQS_OK || (rc = mqs_tx_read(db, &tx, err)) != MQS_OK)
		return rc;
	rc = group == NULL ?
	    mqs_settings_each(mqs_log_setting_table, tx, fn, arg, err) :
	    mqs_group_settings_each(tx, fn, arg, err);
	mqs_tx_abort(tx);
	return rc;
}

/* ----------------------------------------------------------- deleting -- */

/* A queue whose log can't be opened can still be removed. */
static int
delete_damaged(struct mqs_spool *spool, const char *queue, struct mqs_error *err)
{
	struct mqs_dir dir;
	int rc;

	if ((rc = mqs_dir_open_remains(&dir, spool->path, queue, err)) != MQS_OK)
		return rc;
	rc = mqs_dir_delete(&dir, spool->path, err);
	mqs_dir_close(&dir);
	return rc;
}

int
mqs_embedded_delete(struct mqs_spool *spool, const char *queue, const char *group,
    struct mqs_error *err)
{
	struct mqs_log_tx ltx;
	struct mqs_log *log;
	int rc;

	rc = mqs_spool_log(spool, queue, 0, &log, err);
	if ((rc == MQS_EDAMAGED || rc == MQS_EVERSION) && group == NULL)
		return delete_damaged(spool, queue, err);
	if (rc != MQS_OK || (rc = mqs_log_begin(&ltx, log, 0, err)) != MQS_OK)
		return rc;
	if (group != NULL)
		rc = mqs_group_delete(log, group, err);
	else
		rc = mqs_dir_delete(&log->dir, spool->path, err);
	mqs_log_abort(&ltx);
	mqs_spool_forget(spool, queue);
	return rc;
}

/* ------------------------------------------------------------ purging -- */

/* What a group settles at once in one transaction; it then stands at the log's end. */
static int
purge_some(struct mqs_group_tx *gtx, uint64_t *count, int *more, struct mqs_error *err)
{
	uint64_t lv[MQS_LOG_VALUES], n;
	struct mqs_log_reader reader;
	int rc;

	if ((rc = mqs_log_reader_init(&reader, gtx->group->log, err)) != MQS_OK)
		return rc;
	rc = mqs_log_reader_state(&reader, lv, err);
	mqs_log_reader_done(&reader);
	if (rc != MQS_OK)
		return rc;
	n = mqs_group_unlooked(gtx->v, lv);
	if ((rc = mqs_group_settle_all(gtx, PURGE_HELD, &n, more, err)) != MQS_OK)
		return rc;
	mqs_group_to_end(gtx->v, lv);
	gtx->v[MQS_GROUP_DROPPED] += n;
	*count += n;
	return MQS_OK;
}

static int
purge_group(struct mqs_group *group, uint64_t *count, struct mqs_error *err)
{
	struct mqs_group_tx gtx;
	int rc, more;

	do {
		if ((rc = mqs_group_begin(&gtx, group, err)) != MQS_OK)
			return rc;
		if ((rc = purge_some(&gtx, count, &more, err)) != MQS_OK) {
			mqs_group_abort(&gtx);
			return rc;
		}
		if ((rc = mqs_group_commit(&gtx, err)) != MQS_OK)
			return rc;
	} while (more);
	return mqs_db_sync(group->db, err);
}

struct each_group {
	struct mqs_spool	*spool;
	struct mqs_log		*log;
	struct mqs_error	*err;
	uint64_t		 count;
};

static int
purge_each(void *arg, const char *name)
{
	struct each_group *e = arg;
	struct mqs_group *group;
	int rc;

	if ((rc = mqs_spool_group(e->spool, e->log->dir.name, name, 0, NULL,
	    &group, e->err)) != MQS_OK)
		return rc;
	return purge_group(group, &e->count, e->err);
}

/* Trims in transactions of bounded size until nothing more may go. */
static int
trim_all(struct mqs_spool *spool, struct mqs_log *log, uint64_t floor,
    int everything, uint64_t *count, struct mqs_error *err)
{
	struct mqs_trimmed t;
	struct mqs_log_tx ltx;
	uint64_t limit = floor;
	int rc;

	do {
		if ((rc = mqs_log_begin(&ltx, log, 0, err)) != MQS_OK)
			return rc;
		if ((!everything && (rc = mqs_trim_floor(log, ltx.v, &limit, err)) != MQS_OK) ||
		    (rc = mqs_trim_some(&ltx, mqs_judged_now(spool), limit,
		    MQS_TRIM_RECORDS, everything, &t, err)) != MQS_OK ||
		    t.records == 0) {
			mqs_log_abort(&ltx);
			return rc;
		}
		if ((rc = mqs_log_commit(&ltx, err)) != MQS_OK)
			return rc;
		*count += t.records;
		if ((rc = mqs_trim_unlink(log, &t, err)) != MQS_OK)
			return rc;
	} while (t.records > 0);
	return MQS_OK;
}

int
mqs_embedded_purge(struct mqs_spool *spool, const char *queue, const char *group,
    uint64_t *count, struct mqs_error *err)
{
	struct each_group each = { .spool = spool, .err = err };
	uint64_t lv[MQS_LOG_VALUES];
	struct mqs_group *g;
	struct mqs_tx *tx;
	int rc;

	*count = 0;
	if (group != NULL) {
		if ((rc = mqs_spool_group(spool, queue, group, 0, NULL, &g, err)) != MQS_OK)
			return rc;
		return purge_group(g, count, err);
	}
	if ((rc = mqs_spool_log(spool, queue, 0, &each.log, err)) != MQS_OK ||
	    (rc = mqs_tx_read(each.log->db, &tx, err)) != MQS_OK)
		return rc;
	rc = mqs_log_state(tx, lv, err);
	mqs_tx_abort(tx);
	if (rc != MQS_OK || (rc = mqs_dir_each_group(&each.log->dir, purge_each,
	    &each, err)) != MQS_OK)
		return rc;
	return trim_all(spool, each.log, lv[MQS_LOG_LAST_ID] + 1, 1, count, err);
}

/* ----------------------------------------------------------- trimming -- */

static int
refresh_each(void *arg, const char *name)
{
	struct each_group *e = arg;
	struct mqs_group *group;

	/* Opening it writes its page; floors of another boot count as 0. */
	return mqs_spool_group(e->spool, e->log->dir.name, name, 0, NULL, &group,
	    e->err);
}

int
mqs_embedded_trim(struct mqs_spool *spool, const char *queue, uint64_t *count,
    struct mqs_error *err)
{
	struct each_group each = { .spool = spool, .err = err };
	int rc;

	*count = 0;
	if ((rc = mqs_spool_log(spool, queue, 0, &each.log, err)) != MQS_OK ||
	    (rc = mqs_db_check_readers(each.log->db, err)) != MQS_OK ||
	    (rc = mqs_group_remove_all_expired(spool, each.log, err)) != MQS_OK ||
	    (rc = mqs_dir_each_group(&each.log->dir, refresh_each, &each, err)) != MQS_OK ||
	    (rc = trim_all(spool, each.log, 0, 0, count, err)) != MQS_OK)
		return rc;
	return mqs_admin_remove_orphans(each.log, err);
}
