/* log_retention.c - see log_retention.h */
#include "base/clock.h"
#include "base/error.h"
#include "embedded/queue/group_page.h"
#include "embedded/queue/group_state.h"
#include "embedded/queue/group_temporary.h"
#include "embedded/queue/log_retention.h"
#include "embedded/store/blob_file.h"

int
mqs_trim_wanted(const struct mqs_log *log, const uint64_t v[MQS_LOG_VALUES],
    int64_t now)
{
	const struct mqs_log_settings *s = &log->settings;
	int64_t oldest = (int64_t)v[MQS_LOG_OLDEST_TIME];

	if (v[MQS_LOG_ORDINAL] == v[MQS_LOG_REMOVED])
		return 0;
	if (s->retain_bytes != 0 && v[MQS_LOG_IN_BYTES] -
	    v[MQS_LOG_REMOVED_BYTES] > s->retain_bytes)
		return 1;
	return s->retain != INT64_MAX && oldest <= now && now - oldest > s->retain;
}

struct floor_search {
	struct mqs_log		*log;
	const uint64_t		*lv;
	int64_t			 now;
	uint64_t		 floor;
	unsigned		 groups;
	struct mqs_error	*err;
};

static int
lower(void *arg, const char *group)
{
	struct floor_search *s = arg;
	uint64_t v[MQS_GROUP_VALUES];
	int rc, gone;

	if ((rc = mqs_group_remove_expired(s->log, group, s->now, &gone, s->err)) != MQS_OK ||
	    gone)
		return rc;
	s->groups++;
	if ((rc = mqs_group_peek(&s->log->dir, group, v, s->err)) < 0)
		return rc;
	if (rc == MQS_NOTHING || mqs_group_ahead(v, s->lv))
		s->floor = 0;
	else if (v[MQS_GROUP_FLOOR] < s->floor)
		s->floor = v[MQS_GROUP_FLOOR];
	return 0;
}

int
mqs_trim_floor(struct mqs_log *log, const uint64_t v[MQS_LOG_VALUES],
    uint64_t *floor, struct mqs_error *err)
{
	const int64_t now = mqs_later(mqs_now(), log->options->clock_shift);
	struct floor_search s = { log, v, now, UINT64_MAX, 0, err };
	int rc;

	rc = mqs_dir_each_group(&log->dir, lower, &s, err);
	*floor = s.groups == 0 ? 0 : s.floor;
	return rc;
}

/* The first record of a write transaction, or MQS_NOTHING. */
static int
first(struct mqs_log_tx *ltx, struct mqs_record *r, struct mqs_error *err)
{
	struct mqs_slice key, value;
	struct mqs_error why;
	struct mqs_cur *cur;
	int rc;

	if ((rc = mqs_cur_new(&cur, ltx->tx, MQS_LOG_MESSAGES, err)) != MQS_OK)
		return rc;
	rc = mqs_cur_move(cur, MQS_FIRST, &key, &value, err);
	mqs_cur_free(cur);
	if (rc != MQS_OK)
		return rc;
	if (key.n != 8)
		return mqs_fail(err, MQS_EDAMAGED, "%s: key of %zu bytes",
		    ltx->log->dir.name, key.n);
	if ((rc = mqs_record_decode(r, mqs_get_be64(key.p), value, 0, &why)) != MQS_OK)
		return mqs_fail(err, rc, "%s: %s", ltx->log->dir.name, why.text);
	return MQS_OK;
}

int
mqs_trim_some(struct mqs_log_tx *ltx, int64_t now, uint64_t floor, size_t max,
    int everything, struct mqs_trimmed *t, struct mqs_error *err)
{
	struct mqs_record r;
	uint64_t blob, bytes = 0;
	int rc;

	t->records = t->nblobs = 0;
	if (max > MQS_TRIM_RECORDS)
		max = MQS_TRIM_RECORDS;
	while (t->records < max && bytes < MQS_TRIM_BYTES) {
		if ((rc = first(ltx, &r, err)) == MQS_NOTHING) {
			ltx->v[MQS_LOG_OLDEST_TIME] = 0;
			return MQS_OK;
		}
		if (rc != MQS_OK)
			return rc;
		ltx->v[MQS_LOG_OLDEST_TIME] = (uint64_t)r.message.time;
		if (r.message.seq >= floor ||
		    (!everything && !mqs_trim_wanted(ltx->log, ltx->v, now)))
			return MQS_OK;
		if (!(r.flags & MQS_RECORD_LARGE))
			bytes += r.message.body_len;
		if ((rc = mqs_log_remove(ltx, &r, &blob, err)) != MQS_OK)
			return rc;
		if (blob != 0)
			t->blobs[t->nblobs++] = blob;
		t->records++;
	}
	if ((rc = first(ltx, &r, err)) < 0)
		return rc;
	ltx->v[MQS_LOG_OLDEST_TIME] = rc == MQS_OK ? (uint64_t)r.message.time : 0;
	return MQS_OK;
}

int
mqs_trim_to_size(struct mqs_log_tx *ltx, uint64_t messages, uint64_t bytes, uint64_t floor,
    struct mqs_trimmed *t, uint64_t *dropped, struct mqs_error *err)
{
	const uint64_t *v = ltx->v;
	struct mqs_record r;
	uint64_t blob, gone = 0;
	int rc;

	*dropped = 0;
	t->records = t->nblobs = 0;
	while ((rc = first(ltx, &r, err)) == MQS_OK &&
	    t->records < MQS_TRIM_RECORDS && gone < MQS_TRIM_BYTES &&
	    (v[MQS_LOG_ORDINAL] - v[MQS_LOG_REMOVED] > messages ||
	    v[MQS_LOG_IN_BYTES] - v[MQS_LOG_REMOVED_BYTES] > bytes)) {
		*dropped += r.message.seq >= floor;
		if (!(r.flags & MQS_RECORD_LARGE))
			gone += r.message.body_len;
		if ((rc = mqs_log_remove(ltx, &r, &blob, err)) != MQS_OK)
			return rc;
		if (blob != 0)
			t->blobs[t->nblobs++] = blob;
		t->records++;
	}
	if (rc < 0)
		return rc;
	ltx->v[MQS_LOG_OLDEST_TIME] = rc == MQS_OK ? (uint64_t)r.message.time : 0;
	return MQS_OK;
}

int
mqs_trim_unlink(const struct mqs_log *log, const struct mqs_trimmed *t,
    struct mqs_error *err)
{
	size_t i;
	int rc;

	for (i = 0; i < t->nblobs; i++)
		if ((rc = mqs_blob_unlink(&log->dir, t->blobs[i], err)) != MQS_OK)
			return rc;
	return MQS_OK;
}
