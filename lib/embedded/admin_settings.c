/* admin_settings.c - changing and showing the settings of a queue or a group */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "embedded/admin_compaction.h"
#include "embedded/admin_key_index.h"
#include "embedded/admin_schema.h"
#include "embedded/queue/group_settings.h"
#include "embedded/queue/group_tx.h"
#include "embedded/queue/log_compaction.h"
#include "embedded/queue/log_key_index.h"
#include "embedded/spool.h"
#include "embedded/stat_read.h"

/* Turns on or off what settings ask for; work that takes long is left to later. */
static int
switch_index(struct mqs_log_tx *ltx, struct mqs_error *err)
{
	const uint64_t was = ltx->v[MQS_LOG_KEY_INDEX];
	struct mqs_log_settings s;
	int rc;

	if ((rc = mqs_settings_load(mqs_log_setting_table, ltx->tx, &s, err)) != MQS_OK)
		return rc;
	mqs_compaction_switch(ltx, s.compact != 0);
	mqs_key_index_switch(ltx, s.index != 0 || s.compact != 0);
	return ltx->v[MQS_LOG_KEY_INDEX] == MQS_KEY_INDEX_BUILDING && was != MQS_KEY_INDEX_BUILDING ?
	    mqs_admin_key_index_fits(ltx->log, ltx->v, err) : MQS_OK;
}

/* What some settings were, as pairs that would set them to that again. */
struct undo {
	const char *const	*pairs;		/* whose names count */
	size_t			 n;
	char			**before;
	size_t			 nbefore;
	struct mqs_error	*err;
};

static int
remember(void *arg, const char *name, const char *value, int is_default)
{
	struct undo *u = arg;
	const size_t len = strlen(name);
	size_t i;

	for (i = 0; i < u->n; i++)
		if (strncmp(u->pairs[i], name, len) == 0 && u->pairs[i][len] == '=')
			break;
	if (i == u->n || u->nbefore == u->n)
		return MQS_OK;
	if (asprintf(&u->before[u->nbefore], "%s=%s", name, is_default ? "" : value) == -1)
		return mqs_fail_errno(u->err, "setting %s", name);
	u->nbefore++;
	return MQS_OK;
}

static void
forget(struct undo *u)
{
	while (u->nbefore > 0)
		free(u->before[--u->nbefore]);
	free(u->before);
}

/* One transaction.  undo becomes what would undo it; NULL if nobody wants to know. */
static int
store(struct mqs_log *log, const char *const *pairs, size_t n, struct undo *undo,
    struct mqs_error *err)
{
	struct mqs_log_tx ltx;
	int rc;

	if ((rc = mqs_log_begin(&ltx, log, 0, err)) != MQS_OK)
		return rc;
	if ((undo != NULL && (rc = mqs_settings_each(mqs_log_setting_table, ltx.tx, remember,
	    undo, err)) != MQS_OK) ||
	    (rc = mqs_settings_store(mqs_log_setting_table, ltx.tx, pairs, n, err)) != MQS_OK ||
	    (rc = switch_index(&ltx, err)) != MQS_OK) {
		mqs_log_abort(&ltx);
		return rc;
	}
	ltx.v[MQS_LOG_SETTINGS]++;
	ltx.v[MQS_LOG_ROOM_ORDINAL] = ltx.v[MQS_LOG_ROOM_BYTES] = 0;
	return mqs_log_commit(&ltx, err);
}

/*
 * All settings or none: where the disk has no room for what they ask for, they become what
 * they were.  A crash before that leaves them as they were to be, and the work unfinished.
 */
static int
set_queue(struct mqs_spool *spool, struct mqs_log *log, const char *const *pairs, size_t n,
    struct mqs_error *err)
{
	struct undo undo = { .pairs = pairs, .n = n, .err = err };
	uint64_t count = 0;
	int rc;

	if ((undo.before = calloc(n + 1, sizeof(*undo.before))) == NULL)
		return mqs_fail_errno(err, "%s", log->dir.name);
	rc = store(log, pairs, n, &undo, err);
	if (rc == MQS_OK && (rc = mqs_admin_key_index(spool, log, err)) == MQS_OK)
		rc = mqs_admin_compaction(spool, log, &count, err);
	if (rc == MQS_EFULL && undo.nbefore > 0 &&
	    store(log, (const char *const *)undo.before, undo.nbefore, NULL, NULL) == MQS_OK)
		(void)mqs_admin_key_index(spool, log, NULL);
	forget(&undo);
	return rc;
}

/* The same where a schema may be among the settings. */
static int
set_checked(struct mqs_spool *spool, struct mqs_log *log, const char *const *pairs, size_t n,
    struct mqs_error *err)
{
	struct mqs_schema_pairs made;
	int rc;

	rc = mqs_admin_schema_pairs(&made, spool, log->dir.name, pairs, n, err);
	if (rc == MQS_OK)
		rc = set_queue(spool, log, made.pairs != NULL ? made.pairs : pairs, n, err);
	mqs_admin_schema_pairs_free(&made);
	return rc;
}

/*
 * Refuses to change `ordered' while messages are leased or held.  The hash of a message's key
 * is stored with it when the group looks at it, if the group is ordered then; it can't be
 * added later.
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

/* Puts the name of the queue or group before an error about a setting. */
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
			rc = set_checked(spool, log, pairs, n, &why);
	} else if ((rc = mqs_spool_group(spool, queue, group, 0, NULL, &g,
	    &why)) == MQS_OK)
		rc = set_group(g, pairs, n, &why);
	return about(queue, group, rc, &why, err);
}

/* The settings of a queue, also for who may not write to its lock file. */
static int
show_queue(struct mqs_spool *spool, const char *queue, mqs_setting_fn *fn, void *arg,
    struct mqs_error *err)
{
	struct mqs_stat_read read;
	struct mqs_tx *tx;
	int rc;

	if ((rc = mqs_stat_read_open(&read, spool, queue, err)) != MQS_OK)
		return rc;
	if ((rc = mqs_tx_read(read.log->db, &tx, err)) == MQS_OK) {
		rc = mqs_settings_each(mqs_log_setting_table, tx, fn, arg, err);
		mqs_tx_abort(tx);
	}
	mqs_stat_read_close(&read);
	return rc;
}

int
mqs_embedded_show(struct mqs_spool *spool, const char *queue, const char *group,
    mqs_setting_fn *fn, void *arg, struct mqs_error *err)
{
	struct mqs_group *g;
	struct mqs_tx *tx;
	int rc;

	if (group == NULL)
		return show_queue(spool, queue, fn, arg, err);
	if ((rc = mqs_spool_group(spool, queue, group, 0, NULL, &g, err)) != MQS_OK ||
	    (rc = mqs_tx_read(g->db, &tx, err)) != MQS_OK)
		return rc;
	rc = mqs_group_settings_each(tx, fn, arg, err);
	mqs_tx_abort(tx);
	return rc;
}
