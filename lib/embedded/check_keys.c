/*
 * check_keys.c - see check_keys.h
 *
 * While the index is being built or dropped it need not have all messages, but what it has
 * must be right (queue/log_key_index.h).
 */
#include "base/error.h"
#include "embedded/check_keys.h"
#include "embedded/queue/log_key_index.h"

int
mqs_check_key_of(struct mqs_checking *k, struct mqs_tx *tx, const struct mqs_record *r,
    struct mqs_error *err)
{
	const struct mqs_message *m = &r->message;
	unsigned char entry[MQS_KEY_ENTRY];
	struct mqs_slice value;
	int rc;

	if (!mqs_key_index_must_have(k->lv, m->seq))
		return MQS_OK;
	mqs_key_index_entry(entry, mqs_key_index_hash(m->key, m->key_len), m->seq);
	rc = mqs_tx_get(tx, MQS_LOG_KEYS, entry, sizeof(entry), &value, err);
	if (rc == MQS_NOTHING)
		mqs_check_found(k, "message %llu: not found by its key",
		    (unsigned long long)m->seq);
	return rc < 0 ? rc : MQS_OK;
}

/* Checks one entry. */
static int
check_entry(struct mqs_checking *k, struct mqs_tx *tx, const struct mqs_slice *entry,
    struct mqs_error *err)
{
	const unsigned char *p = entry->p;
	struct mqs_slice value;
	struct mqs_record r;
	uint64_t id;
	int rc;

	if (entry->n != MQS_KEY_ENTRY) {
		mqs_check_found(k, "index of keys: an entry of %zu bytes", entry->n);
		return MQS_OK;
	}
	id = mqs_get_be64(p + 8);
	if ((rc = mqs_tx_get(tx, MQS_LOG_MESSAGES, p + 8, 8, &value, err)) < 0)
		return rc;
	if (rc == MQS_NOTHING)
		mqs_check_found(k, "index of keys: message %llu is not there",
		    (unsigned long long)id);
	else if (mqs_record_decode(&r, id, value, 0, NULL) == MQS_OK &&
	    mqs_key_index_hash(r.message.key, r.message.key_len) != mqs_get_be64(p))
		mqs_check_found(k, "index of keys: message %llu has another key",
		    (unsigned long long)id);
	return MQS_OK;
}

/* Checks that each tombstone is a message with an empty body. */
static int
check_tombstones(struct mqs_checking *k, struct mqs_tx *tx, struct mqs_error *err)
{
	struct mqs_slice key, value, message;
	struct mqs_record r;
	struct mqs_cur *cur;
	uint64_t n = 0, id;
	int rc;

	if ((rc = mqs_cur_new(&cur, tx, MQS_LOG_TOMBSTONES, err)) != MQS_OK)
		return rc;
	while ((rc = mqs_cur_move(cur, MQS_NEXT, &key, &value, err)) == MQS_OK) {
		n++;
		id = key.n == 8 ? mqs_get_be64(key.p) : 0;
		if ((rc = mqs_tx_get(tx, MQS_LOG_MESSAGES, key.p, key.n, &message, err)) < 0)
			break;
		if (rc == MQS_NOTHING || (mqs_record_decode(&r, id, message, 0, NULL) == MQS_OK &&
		    r.message.body_len != 0))
			mqs_check_found(k, "tombstones: message %llu is not there, or has a body",
			    (unsigned long long)id);
	}
	mqs_cur_free(cur);
	if (rc == MQS_NOTHING && n != k->lv[MQS_LOG_TOMBSTONED])
		mqs_check_found(k, "tombstones: %llu, but the state says %llu",
		    (unsigned long long)n, (unsigned long long)k->lv[MQS_LOG_TOMBSTONED]);
	return rc < 0 ? rc : MQS_OK;
}

int
mqs_check_key_index(struct mqs_checking *k, struct mqs_tx *tx, struct mqs_error *err)
{
	struct mqs_slice key, value;
	struct mqs_cur *cur;
	uint64_t n = 0;
	int rc;

	if (k->lv[MQS_LOG_KEY_INDEX] > MQS_KEY_INDEX_DROPPING)
		mqs_check_found(k, "index of keys: its state is %llu",
		    (unsigned long long)k->lv[MQS_LOG_KEY_INDEX]);
	if ((rc = mqs_cur_new(&cur, tx, MQS_LOG_KEYS, err)) != MQS_OK)
		return rc;
	while ((rc = mqs_cur_move(cur, MQS_NEXT, &key, &value, err)) == MQS_OK &&
	    (rc = check_entry(k, tx, &key, err)) == MQS_OK)
		n++;
	mqs_cur_free(cur);
	if (rc == MQS_NOTHING && (rc = check_tombstones(k, tx, err)) == MQS_OK)
		rc = MQS_NOTHING;
	if (rc == MQS_NOTHING && n > 0 && k->lv[MQS_LOG_KEY_INDEX] == MQS_KEY_INDEX_NONE)
		mqs_check_found(k, "index of keys: %llu entries, but the state says that there "
		    "is none", (unsigned long long)n);
	return rc < 0 ? rc : MQS_OK;
}
