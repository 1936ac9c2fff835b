/* log_reader.c - see log_reader.h */
#include "base/error.h"
#include "embedded/queue/log_reader.h"

int
mqs_log_reader_init(struct mqs_log_reader *r, struct mqs_log *log,
    struct mqs_error *err)
{
	int rc;

	memset(r, 0, sizeof(*r));
	r->log = log;
	if ((rc = mqs_tx_read(log->db, &r->tx, err)) != MQS_OK)
		return rc;
	if ((rc = mqs_cur_new(&r->cur, r->tx, MQS_LOG_MESSAGES, err)) != MQS_OK) {
		mqs_tx_abort(r->tx);
		r->tx = NULL;
	}
	return rc;
}

void
mqs_log_reader_done(struct mqs_log_reader *r)
{
	mqs_cur_free(r->cur);
	mqs_tx_abort(r->tx);
	r->cur = NULL;
	r->tx = NULL;
}

void
mqs_log_reader_rest(struct mqs_log_reader *r)
{
	if (r->resting || r->tx == NULL)
		return;
	mqs_tx_rest(r->tx);
	r->resting = 1;
	r->placed = r->closely = 0;
}

static int
wake(struct mqs_log_reader *r, struct mqs_error *err)
{
	int rc;

	if (!r->resting)
		return MQS_OK;
	if ((rc = mqs_tx_renew(r->tx, err)) != MQS_OK ||
	    (rc = mqs_cur_renew(r->cur, err)) != MQS_OK)
		return rc;
	r->resting = 0;
	r->placed = 0;
	return MQS_OK;
}

void
mqs_log_reader_seek(struct mqs_log_reader *r, uint64_t id)
{
	r->at = id == 0 ? 0 : id - 1;
	r->ordinal = 0;
	r->placed = r->closely = r->told = 0;
}

void
mqs_log_reader_seek_behind(struct mqs_log_reader *r, uint64_t id, uint64_t ordinal)
{
	mqs_log_reader_seek(r, id + 1);
	r->ordinal = ordinal;
}

void
mqs_log_reader_look_closely(struct mqs_log_reader *r)
{
	r->placed = 0;
	r->closely = 1;
}

/* Adds the queue's name to what is wrong with one of its records. */
static int
decode(struct mqs_log_reader *r, uint64_t id, struct mqs_slice value,
    int verify, struct mqs_record *record, struct mqs_error *err)
{
	struct mqs_error why;
	int rc;

	if ((rc = mqs_record_decode(record, id, value, verify, &why)) != MQS_OK)
		return mqs_fail(err, rc, "%s: %s", r->log->dir.name, why.text);
	return MQS_OK;
}

/* ------------------------------------------------------ looking closely -- */

static int
walk_from(struct mqs_log_reader *r, uint64_t id, uint64_t ordinal, struct mqs_error *err)
{
	uint64_t v[MQS_LOG_VALUES];
	int rc;

	if ((rc = mqs_log_state(r->tx, v, err)) != MQS_OK)
		return rc;
	mqs_walk_begin(&r->walk, r->cur, v[MQS_LOG_LAST_ID], v[MQS_LOG_ORDINAL],
	    v[MQS_LOG_COMPACTED] != 0 ? MQS_WALK_GAPS : v[MQS_LOG_REMOVED]);
	return mqs_walk_from(&r->walk, id, ordinal, err);
}

/* The next record behind `at', closely looked at: its id and ordinal become the reader's. */
static int
walk_next(struct mqs_log_reader *r, struct mqs_error *err)
{
	int rc;

	if (r->placed)
		rc = mqs_walk_next(&r->walk, err);
	else if (r->at == UINT64_MAX)
		return MQS_NOTHING;
	else
		rc = walk_from(r, r->at + 1, r->ordinal, err);
	r->placed = rc == MQS_OK;
	if (rc == MQS_OK) {
		r->at = r->walk.id;
		r->ordinal = r->walk.ordinal;
	}
	return rc;
}

/*
 * Does one step closely, in place of one that met something wrong or could not know: gives
 * the record, or says that it is damaged, or that some in front of it are missing.
 */
static int
next_closely(struct mqs_log_reader *r, struct mqs_record *record, struct mqs_error *err)
{
	const struct mqs_walk *w = &r->walk;
	const uint64_t at = r->at;
	int rc;

	r->placed = 0;
	if ((rc = walk_next(r, err)) < 0)
		return rc;
	if (w->missing > 0 && !r->told) {
		r->told = 1;
		r->at = at;
		r->ordinal = 0;
		r->placed = 0;
		return mqs_walk_tell_missing(w, r->log->dir.name, err);
	}
	if (rc != MQS_OK)
		return rc;
	r->told = 0;
	return w->bad ? mqs_walk_tell_damage(w, r->log->dir.name, err) :
	    decode(r, w->id, w->value, 0, record, err);
}

