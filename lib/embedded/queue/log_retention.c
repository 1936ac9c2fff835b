/* log_retention.c - see log_retention.h */
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "embedded/queue/group_page.h"
#include "embedded/queue/group_state.h"
#include "embedded/queue/group_temporary.h"
#include "embedded/queue/log_oldest.h"
#include "embedded/queue/log_retention.h"
#include "embedded/store/blob_file.h"
#include "embedded/store/blob_hold.h"

#define CLOCK_EVERY	64		/* records */

/* 1 if there are more bytes than `retain-bytes'. */
static int
is_too_much(const struct mqs_log *log, const uint64_t v[MQS_LOG_VALUES])
{
	const uint64_t most = log->settings.retain_bytes;

	return most != 0 && v[MQS_LOG_IN_BYTES] - v[MQS_LOG_REMOVED_BYTES] > most;
}

/* 1 if the oldest message is older than `retain'. */
static int
is_too_old(const struct mqs_log *log, const uint64_t v[MQS_LOG_VALUES], int64_t now)
{
	const int64_t most = log->settings.retain, oldest = (int64_t)v[MQS_LOG_OLDEST_TIME];

	return most != INT64_MAX && oldest <= now && now - oldest > most;
}

int
mqs_trim_wanted(const struct mqs_log *log, const uint64_t v[MQS_LOG_VALUES],
    int64_t now)
{
	return v[MQS_LOG_ORDINAL] != v[MQS_LOG_REMOVED] &&
	    (is_too_much(log, v) || is_too_old(log, v, now));
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

/* The default of `retain-bytes' is that there is no such limit. */
static int
is_set_on_purpose(const struct mqs_log *log)
{
	return log->retain_set || log->settings.retain_bytes != 0;
}

int
mqs_trim_floor(struct mqs_log *log, const uint64_t v[MQS_LOG_VALUES],
    uint64_t *floor, struct mqs_error *err)
{
	const int64_t now = mqs_later(mqs_now(), log->options->clock_shift);
	struct floor_search s = { log, v, now, UINT64_MAX, 0, err };
	int rc;

	/* Also of one that has lost its file: salvaging it begins at its page's floor. */
	rc = mqs_dir_each_group_left(&log->dir, lower, &s, err);
	if (s.groups > 0)
		*floor = s.floor;
	else
		*floor = is_set_on_purpose(log) ? MQS_FLOOR_NO_GROUP : 0;
	return rc;
}

/* What bounds a transaction that removes. */
struct bounds {
	size_t		records;
	uint64_t	bytes;		/* so far */
	int64_t		until;		/* mqs_boottime */
};

static void
begin(struct mqs_trimmed *t, struct bounds *b, size_t max)
{
	t->records = t->nblobs = 0;
	t->more = 0;
	b->records = max < MQS_TRIM_RECORDS ? max : MQS_TRIM_RECORDS;
	b->bytes = 0;
	b->until = mqs_later(mqs_boottime(), MQS_TRIM_TIME);
}

/* 1 if the transaction may remove no more. */
static int
is_bounded(struct mqs_trimmed *t, const struct bounds *b)
{
	t->more = t->records >= b->records || t->nblobs == MQS_TRIM_BLOBS ||
	    b->bytes >= MQS_TRIM_BYTES ||
	    (t->records % CLOCK_EVERY == CLOCK_EVERY - 1 && mqs_boottime() >= b->until);
	return t->more;
}

/* Removes the oldest record. */
static int
remove_first(struct mqs_oldest *o, struct mqs_trimmed *t, struct bounds *b, struct mqs_error *err)
{
	uint64_t blob;
	int rc;

	if (!(o->r.flags & MQS_RECORD_LARGE))
		b->bytes += o->r.message.body_len;
	if ((rc = mqs_oldest_remove(o, &blob, err)) != MQS_OK)
		return rc;
	if (blob != 0)
		t->blobs[t->nblobs++] = blob;
	t->records++;
	return MQS_OK;
}

/* Where there is no group, age counts only if it was set. */
static int
is_allowed(const struct mqs_log_tx *ltx, uint64_t floor, int64_t now)
{
	if (ltx->log->settings.compact)
		return 0;
	return is_too_much(ltx->log, ltx->v) ||
	    ((floor != MQS_FLOOR_NO_GROUP || ltx->log->retain_set) &&
	    is_too_old(ltx->log, ltx->v, now));
}

/* 1 in *may if the oldest message may go.  If it looks too young, it is verified first. */
static int
may_go(struct mqs_oldest *o, int64_t now, uint64_t floor, int everything, int *may,
    struct mqs_error *err)
{
	struct mqs_log_tx *ltx = o->ltx;
	int rc;

	if ((rc = mqs_oldest_is_below(o, floor, may, err)) != MQS_OK)
		return rc;
	ltx->v[MQS_LOG_OLDEST_TIME] = (uint64_t)o->r.message.time;
	if (!*may || everything)
		return MQS_OK;
	*may = is_allowed(ltx, floor, now);
	if (*may || !o->vouched)
		return MQS_OK;
	if ((rc = mqs_oldest_verify(o, err)) != MQS_OK)
		return rc;
	ltx->v[MQS_LOG_OLDEST_TIME] = (uint64_t)o->r.message.time;
	*may = is_allowed(ltx, floor, now);
	return MQS_OK;
}

int
mqs_trim_some(struct mqs_log_tx *ltx, int64_t now, uint64_t floor, size_t max,
    int everything, struct mqs_trimmed *t, struct mqs_error *err)
{
	struct bounds b;
	struct mqs_oldest o;
	int rc, may;

	begin(t, &b, max);
	if ((rc = mqs_oldest_begin(&o, ltx, floor, err)) != MQS_OK)
		return rc;
	while ((rc = mqs_oldest_next(&o, err)) == MQS_OK && !is_bounded(t, &b))
		if ((rc = may_go(&o, now, floor, everything, &may, err)) != MQS_OK || !may ||
		    (rc = remove_first(&o, t, &b, err)) != MQS_OK)
			break;
	return mqs_oldest_end(&o, rc, err);
}

int
mqs_trim_to_size(struct mqs_log_tx *ltx, uint64_t messages, uint64_t bytes, uint64_t floor,
    struct mqs_trimmed *t, uint64_t *dropped, struct mqs_error *err)
{
	const uint64_t *v = ltx->v;
	struct bounds b;
	struct mqs_oldest o;
	int rc;

	*dropped = 0;
	begin(t, &b, MQS_TRIM_RECORDS);
	if ((rc = mqs_oldest_begin(&o, ltx, UINT64_MAX, err)) != MQS_OK)
		return rc;
	while ((rc = mqs_oldest_next(&o, err)) == MQS_OK && !is_bounded(t, &b) &&
	    (v[MQS_LOG_ORDINAL] - v[MQS_LOG_REMOVED] > messages ||
	    v[MQS_LOG_IN_BYTES] - v[MQS_LOG_REMOVED_BYTES] > bytes)) {
		*dropped += o.r.message.seq >= floor;
		if ((rc = remove_first(&o, t, &b, err)) != MQS_OK)
			break;
	}
	return mqs_oldest_end(&o, rc, err);
}

int
mqs_trim_unlink(const struct mqs_log *log, const struct mqs_trimmed *t,
    struct mqs_error *err)
{
	size_t i;
	int rc;

	if (t->nblobs == 0 || mqs_blob_is_held(&log->dir))
		return MQS_OK;
	for (i = 0; i < t->nblobs; i++)
		if ((rc = mqs_blob_unlink(&log->dir, t->blobs[i], err)) != MQS_OK)
			return rc;
	return MQS_OK;
}
