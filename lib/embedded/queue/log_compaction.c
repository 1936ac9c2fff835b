/* log_compaction.c - see log_compaction.h */
#include "base/error.h"
#include "embedded/queue/log_compaction.h"
#include "embedded/queue/log_key_index.h"

#define LOOK_MOST	10000	/* messages looked at for tombstones in one transaction */

void
mqs_compaction_switch(struct mqs_log_tx *ltx, int on)
{
	if (on == (ltx->log->settings.compact != 0))
		return;
	ltx->v[MQS_LOG_COMPACT_AT] = 0;
	ltx->v[MQS_LOG_COMPACT_END] = on ? ltx->v[MQS_LOG_LAST_ID] : 0;
}

int
mqs_compaction_unfinished(const uint64_t v[MQS_LOG_VALUES])
{
	return v[MQS_LOG_COMPACT_AT] < v[MQS_LOG_COMPACT_END];
}

/* ------------------------------------------------------------ removing -- */

/* Moves a cursor of the messages to an id, and decodes what is there, if it is intact. */
static int
find_intact(struct mqs_cur *cur, uint64_t id, struct mqs_record *r, struct mqs_error *err)
{
	unsigned char at[8];
	struct mqs_slice key = { at, sizeof(at) }, value;
	int rc;

	mqs_put_be64(at, id);
	if ((rc = mqs_cur_move(cur, MQS_AT, &key, &value, err)) != MQS_OK)
		return rc;
	return mqs_record_decode(r, id, value, 1, NULL) == MQS_OK ? MQS_OK : MQS_NOTHING;
}

/* Removes the message at which the cursor stands; its large body is added to the blobs. */
static int
remove_at(struct mqs_log_tx *ltx, struct mqs_cur *cur, const struct mqs_record *r,
    uint64_t *blobs, size_t *nblobs, struct mqs_error *err)
{
	uint64_t blob;
	int rc;

	if ((rc = mqs_log_remove(ltx, cur, r, &blob, err)) != MQS_OK)
		return rc;
	ltx->v[MQS_LOG_COMPACTED]++;
	if (blob != 0)
		blobs[(*nblobs)++] = blob;
	return MQS_OK;
}

/* Removes messages of the key that are older, a few of them. */
static int
remove_older(struct mqs_log_tx *ltx, struct mqs_cur *cur, const struct mqs_message *m,
    struct mqs_replaced *t, struct mqs_error *err)
{
	const uint64_t hash = mqs_key_index_hash(m->key, m->key_len);
	uint64_t id = m->seq;
	struct mqs_record r;
	unsigned n = 0;
	int rc = MQS_OK;

	while (n < MQS_REPLACED_MOST && id > 0 &&
	    (rc = mqs_key_index_before(ltx->tx, hash, id - 1, &id, err)) == MQS_OK) {
		if ((rc = find_intact(cur, id, &r, err)) < 0)
			return rc;
		if (rc != MQS_OK || !mqs_key_is(&r.message, m->key, m->key_len))
			continue;
		if (r.flags & MQS_RECORD_LARGE && t->nblobs == MQS_REPLACED_BLOBS)
			break;
		if ((rc = remove_at(ltx, cur, &r, t->blobs, &t->nblobs, err)) != MQS_OK)
			return rc;
		t->records++;
		n++;
	}
	return rc < 0 ? rc : MQS_OK;
}

int
mqs_compaction_replace(struct mqs_log_tx *ltx, const struct mqs_message *m,
    struct mqs_replaced *t, struct mqs_error *err)
{
	unsigned char id[8];
	struct mqs_cur *cur;
	int rc;

	if (m->key_len == 0)
		return mqs_fail(err, MQS_EDATA, "%s: compact=key needs a key",
		    ltx->log->dir.name);
	if (m->body_len == 0) {
		mqs_put_be64(id, m->seq);
		if ((rc = mqs_tx_put(ltx->tx, MQS_LOG_TOMBSTONES, id, sizeof(id), "", 0,
		    err)) != MQS_OK)
			return rc;
		ltx->v[MQS_LOG_TOMBSTONED]++;
	}
	if ((rc = mqs_cur_new(&cur, ltx->tx, MQS_LOG_MESSAGES, err)) != MQS_OK)
		return rc;
	rc = remove_older(ltx, cur, m, t, err);
	mqs_cur_free(cur);
	return rc;
}