/* ------------------------------------------------------------- in order -- */

static int
tell_order(const struct mqs_log_reader *r, uint64_t id, struct mqs_error *err)
{
	return mqs_fail(err, MQS_EDAMAGED, "%s: messages %llu and %llu: damaged: out of order",
	    r->log->dir.name, (unsigned long long)r->at, (unsigned long long)id);
}

/*
 * The next record by the tree's order.  An id that is not greater than the one before is
 * MQS_EDAMAGED, and the reader does not move.
 */
static int
step(struct mqs_log_reader *r, uint64_t *id, struct mqs_slice *value, struct mqs_error *err)
{
	struct mqs_slice key = { NULL, 0 };
	unsigned char from[8];
	int rc;

	if (r->placed)
		rc = mqs_cur_move(r->cur, MQS_NEXT, &key, value, err);
	else {
		if (r->at == UINT64_MAX)
			return MQS_NOTHING;
		mqs_put_be64(from, r->at + 1);
		key.p = from;
		key.n = sizeof(from);
		rc = mqs_cur_move(r->cur, MQS_FROM, &key, value, err);
	}
	r->placed = 0;
	if (rc != MQS_OK)
		return rc;
	*id = key.n == 8 ? mqs_get_be64(key.p) : 0;
	if (*id <= r->at && *id + r->at != 0)
		return tell_order(r, *id, err);
	r->at = *id;
	r->placed = 1;
	return MQS_OK;
}

int
mqs_log_reader_next_raw(struct mqs_log_reader *r, uint64_t *id,
    struct mqs_slice *value, struct mqs_error *err)
{
	int rc;

	if ((rc = wake(r, err)) != MQS_OK)
		return rc;
	if (!r->closely) {
		r->ordinal = 0;
		return step(r, id, value, err);
	}
	if ((rc = walk_next(r, err)) != MQS_OK)
		return rc;
	*id = r->walk.id;
	*value = r->walk.value;
	return MQS_OK;
}

int
mqs_log_reader_is_whole_before(struct mqs_log_reader *r, uint64_t id)
{
	struct mqs_slice key, value;
	uint64_t at;
	int rc, whole;

	rc = mqs_cur_move(r->cur, r->placed ? MQS_PREV : MQS_LAST, &key, &value, NULL);
	at = rc == MQS_OK && key.n == 8 ? mqs_get_be64(key.p) : 0;
	whole = rc == MQS_NOTHING || (at != 0 && at <= id && mqs_record_verify(at, value));
	if (r->placed)
		r->placed = mqs_cur_move(r->cur, rc == MQS_NOTHING ? MQS_FIRST : MQS_NEXT,
		    &key, &value, NULL) == MQS_OK;
	return whole;
}

/* 1 if ordinals may be left out.  Once a log was compacted, that stays so. */
static int
has_gaps(struct mqs_log_reader *r)
{
	uint64_t v[MQS_LOG_VALUES];

	if (!r->gaps && mqs_log_state(r->tx, v, NULL) == MQS_OK)
		r->gaps = v[MQS_LOG_COMPACTED] != 0;
	return r->gaps;
}

/* 1 if nothing is missing behind the reader's place, where the table ends. */
static int
is_end(struct mqs_log_reader *r)
{
	uint64_t v[MQS_LOG_VALUES];

	return mqs_log_state(r->tx, v, NULL) == MQS_OK &&
	    (r->ordinal == v[MQS_LOG_ORDINAL] || v[MQS_LOG_COMPACTED] != 0);
}

int
mqs_log_reader_next(struct mqs_log_reader *r, int verify,
    struct mqs_record *record, struct mqs_error *err)
{
	const uint64_t at = r->at;
	struct mqs_slice value;
	uint64_t id;
	int rc;

	if ((rc = wake(r, err)) != MQS_OK)
		return rc;
	if (r->ordinal == 0 || r->told)
		return next_closely(r, record, err);
	if ((rc = step(r, &id, &value, err)) == MQS_OK &&
	    (rc = decode(r, id, value, verify, record, err)) == MQS_OK &&
	    (record->ordinal == r->ordinal + 1 ||
	    (record->ordinal > r->ordinal && has_gaps(r)))) {
		r->ordinal = record->ordinal;
		return MQS_OK;
	}
	if ((rc == MQS_NOTHING && is_end(r)) ||
	    (rc < 0 && rc != MQS_EDAMAGED && rc != MQS_EVERSION))
		return rc;
	r->at = at;
	return next_closely(r, record, err);
}

int
mqs_log_reader_decode(struct mqs_log_reader *r, struct mqs_slice value,
    struct mqs_record *record, struct mqs_error *err)
{
	return decode(r, r->at, value, 0, record, err);
}

/* --------------------------------------------------------------- one id -- */

