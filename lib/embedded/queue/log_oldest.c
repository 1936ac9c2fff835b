/* log_oldest.c - see log_oldest.h */
#include <string.h>

#include "base/error.h"
#include "embedded/queue/log_key_index.h"
#include "embedded/queue/log_oldest.h"
#include "embedded/queue/log_segment.h"
#include "embedded/queue/log_walk.h"

#define VERIFIED	((size_t)4096)	/* bytes of a record that is verified before it goes */

/* 1 if a plain record needs nothing but to be counted and deleted. */
static int
may_be_vouched_for(const uint64_t v[MQS_LOG_VALUES])
{
	return v[MQS_LOG_COMPACTED] == 0 && v[MQS_LOG_KEY_INDEX] == MQS_KEY_INDEX_NONE &&
	    v[MQS_LOG_TOMBSTONED] == 0;
}

int
mqs_oldest_begin(struct mqs_oldest *o, struct mqs_log_tx *ltx, uint64_t floor,
    struct mqs_error *err)
{
	int rc, hides;

	memset(o, 0, sizeof(*o));
	o->ltx = ltx;
	if ((rc = mqs_log_segment_hides(ltx, &hides, err)) != MQS_OK ||
	    (rc = mqs_cur_new(&o->cur, ltx->tx, MQS_LOG_MESSAGES, err)) != MQS_OK)
		return rc;
	mqs_delete_front_begin(&o->front, ltx->tx, o->cur, hides);
	if (floor > 0 && may_be_vouched_for(ltx->v) &&
	    (rc = mqs_voucher_find(&o->voucher, o->cur, floor, err)) != MQS_OK)
		mqs_cur_free(o->cur);
	return rc;
}

/*
 * Verifies the oldest record: if it is damaged, it gets the id that log_walk.h says, and
 * what can be read of it.  Those that are missing in front of it are removed already.
 */
static int
look_closely(struct mqs_oldest *o, struct mqs_error *err)
{
	uint64_t *v = o->ltx->v, id;
	struct mqs_walk w;
	int rc;

	mqs_walk_begin(&w, o->cur, v[MQS_LOG_LAST_ID], v[MQS_LOG_ORDINAL],
	    v[MQS_LOG_COMPACTED] != 0 ? MQS_WALK_GAPS : v[MQS_LOG_REMOVED]);
	if ((rc = mqs_walk_next(&w, err)) != MQS_OK)
		return rc;
	/* No neighbour in front tells any more that a key is too low, and that it is not settled. */
	if (!w.bad || w.key != w.id ||
	    !mqs_record_find_id(w.value, w.key, w.id, v[MQS_LOG_LAST_ID], &id))
		id = w.id;
	if (mqs_record_decode(&o->r, id, w.value, 0, NULL) != MQS_OK) {
		memset(&o->r, 0, sizeof(o->r));
		o->r.message.seq = id;
		o->r.message.time = (int64_t)id;
	}
	v[MQS_LOG_REMOVED] += w.missing;
	return MQS_OK;
}

/* 1 if the key of the record behind the oldest is greater than id; stays where it is. */
static int
is_before_next(struct mqs_oldest *o, uint64_t id, struct mqs_error *err)
{
	struct mqs_slice key = { NULL, 0 }, value;
	int rc, greater;

	/* At the end of the table the cursor does not move. */
	if ((rc = mqs_cur_move(o->cur, MQS_NEXT, &key, &value, err)) != MQS_OK)
		return rc == MQS_NOTHING ? 1 : rc;
	greater = key.n == 8 && mqs_get_be64(key.p) > id;
	rc = mqs_cur_move(o->cur, MQS_PREV, &key, &o->front.value, err);
	return rc < 0 ? rc : greater;
}

/* 1 if a record belongs at the front of the log. */
static int
is_next_in_order(const struct mqs_oldest *o)
{
	const uint64_t *v = o->ltx->v;

	return o->r.ordinal == v[MQS_LOG_REMOVED] + 1 || v[MQS_LOG_COMPACTED] != 0;
}

/*
 * 1 if the key of the oldest record is its id.  A record that fits its checksum says so.
 * To verify a long one, all of its pages would have to be read, so it is believed if its
 * key lies between those around it.
 */