int
mqs_compaction_note_oldest(struct mqs_log_tx *ltx, struct mqs_error *err)
{
	struct mqs_slice key = { NULL, 0 }, value;
	struct mqs_record r;
	struct mqs_cur *cur;
	uint64_t id;
	int rc;

	if ((rc = mqs_cur_new(&cur, ltx->tx, MQS_LOG_MESSAGES, err)) != MQS_OK)
		return rc;
	rc = mqs_cur_move(cur, MQS_FIRST, &key, &value, err);
	mqs_cur_free(cur);
	if (rc < 0)
		return rc;
	id = rc == MQS_OK && key.n == 8 ? mqs_get_be64(key.p) : 0;
	if (rc == MQS_OK && mqs_record_decode(&r, id, value, 0, NULL) == MQS_OK)
		id = (uint64_t)r.message.time;
	ltx->v[MQS_LOG_OLDEST_TIME] = id;
	return MQS_OK;
}

int
mqs_compaction_is_replaced(struct mqs_tx *tx, const char *key, size_t key_len, uint64_t id,
    struct mqs_error *err)
{
	uint64_t newest = UINT64_MAX;
	struct mqs_cur *cur;
	struct mqs_record r;
	int rc;

	if (key_len == 0)
		return 0;
	/* A copy for one group stands behind the message that it was made of, but is no newer. */
	for (;; newest--) {
		rc = mqs_key_index_newest(tx, key, key_len, newest, &r, err);
		if (rc != MQS_OK || r.message.seq <= id)
			return rc < 0 && rc != MQS_EDAMAGED ? rc : 0;
		newest = r.message.seq;
		if (r.only_group_len == 0)
			break;
	}
	if ((rc = mqs_cur_new(&cur, tx, MQS_LOG_MESSAGES, err)) != MQS_OK)
		return rc;
	rc = find_intact(cur, newest, &r, err);
	mqs_cur_free(cur);
	return rc < 0 ? rc : rc == MQS_OK;
}

int
mqs_compaction_remove(struct mqs_log_tx *ltx, const uint64_t *ids, size_t n,
    struct mqs_trimmed *t, struct mqs_error *err)
{
	struct mqs_record r;
	struct mqs_cur *cur;
	size_t i;
	int rc;

	t->records = t->nblobs = 0;
	t->more = 0;
	if (n > MQS_COMPACT_RECORDS)
		n = MQS_COMPACT_RECORDS;
	if ((rc = mqs_cur_new(&cur, ltx->tx, MQS_LOG_MESSAGES, err)) != MQS_OK)
		return rc;
	for (i = 0; i < n && rc >= 0; i++) {
		if ((rc = find_intact(cur, ids[i], &r, err)) != MQS_OK ||
		    (rc = mqs_compaction_is_replaced(ltx->tx, r.message.key, r.message.key_len,
		    r.message.seq, err)) != 1)
			continue;
		rc = remove_at(ltx, cur, &r, t->blobs, &t->nblobs, err);
		t->records += rc == MQS_OK;
	}
	mqs_cur_free(cur);
	if (rc < 0)
		return rc;
	return t->records > 0 ? mqs_compaction_note_oldest(ltx, err) : MQS_OK;
}

/* ---------------------------------------------------------- tombstones -- */

int
mqs_compaction_find_tombstones(struct mqs_log_tx *ltx, struct mqs_error *err)
{
	unsigned char from[8];
	struct mqs_slice key = { from, sizeof(from) }, value;
	uint64_t *v = ltx->v, id = 0;
	struct mqs_record r;
	struct mqs_cur *cur;
	size_t n;
	int rc;

	mqs_put_be64(from, v[MQS_LOG_COMPACT_AT] + 1);
	if ((rc = mqs_cur_new(&cur, ltx->tx, MQS_LOG_MESSAGES, err)) != MQS_OK)
		return rc;
	rc = mqs_cur_move(cur, MQS_FROM, &key, &value, err);
	for (n = 0; rc == MQS_OK && n < LOOK_MOST; n++) {
		id = key.n == 8 ? mqs_get_be64(key.p) : 0;
		if (mqs_record_decode(&r, id, value, 0, NULL) == MQS_OK &&
		    r.message.body_len == 0 && r.message.key_len > 0) {
			rc = mqs_tx_insert(ltx->tx, MQS_LOG_TOMBSTONES, key.p, 8, "", 0, err);
			v[MQS_LOG_TOMBSTONED] += rc == MQS_OK;
			if (rc != MQS_OK && rc != MQS_EEXIST)
				break;
		}
		if (id > v[MQS_LOG_COMPACT_AT])
			v[MQS_LOG_COMPACT_AT] = id;
		if (id >= v[MQS_LOG_COMPACT_END])
			break;
		rc = mqs_cur_move(cur, MQS_NEXT, &key, &value, err);
	}
	mqs_cur_free(cur);
	if (rc == MQS_NOTHING || n < LOOK_MOST || id < v[MQS_LOG_COMPACT_AT])
		v[MQS_LOG_COMPACT_AT] = v[MQS_LOG_COMPACT_END] = 0;
	return rc < 0 && rc != MQS_EEXIST ? rc : MQS_OK;
}

