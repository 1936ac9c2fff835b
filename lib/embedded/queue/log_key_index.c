/* log_key_index.c - see log_key_index.h */
#include "base/advice.h"
#include "base/error.h"
#include "base/hash.h"
#include "embedded/queue/log_key_index.h"

#define DROP_ENTRIES	10000	/* removed in one: neighbours, which share their pages */

uint64_t
mqs_key_index_hash(const char *key, size_t key_len)
{
	return XXH3_64bits(key_len == 0 ? "" : key, key_len);
}

void
mqs_key_index_entry(unsigned char entry[MQS_KEY_ENTRY], uint64_t hash, uint64_t id)
{
	mqs_put_be64(entry, hash);
	mqs_put_be64(entry + 8, id);
}

int
mqs_key_index_add(struct mqs_tx *tx, uint64_t hash, uint64_t id, struct mqs_error *err)
{
	unsigned char entry[MQS_KEY_ENTRY];

	mqs_key_index_entry(entry, hash, id);
	return mqs_tx_put(tx, MQS_LOG_KEYS, entry, sizeof(entry), "", 0, err);
}

int
mqs_key_index_remove(struct mqs_tx *tx, uint64_t hash, uint64_t id, struct mqs_error *err)
{
	unsigned char entry[MQS_KEY_ENTRY];
	int rc;

	mqs_key_index_entry(entry, hash, id);
	rc = mqs_tx_del(tx, MQS_LOG_KEYS, entry, sizeof(entry), err);
	return rc == MQS_NOTHING ? MQS_OK : rc;
}

/* ------------------------------------------------------------- finding -- */

int
mqs_key_index_damaged(const struct mqs_tx *tx, const char *what, struct mqs_error *err)
{
	char ctl[MQS_CTL_SIZE];
	const char *label = mqs_tx_label(tx);

	return mqs_fail(err, MQS_EDAMAGED, "%s: index of keys: %s (%s check --repair %s corrects it)",
	    label, what, mqs_ctl(ctl, mqs_tx_folder(tx)), label);
}

static int
out_of_order(struct mqs_tx *tx, struct mqs_error *err)
{
	return mqs_key_index_damaged(tx, "out of order", err);
}

/* Takes apart what a cursor stands on: MQS_NOTHING if it is of another hash. */
static int
split(struct mqs_tx *tx, const struct mqs_slice *entry, uint64_t hash, uint64_t *id,
    struct mqs_error *err)
{
	const unsigned char *p = entry->p;

	if (entry->n != MQS_KEY_ENTRY)
		return mqs_key_index_damaged(tx, "damaged entry", err);
	if (mqs_get_be64(p) != hash)
		return MQS_NOTHING;
	*id = mqs_get_be64(p + 8);
	return MQS_OK;
}

int
mqs_key_index_list(struct mqs_tx *tx, uint64_t hash, uint64_t from, uint64_t *ids,
    size_t *n, struct mqs_error *err)
{
	unsigned char first[MQS_KEY_ENTRY];
	struct mqs_slice entry = { first, sizeof(first) }, value;
	const size_t most = *n;
	struct mqs_cur *cur;
	int rc;

	*n = 0;
	mqs_key_index_entry(first, hash, from);
	if ((rc = mqs_cur_new(&cur, tx, MQS_LOG_KEYS, err)) != MQS_OK)
		return rc;
	rc = mqs_cur_move(cur, MQS_FROM, &entry, &value, err);
	while (rc == MQS_OK &&
	    (rc = split(tx, &entry, hash, &ids[*n], err)) == MQS_OK) {
		if (ids[*n] < from) {
			rc = out_of_order(tx, err);
			break;
		}
		from = ids[*n];
		if (++*n == most)
			break;
		rc = mqs_cur_move(cur, MQS_NEXT, &entry, &value, err);
	}
	mqs_cur_free(cur);
	return rc < 0 ? rc : MQS_OK;
}

int
mqs_key_index_before(struct mqs_tx *tx, uint64_t hash, uint64_t most, uint64_t *id,
    struct mqs_error *err)
{
	unsigned char last[MQS_KEY_ENTRY];
	struct mqs_slice entry = { last, sizeof(last) }, value;
	struct mqs_cur *cur;
	int rc;