static int
is_sound(struct mqs_oldest *o, uint64_t id, struct mqs_error *err)
{
	int rc = 0;

	if (id == 0 || id > o->ltx->v[MQS_LOG_LAST_ID])
		return 0;
	if (o->front.value.n <= VERIFIED && !mqs_record_verify(id, o->front.value))
		return 0;
	if (o->front.value.n > VERIFIED &&
	    (id < o->r.message.seq || (rc = is_before_next(o, id, err)) == 0))
		return 0;
	if (rc < 0)
		return rc;
	return mqs_record_decode(&o->r, id, o->front.value, 0, NULL) == MQS_OK && is_next_in_order(o);
}

/* Deletes those that are left in front of the oldest record, and looks at it closely. */
static int
look_from_first(struct mqs_oldest *o, struct mqs_error *err)
{
	struct mqs_delete_front *f = &o->front;
	int rc;

	if ((rc = mqs_delete_front_end(f, err)) != MQS_OK ||
	    (rc = mqs_cur_move(o->cur, MQS_FIRST, &f->key, &f->value, err)) != MQS_OK)
		return rc;
	return look_closely(o, err);
}

/* Looks at the oldest record, which is not vouched for; found: the cursor has come to one. */
static int
look(struct mqs_oldest *o, int found, struct mqs_error *err)
{
	struct mqs_delete_front *f = &o->front;
	int rc = 0;

	o->vouched = 0;
	if (found && (f->hides || f->left == 0 || f->value.n <= VERIFIED))
		rc = is_sound(o, f->key.n == 8 ? mqs_get_be64(f->key.p) : 0, err);
	o->sound = rc > 0;
	if (rc != 0)
		return rc < 0 ? rc : MQS_OK;
	return look_from_first(o, err);
}

int
mqs_oldest_next(struct mqs_oldest *o, struct mqs_error *err)
{
	struct mqs_delete_front *f = &o->front;
	int rc;

	if ((rc = mqs_delete_front_next(f, err)) < 0)
		return rc;
	o->vouched = rc == MQS_OK && mqs_voucher_covers(&o->voucher, f->key, f->value,
	    o->r.message.seq, o->ltx->v[MQS_LOG_REMOVED] + 1, &o->r);
	return o->vouched ? MQS_OK : look(o, rc == MQS_OK, err);
}

int
mqs_oldest_verify(struct mqs_oldest *o, struct mqs_error *err)
{
	return o->vouched ? look(o, 1, err) : MQS_OK;
}

/*
 * The key of a long record does not say alone whether it is below a floor, for it may be
 * damaged; the floor then lies between it and the next one.
 */
int
mqs_oldest_is_below(struct mqs_oldest *o, uint64_t floor, int *below, struct mqs_error *err)
{
	int rc = MQS_OK;

	if (!o->vouched && o->front.value.n > VERIFIED && o->r.message.seq < floor && floor != UINT64_MAX &&
	    (rc = is_before_next(o, floor, err)) > 0)
		rc = mqs_record_verify(o->r.message.seq, o->front.value) ? MQS_OK :
		    look_from_first(o, err);
	*below = o->r.message.seq < floor;
	return rc;
}

int
mqs_oldest_remove(struct mqs_oldest *o, uint64_t *blob, struct mqs_error *err)
{
	uint64_t *v = o->ltx->v;
	int rc;

	if (o->vouched) {
		*blob = 0;
		v[MQS_LOG_REMOVED]++;
		v[MQS_LOG_REMOVED_BYTES] += o->r.message.body_len;
	} else if ((rc = mqs_log_count_removed(o->ltx, &o->r, blob, err)) != MQS_OK)
		return rc;
	if (o->vouched || o->sound || o->front.hides)
		return mqs_delete_front_del(&o->front, err);
	/* Not by its key: that may be damaged, and another's. */
	return mqs_cur_del(o->cur, err);
}

int
mqs_oldest_end(struct mqs_oldest *o, int rc, struct mqs_error *err)
{
	uint64_t oldest;

	if (rc == MQS_OK)
		rc = mqs_oldest_verify(o, err);
	oldest = rc == MQS_OK ? (uint64_t)o->r.message.time : 0;
	if (rc >= 0)
		rc = mqs_delete_front_end(&o->front, err);
	mqs_cur_free(o->cur);
	if (rc < 0)
		return rc;
	o->ltx->v[MQS_LOG_OLDEST_TIME] = oldest;
	return MQS_OK;
}