static int
one_group(void *arg, const char *group)
{
	(void)arg;
	(void)group;
	return 1;
}

/* The floor of all groups: where there is none, nobody has to see a tombstone. */
static int
floor_of_groups(struct mqs_log_tx *ltx, uint64_t *floor, struct mqs_error *err)
{
	int rc;

	*floor = UINT64_MAX;
	if ((rc = mqs_dir_each_group(&ltx->log->dir, one_group, NULL, err)) != 1)
		return rc;
	return mqs_trim_floor(ltx->log, ltx->v, floor, err);
}

/* Finds the oldest tombstone, if it is older than `retain': MQS_NOTHING if there is none. */
static int
oldest_tombstone(struct mqs_log_tx *ltx, struct mqs_cur *cur, int64_t now, struct mqs_record *r,
    struct mqs_error *err)
{
	const int64_t retain = ltx->log->settings.retain;
	struct mqs_slice key = { NULL, 0 }, value;
	struct mqs_cur *stones;
	uint64_t id = 0;
	int rc;

	if ((rc = mqs_cur_new(&stones, ltx->tx, MQS_LOG_TOMBSTONES, err)) != MQS_OK)
		return rc;
	while ((rc = mqs_cur_move(stones, MQS_FIRST, &key, &value, err)) == MQS_OK) {
		id = key.n == 8 ? mqs_get_be64(key.p) : 0;
		rc = find_intact(cur, id, r, err);
		if (rc != MQS_NOTHING || (rc = mqs_cur_del(stones, err)) != MQS_OK)
			break;
		ltx->v[MQS_LOG_TOMBSTONED]--;	/* the message is gone, or damaged */
	}
	mqs_cur_free(stones);
	if (rc == MQS_OK && (retain == INT64_MAX || r->message.time > now ||
	    now - r->message.time <= retain))
		rc = MQS_NOTHING;
	return rc;
}

/* Removes a tombstone, and before it what is older of its key. */
static int
bury(struct mqs_log_tx *ltx, struct mqs_cur *cur, struct mqs_record *r, struct mqs_trimmed *t,
    struct mqs_error *err)
{
	struct mqs_replaced older = { 0 };
	struct mqs_message m = { .seq = r->message.seq, .key_len = r->message.key_len };
	char key[MQS_KEY_MAX];
	size_t i;
	int rc;

	/* The record moves when another one goes out of its page. */
	memcpy(key, r->message.key, m.key_len);
	m.key = key;
	if ((rc = remove_older(ltx, cur, &m, &older, err)) != MQS_OK)
		return rc;
	for (i = 0; i < older.nblobs; i++)
		t->blobs[t->nblobs++] = older.blobs[i];
	t->records += older.records;
	/* There may be more of them: then it is left to the next time. */
	if (older.records == MQS_REPLACED_MOST)
		return MQS_OK;
	if ((rc = find_intact(cur, m.seq, r, err)) != MQS_OK ||
	    (rc = remove_at(ltx, cur, r, t->blobs, &t->nblobs, err)) != MQS_OK)
		return rc < 0 ? rc : MQS_OK;
	t->records++;
	return MQS_OK;
}

int
mqs_compaction_expire(struct mqs_log_tx *ltx, int64_t now, size_t max, struct mqs_trimmed *t,
    struct mqs_error *err)
{
	struct mqs_record r;
	struct mqs_cur *cur;
	uint64_t floor;
	int rc;

	t->records = t->nblobs = 0;
	t->more = 0;
	if (ltx->v[MQS_LOG_TOMBSTONED] == 0 || mqs_compaction_unfinished(ltx->v) ||
	    ltx->v[MQS_LOG_KEY_INDEX] != MQS_KEY_INDEX_WHOLE)
		return MQS_OK;
	/* Each step removes three at the most. */
	if (max > MQS_COMPACT_RECORDS - 3)
		max = MQS_COMPACT_RECORDS - 3;
	if ((rc = mqs_cur_new(&cur, ltx->tx, MQS_LOG_MESSAGES, err)) != MQS_OK)
		return rc;
	if ((rc = oldest_tombstone(ltx, cur, now, &r, err)) == MQS_OK &&
	    (rc = floor_of_groups(ltx, &floor, err)) == MQS_OK)
		while (t->records < max && r.message.seq < floor &&
		    (rc = bury(ltx, cur, &r, t, err)) == MQS_OK &&
		    (rc = oldest_tombstone(ltx, cur, now, &r, err)) == MQS_OK)
			continue;
	mqs_cur_free(cur);
	if (rc < 0)
		return rc;
	return t->records > 0 ? mqs_compaction_note_oldest(ltx, err) : MQS_OK;
}