	mqs_key_index_entry(last, hash, most);
	if ((rc = mqs_cur_new(&cur, tx, MQS_LOG_KEYS, err)) != MQS_OK)
		return rc;
	rc = mqs_cur_move(cur, MQS_FROM, &entry, &value, err);
	if (rc == MQS_NOTHING)
		rc = mqs_cur_move(cur, MQS_LAST, &entry, &value, err);
	else if (rc == MQS_OK && (entry.n != sizeof(last) ||
	    memcmp(entry.p, last, sizeof(last)) != 0))
		rc = mqs_cur_move(cur, MQS_PREV, &entry, &value, err);
	if (rc == MQS_OK)
		rc = split(tx, &entry, hash, id, err);
	/* By a damaged page; who goes on to older ones would never come to an end. */
	if (rc == MQS_OK && *id > most)
		rc = out_of_order(tx, err);
	mqs_cur_free(cur);
	return rc;
}

int
mqs_key_is(const struct mqs_message *m, const char *key, size_t key_len)
{
	return m->key_len == key_len && (key_len == 0 || memcmp(m->key, key, key_len) == 0);
}

int
mqs_key_index_newest(struct mqs_tx *tx, const char *key, size_t key_len, uint64_t most,
    struct mqs_record *r, struct mqs_error *err)
{
	const uint64_t hash = mqs_key_index_hash(key, key_len);
	struct mqs_slice value;
	unsigned char at[8];
	uint64_t id;
	int rc;

	while ((rc = mqs_key_index_before(tx, hash, most, &id, err)) == MQS_OK) {
		mqs_put_be64(at, id);
		rc = mqs_tx_get(tx, MQS_LOG_MESSAGES, at, sizeof(at), &value, err);
		if (rc == MQS_OK)
			rc = mqs_record_decode(r, id, value, 0, err);
		if (rc < 0 || (rc == MQS_OK && mqs_key_is(&r->message, key, key_len)))
			return rc;
		if (id == 0)
			return MQS_NOTHING;
		most = id - 1;
	}
	return rc;
}

/* ---------------------------------------------------- building, dropping -- */

void
mqs_key_index_switch(struct mqs_log_tx *ltx, int on)
{
	uint64_t *v = ltx->v;
	const int adding = v[MQS_LOG_KEY_INDEX] == MQS_KEY_INDEX_BUILDING ||
	    v[MQS_LOG_KEY_INDEX] == MQS_KEY_INDEX_WHOLE;

	if (on == adding)
		return;
	v[MQS_LOG_KEY_INDEX] = on ? MQS_KEY_INDEX_BUILDING : MQS_KEY_INDEX_DROPPING;
	v[MQS_LOG_KEY_INDEX_AT] = 0;
	v[MQS_LOG_KEY_INDEX_END] = on ? v[MQS_LOG_LAST_ID] : 0;
}

int
mqs_key_index_unfinished(const uint64_t v[MQS_LOG_VALUES])
{
	return v[MQS_LOG_KEY_INDEX] == MQS_KEY_INDEX_BUILDING ||
	    v[MQS_LOG_KEY_INDEX] == MQS_KEY_INDEX_DROPPING;
}

int
mqs_key_index_must_have(const uint64_t v[MQS_LOG_VALUES], uint64_t id)
{
	return v[MQS_LOG_KEY_INDEX] == MQS_KEY_INDEX_WHOLE ||
	    (v[MQS_LOG_KEY_INDEX] == MQS_KEY_INDEX_BUILDING &&
	    (id <= v[MQS_LOG_KEY_INDEX_AT] || id > v[MQS_LOG_KEY_INDEX_END]));
}

int
mqs_key_index_drop_some(struct mqs_log_tx *ltx, struct mqs_error *err)
{
	struct mqs_slice key, value;
	struct mqs_cur *cur;
	size_t n = 0;
	int rc;

	if ((rc = mqs_cur_new(&cur, ltx->tx, MQS_LOG_KEYS, err)) != MQS_OK)
		return rc;
	while ((rc = mqs_cur_move(cur, MQS_FIRST, &key, &value, err)) == MQS_OK &&
	    n++ < DROP_ENTRIES)
		if ((rc = mqs_cur_del(cur, err)) != MQS_OK)
			break;
	mqs_cur_free(cur);
	if (rc == MQS_NOTHING)
		ltx->v[MQS_LOG_KEY_INDEX] = MQS_KEY_INDEX_NONE;
	return rc < 0 ? rc : MQS_OK;
}
