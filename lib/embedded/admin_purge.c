/*
 * admin_purge.c - emptying a queue, or a group
 *
 * Purging a group settles all messages that were published until then.  Purging a queue
 * purges each of its groups and then removes the messages.  Both go in transactions of
 * bounded size; a crash between two leaves what was not yet settled or removed.
 */
#include "base/error.h"
#include "embedded/admin_trim.h"
#include "embedded/queue/group_settle_all.h"
#include "embedded/queue/group_start.h"
#include "embedded/queue/group_state.h"
#include "embedded/queue/log_reader.h"

#define PURGE_HELD	10000	/* held messages settled in one transaction */

/* Settles what one transaction may, and puts the cursors at the end of the log. */
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

struct purge {
	struct mqs_spool	*spool;
	struct mqs_log		*log;
	struct mqs_error	*err;
	uint64_t		 count;
};

static int
purge_each(void *arg, const char *name)
{
	struct purge *e = arg;
	struct mqs_group *group;
	int rc, was_open = mqs_spool_find_group(e->spool, e->log, name) != NULL;

	if ((rc = mqs_spool_group(e->spool, e->log->dir.name, name, 0, NULL,
	    &group, e->err)) == MQS_OK)
		rc = purge_group(group, &e->count, e->err);
	if (!was_open)
		mqs_spool_forget_group(e->spool, e->log, name);
	return rc;
}

int
mqs_embedded_purge(struct mqs_spool *spool, const char *queue, const char *group,
    uint64_t *count, struct mqs_error *err)
{
	struct purge each = { .spool = spool, .err = err };
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
	return mqs_admin_trim_all(spool, each.log, lv[MQS_LOG_LAST_ID] + 1, 1, count, err);
}
