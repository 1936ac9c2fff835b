/* log_retention.c - see log_retention.h */
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "embedded/queue/group_page.h"
#include "embedded/queue/group_state.h"
#include "embedded/queue/group_temporary.h"
#include "embedded/queue/log_retention.h"
#include "embedded/queue/log_walk.h"
#include "embedded/store/blob_file.h"
#include "embedded/store/blob_hold.h"

#define VERIFIED	((size_t)4096)	/* bytes of a record that is verified before it goes */
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

	rc = mqs_dir_each_group(&log->dir, lower, &s, err);
	if (s.groups > 0)
		*floor = s.floor;
	else
		*floor = is_set_on_purpose(log) ? MQS_FLOOR_NO_GROUP : 0;
	return rc;
}

/* The oldest record of a write transaction. */
struct oldest {
	struct mqs_cur		*cur;		/* stands on it */
	struct mqs_record	 r;
	struct mqs_slice	 value;
};

/*
 * Verifies the oldest record: if it is damaged, it gets the id that log_walk.h says, and
 * what can be read of it.  Those that are missing in front of it are removed already.
 */
static int
look_closely(struct mqs_log_tx *ltx, struct oldest *o, struct mqs_error *err)
{
	struct mqs_walk w;
	int rc;

	mqs_walk_begin(&w, o->cur, ltx->v[MQS_LOG_LAST_ID], ltx->v[MQS_LOG_ORDINAL],
	    ltx->v[MQS_LOG_COMPACTED] != 0 ? MQS_WALK_GAPS : ltx->v[MQS_LOG_REMOVED]);
	if ((rc = mqs_walk_next(&w, err)) != MQS_OK)
		return rc;
	if (mqs_record_decode(&o->r, w.id, w.value, 0, NULL) != MQS_OK) {
		memset(&o->r, 0, sizeof(o->r));
		o->r.message.seq = w.id;
		o->r.message.time = (int64_t)w.id;
	}
	ltx->v[MQS_LOG_REMOVED] += w.missing;
	return MQS_OK;
}

/* 1 if the key of the record behind the oldest is greater than id; stays where it is. */
static int
is_before_next(struct oldest *o, uint64_t id, struct mqs_error *err)
{
	struct mqs_slice key = { NULL, 0 }, value;
	int rc, greater;

	if ((rc = mqs_cur_move(o->cur, MQS_NEXT, &key, &value, err)) < 0)
		return rc;
	greater = rc == MQS_NOTHING || (key.n == 8 && mqs_get_be64(key.p) > id);
	rc = mqs_cur_move(o->cur, MQS_FIRST, &key, &o->value, err);
	return rc < 0 ? rc : greater;
}

/*
 * 1 if the key of the oldest record is its id.  A record that fits its checksum says so.
 * To verify a long one, all of its pages would have to be read, so it is believed if its
 * key is less than the next one.
 */
static int
is_sound(struct mqs_log_tx *ltx, struct oldest *o, uint64_t id, struct mqs_error *err)
{
	int rc;

	if (id == 0 || id > ltx->v[MQS_LOG_LAST_ID])
		return 0;
	if (o->value.n <= VERIFIED && !mqs_record_verify(id, o->value))
		return 0;
	if (o->value.n > VERIFIED && (rc = is_before_next(o, id, err)) <= 0)
		return rc;
	return mqs_record_decode(&o->r, id, o->value, 0, NULL) == MQS_OK &&
	    (o->r.ordinal == ltx->v[MQS_LOG_REMOVED] + 1 || ltx->v[MQS_LOG_COMPACTED] != 0);
}

/*
 * Goes to the oldest record, or MQS_NOTHING.  Where the one before it was removed, that is
 * the next one, which is found without a search.
 */
static int
first(struct mqs_log_tx *ltx, struct oldest *o, struct mqs_error *err)
{
	struct mqs_slice key = { NULL, 0 };
	int rc;

	rc = mqs_cur_move(o->cur, MQS_NEXT, &key, &o->value, err);
	if (rc == MQS_OK)
		rc = is_sound(ltx, o, key.n == 8 ? mqs_get_be64(key.p) : 0, err);
	else if (rc == MQS_NOTHING)
		rc = 0;
	if (rc != 0)
		return rc < 0 ? rc : MQS_OK;
	if ((rc = mqs_cur_move(o->cur, MQS_FIRST, &key, &o->value, err)) != MQS_OK)
		return rc;
	return look_closely(ltx, o, err);
}

