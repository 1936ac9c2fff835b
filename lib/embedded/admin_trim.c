/* admin_trim.c - see admin_trim.h */
#include "base/error.h"
#include "embedded/admin_compaction.h"
#include "embedded/admin_key_index.h"
#include "embedded/admin_remove_orphans.h"
#include "embedded/admin_trim.h"
#include "embedded/admin_trim_markers.h"
#include "embedded/group_remove_expired.h"
#include "embedded/queue/log_retention.h"

int
mqs_admin_trim_all(struct mqs_spool *spool, struct mqs_log *log, uint64_t floor,
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
		mqs_progress(spool, *count, 0, "%s: removing messages", log->dir.name);
		if ((rc = mqs_trim_unlink(log, &t, err)) != MQS_OK)
			return rc;
	} while (t.records > 0);
	return MQS_OK;
}

struct refresh {
	struct mqs_spool	*spool;
	struct mqs_log		*log;
	struct mqs_error	*err;
};

static int
refresh_each(void *arg, const char *name)
{
	struct refresh *e = arg;
	struct mqs_group *group;
	int rc, was_open = mqs_spool_find_group(e->spool, e->log, name) != NULL;

	/* Opening it writes its page; floors of another boot count as 0. */
	rc = mqs_spool_group(e->spool, e->log->dir.name, name, 0, NULL, &group, e->err);
	if (!was_open)
		mqs_spool_forget_group(e->spool, e->log, name);
	return rc;
}

int
mqs_embedded_trim(struct mqs_spool *spool, const char *queue, uint64_t *count,
    struct mqs_error *err)
{
	struct refresh each = { .spool = spool, .err = err };
	int rc;

	*count = 0;
	if ((rc = mqs_spool_log(spool, queue, 0, &each.log, err)) != MQS_OK ||
	    (rc = mqs_db_check_readers(each.log->db, err)) != MQS_OK ||
	    (rc = mqs_group_remove_all_expired(spool, each.log, err)) != MQS_OK ||
	    (rc = mqs_dir_each_group(&each.log->dir, refresh_each, &each, err)) != MQS_OK ||
	    (rc = mqs_admin_key_index(spool, each.log, err)) != MQS_OK ||
	    (rc = mqs_admin_compaction(spool, each.log, count, err)) != MQS_OK ||
	    (rc = mqs_admin_trim_all(spool, each.log, 0, 0, count, err)) != MQS_OK ||
	    (rc = mqs_admin_trim_markers(spool, each.log, err)) != MQS_OK)
		return rc;
	if (*count > 0)
		mqs_progress(spool, *count, *count, "%s: removing messages", queue);
	return mqs_admin_remove_orphans(each.log, err);
}
