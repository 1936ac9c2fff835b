/* admin_compaction.c - see admin_compaction.h */
#include "base/error.h"
#include "embedded/admin_compaction.h"
#include "embedded/queue/log_compaction.h"
#include "embedded/queue/log_key_index.h"

#define LOOK_MOST	200000	/* entries of the index read in one snapshot */

/* Messages that others of the same hash follow in the index. */
struct candidates {
	unsigned char	 at[MQS_KEY_ENTRY];	/* the last entry read; it is compared with the next */
	uint64_t	 ids[MQS_COMPACT_RECORDS];
	size_t		 n;
	int		 end;
};

/* Reads on in the index, until there are many candidates or entries. */
static int
look(struct candidates *c, const struct mqs_tx *tx, struct mqs_cur *cur, struct mqs_error *err)
{
	struct mqs_slice entry = { c->at, sizeof(c->at) }, value;
	unsigned char before[MQS_KEY_ENTRY];
	size_t seen;
	int rc;

	c->n = 0;
	rc = mqs_cur_move(cur, MQS_FROM, &entry, &value, err);
	for (seen = 0; rc == MQS_OK && seen < LOOK_MOST && c->n < MQS_COMPACT_RECORDS; seen++) {
		if (entry.n != MQS_KEY_ENTRY)
			return mqs_key_index_damaged(tx, "damaged entry", err);
		memcpy(before, c->at, sizeof(before));
		memcpy(c->at, entry.p, sizeof(c->at));
		if (seen > 0 && memcmp(before, c->at, 8) == 0)
			c->ids[c->n++] = mqs_get_be64(before + 8);
		rc = mqs_cur_move(cur, MQS_NEXT, &entry, &value, err);
	}
	c->end = rc == MQS_NOTHING;
	return rc < 0 ? rc : MQS_OK;
}

static int
look_in_snapshot(struct candidates *c, struct mqs_log *log, struct mqs_error *err)
{
	struct mqs_cur *cur;
	struct mqs_tx *tx;
	int rc;

	if ((rc = mqs_tx_read(log->db, &tx, err)) != MQS_OK)
		return rc;
	if ((rc = mqs_cur_new(&cur, tx, MQS_LOG_KEYS, err)) == MQS_OK) {
		rc = look(c, tx, cur, err);
		mqs_cur_free(cur);
	}
	mqs_tx_abort(tx);
	return rc;
}

static int
commit(struct mqs_log_tx *ltx, const struct mqs_trimmed *t, uint64_t *count,
    struct mqs_error *err)
{
	int rc;

	if ((rc = mqs_log_commit(ltx, err)) != MQS_OK)
		return rc;
	*count += t->records;
	return mqs_trim_unlink(ltx->log, t, err);
}

/* Removes replaced messages.  MQS_NOTHING: the setting or the index is off. */
static int
remove_replaced(struct mqs_log *log, uint64_t *count, struct mqs_error *err)
{
	struct candidates c = { .end = 0 };
	struct mqs_trimmed t;
	struct mqs_log_tx ltx;
	int rc;

	while (!c.end) {
		if ((rc = look_in_snapshot(&c, log, err)) != MQS_OK)
			return rc;
		if (c.n == 0)
			continue;
		if ((rc = mqs_log_begin(&ltx, log, 0, err)) != MQS_OK)
			return rc;
		if (!log->settings.compact || ltx.v[MQS_LOG_KEY_INDEX] != MQS_KEY_INDEX_WHOLE) {
			mqs_log_abort(&ltx);
			return MQS_NOTHING;
		}
		if ((rc = mqs_compaction_remove(&ltx, c.ids, c.n, &t, err)) != MQS_OK) {
			mqs_log_abort(&ltx);
			return rc;
		}
		if ((rc = commit(&ltx, &t, count, err)) != MQS_OK)
			return rc;
	}
	return MQS_OK;
}

/* One transaction that looks for tombstones, or removes some: MQS_NOTHING if there are none. */
static int
care_for_tombstones(struct mqs_spool *spool, struct mqs_log *log, uint64_t *count,
    struct mqs_error *err)
{
	struct mqs_trimmed t;
	struct mqs_log_tx ltx;
	int rc, unfinished;

	t.records = t.nblobs = 0;
	if ((rc = mqs_log_begin(&ltx, log, 0, err)) != MQS_OK)
		return rc;
	unfinished = mqs_compaction_unfinished(ltx.v);
	if (!log->settings.compact)
		rc = MQS_NOTHING;
	else if (unfinished)
		rc = mqs_compaction_find_tombstones(&ltx, err);
	else
		rc = mqs_compaction_expire(&ltx, mqs_judged_now(spool), MQS_COMPACT_RECORDS, &t, err);
	if (rc != MQS_OK || (!unfinished && t.records == 0)) {
		mqs_log_abort(&ltx);
		return rc == MQS_OK ? MQS_NOTHING : rc;
	}
	return commit(&ltx, &t, count, err);
}

/* Loads the settings, which may just have been changed: 1 if the queue is compacted. */
static int
is_wanted(struct mqs_log *log, struct mqs_error *err)
{
	int rc = mqs_log_refresh_now(log, err);

	return rc < 0 ? rc : log->settings.compact != 0;
}

int
mqs_admin_compaction(struct mqs_spool *spool, struct mqs_log *log, uint64_t *count,
    struct mqs_error *err)
{
	int rc;

	if ((rc = is_wanted(log, err)) != 1)
		return rc;
	if ((rc = remove_replaced(log, count, err)) < 0)
		return rc;
	do
		rc = care_for_tombstones(spool, log, count, err);
	while (rc == MQS_OK);
	return rc < 0 ? rc : MQS_OK;
}