/*
 * 1 in *below if the oldest message is below a floor.  The key of a long record does not say
 * so alone, for it may be damaged; the floor then lies between it and the next one.
 */
static int
is_below(struct mqs_log_tx *ltx, struct oldest *o, uint64_t floor, int *below,
    struct mqs_error *err)
{
	int rc = MQS_OK;

	if (o->value.n > VERIFIED && o->r.message.seq < floor && floor != MQS_FLOOR_NO_GROUP &&
	    (rc = is_before_next(o, floor, err)) > 0)
		rc = mqs_record_verify(o->r.message.seq, o->value) ? MQS_OK :
		    look_closely(ltx, o, err);
	*below = o->r.message.seq < floor;
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
remove_first(struct mqs_log_tx *ltx, struct oldest *o, struct mqs_trimmed *t, struct bounds *b,
    struct mqs_error *err)
{
	uint64_t blob;
	int rc;

	if (!(o->r.flags & MQS_RECORD_LARGE))
		b->bytes += o->r.message.body_len;
	if ((rc = mqs_log_remove(ltx, o->cur, &o->r, &blob, err)) != MQS_OK)
		return rc;
	if (blob != 0)
		t->blobs[t->nblobs++] = blob;
	t->records++;
	return MQS_OK;
}

/* Notes the time of the oldest that is left. */
static int
note_oldest(struct mqs_log_tx *ltx, const struct oldest *o, int rc)
{
	if (rc < 0)
		return rc;
	ltx->v[MQS_LOG_OLDEST_TIME] = rc == MQS_OK ? (uint64_t)o->r.message.time : 0;
	return MQS_OK;
}

/* Where there is no group, age counts only if it was set. */
static int
may_go(const struct mqs_log_tx *ltx, uint64_t floor, int64_t now)
{
	if (ltx->log->settings.compact)
		return 0;
	return is_too_much(ltx->log, ltx->v) ||
	    ((floor != MQS_FLOOR_NO_GROUP || ltx->log->retain_set) &&
	    is_too_old(ltx->log, ltx->v, now));
}

int
mqs_trim_some(struct mqs_log_tx *ltx, int64_t now, uint64_t floor, size_t max,
    int everything, struct mqs_trimmed *t, struct mqs_error *err)
{
	struct bounds b;
	struct oldest o;
	int rc, below;

	begin(t, &b, max);
	if ((rc = mqs_cur_new(&o.cur, ltx->tx, MQS_LOG_MESSAGES, err)) != MQS_OK)
		return rc;
	while ((rc = first(ltx, &o, err)) == MQS_OK && !is_bounded(t, &b)) {
		if ((rc = is_below(ltx, &o, floor, &below, err)) != MQS_OK)
			break;
		ltx->v[MQS_LOG_OLDEST_TIME] = (uint64_t)o.r.message.time;
		if (!below || (!everything && !may_go(ltx, floor, now)) ||
		    (rc = remove_first(ltx, &o, t, &b, err)) != MQS_OK)
			break;
	}
	mqs_cur_free(o.cur);
	return note_oldest(ltx, &o, rc);
}

int
mqs_trim_to_size(struct mqs_log_tx *ltx, uint64_t messages, uint64_t bytes, uint64_t floor,
    struct mqs_trimmed *t, uint64_t *dropped, struct mqs_error *err)
{
	const uint64_t *v = ltx->v;
	struct bounds b;
	struct oldest o;
	int rc;

	*dropped = 0;
	begin(t, &b, MQS_TRIM_RECORDS);
	if ((rc = mqs_cur_new(&o.cur, ltx->tx, MQS_LOG_MESSAGES, err)) != MQS_OK)
		return rc;
	while ((rc = first(ltx, &o, err)) == MQS_OK && !is_bounded(t, &b) &&
	    (v[MQS_LOG_ORDINAL] - v[MQS_LOG_REMOVED] > messages ||
	    v[MQS_LOG_IN_BYTES] - v[MQS_LOG_REMOVED_BYTES] > bytes)) {
		*dropped += o.r.message.seq >= floor;
		if ((rc = remove_first(ltx, &o, t, &b, err)) != MQS_OK)
			break;
	}
	mqs_cur_free(o.cur);
	return note_oldest(ltx, &o, rc);
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