/* 1 if a record is stored under an id, whatever its own is. */
static int
is_stored_as(struct mqs_log_reader *r, uint64_t id)
{
	unsigned char at[8];
	struct mqs_slice value;

	mqs_put_be64(at, id);
	return mqs_tx_get(r->tx, MQS_LOG_MESSAGES, at, sizeof(at), &value, NULL) == MQS_OK;
}

/* Looks for a record that is not where its id leads, or is damaged. */
static int
find_closely(struct mqs_log_reader *r, uint64_t id, struct mqs_record *record,
    struct mqs_error *err)
{
	const struct mqs_walk *w = &r->walk;
	int rc;

	r->placed = 0;
	if ((rc = walk_from(r, id, 0, err)) < 0)
		return rc;
	if (rc == MQS_OK && w->id == id) {
		r->at = id;
		r->ordinal = w->ordinal;
		r->placed = 1;
		return w->bad ? mqs_walk_tell_damage(w, r->log->dir.name, err) :
		    decode(r, id, w->value, 0, record, err);
	}
	/* A consumer may have taken the key for its id. */
	if (rc == MQS_OK && w->bad && w->key == id)
		return mqs_walk_tell_damage(w, r->log->dir.name, err);
	if (is_stored_as(r, id))
		return mqs_fail(err, MQS_EDAMAGED, "%s: message %llu: damaged",
		    r->log->dir.name, (unsigned long long)id);
	if ((w->before == 0 && w->missing == 0) || id > w->last_id || w->removed == MQS_WALK_GAPS)
		return MQS_NOTHING;
	return mqs_fail(err, MQS_EDAMAGED, "%s: message %llu: damaged: it is missing behind %llu",
	    r->log->dir.name, (unsigned long long)id, (unsigned long long)w->before);
}

int
mqs_log_reader_at(struct mqs_log_reader *r, uint64_t id, int verify,
    struct mqs_record *record, struct mqs_error *err)
{
	struct mqs_slice key, value;
	unsigned char at[8];
	int rc = MQS_NOTHING;

	if ((rc = wake(r, err)) != MQS_OK)
		return rc;
	if (r->closely)
		return find_closely(r, id, record, err);
	rc = MQS_NOTHING;
	if (r->placed && r->at < id &&
	    (rc = mqs_cur_move(r->cur, MQS_NEXT, &key, &value, err)) < 0)
		return rc;
	if (rc != MQS_OK || key.n != 8 || mqs_get_be64(key.p) != id) {
		mqs_put_be64(at, id);
		key.p = at;
		key.n = sizeof(at);
		rc = mqs_cur_move(r->cur, MQS_AT, &key, &value, err);
	}
	if (rc < 0)
		return rc;
	if (rc == MQS_OK && decode(r, id, value, verify, record, NULL) == MQS_OK) {
		r->at = id;
		r->ordinal = record->ordinal;
		r->placed = 1;
		return MQS_OK;
	}
	return find_closely(r, id, record, err);
}

int
mqs_log_reader_before(struct mqs_log_reader *r, uint64_t id,
    struct mqs_record *record, struct mqs_error *err)
{
	struct mqs_slice key, value;
	unsigned char from[8];
	int rc;

	if ((rc = wake(r, err)) != MQS_OK)
		return rc;
	r->closely = 0;
	mqs_put_be64(from, id);
	key.p = from;
	key.n = sizeof(from);
	if (id == UINT64_MAX)
		rc = mqs_cur_move(r->cur, MQS_LAST, &key, &value, err);
	else if (r->placed && r->at == id)
		rc = mqs_cur_move(r->cur, MQS_PREV, &key, &value, err);
	else if ((rc = mqs_cur_move(r->cur, MQS_FROM, &key, &value, err)) == MQS_OK)
		rc = mqs_cur_move(r->cur, MQS_PREV, &key, &value, err);
	else if (rc == MQS_NOTHING)
		rc = mqs_cur_move(r->cur, MQS_LAST, &key, &value, err);
	r->placed = 0;
	if (rc != MQS_OK)
		return rc;
	r->at = key.n == 8 ? mqs_get_be64(key.p) : UINT64_MAX;
	if (r->at >= id)
		return tell_order(r, id, err);
	if ((rc = decode(r, r->at, value, 0, record, err)) != MQS_OK)
		return rc;
	if (id != UINT64_MAX && r->ordinal != 0 && r->ordinal != record->ordinal + 1 &&
	    (r->ordinal <= record->ordinal || !has_gaps(r)))
		return tell_order(r, id, err);
	r->ordinal = record->ordinal;
	r->placed = 1;
	return MQS_OK;
}

int
mqs_log_reader_state(struct mqs_log_reader *r, uint64_t v[MQS_LOG_VALUES],
    struct mqs_error *err)
{
	int rc;

	if ((rc = wake(r, err)) != MQS_OK)
		return rc;
	return mqs_log_state(r->tx, v, err);
}
