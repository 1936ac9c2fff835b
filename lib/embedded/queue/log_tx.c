/* log_tx.c - see log_tx.h */
#include <string.h>

#include "base/advice.h"
#include "base/clock.h"
#include "base/error.h"
#include "embedded/queue/log_key_index.h"
#include "embedded/queue/log_segment.h"
#include "embedded/queue/log_tx.h"
#include "embedded/queue/state_values.h"

int
mqs_log_begin(struct mqs_log_tx *ltx, struct mqs_log *log, int64_t deadline,
    struct mqs_error *err)
{
	int rc;

	ltx->log = log;
	ltx->appends = 0;
	if ((rc = mqs_tx_write(log->db, deadline, &ltx->tx, err)) != MQS_OK)
		return rc;
	if ((rc = mqs_log_state(ltx->tx, ltx->v, err)) != MQS_OK ||
	    (rc = mqs_log_refresh(log, ltx->tx, ltx->v[MQS_LOG_SETTINGS],
	    err)) != MQS_OK || (rc = mqs_log_relax(log, err)) != MQS_OK)
		goto fail;
	ltx->now = mqs_now();
	return MQS_OK;
fail:
	mqs_log_abort(ltx);
	return rc;
}

void
mqs_log_abort(struct mqs_log_tx *ltx)
{
	mqs_tx_abort(ltx->tx);
	ltx->tx = NULL;
}

static int
wrong_size(const struct mqs_log_tx *ltx, const struct mqs_record *r,
    struct mqs_error *err)
{
	return mqs_fail(err, MQS_EDATA,
	    "%s: message of %llu bytes, at most %llu are allowed (max-message)",
	    ltx->log->dir.name, (unsigned long long)r->message.body_len,
	    (unsigned long long)ltx->log->settings.max_message);
}

/* The entries that find a record by something else than its id. */
static int
add_indexes(struct mqs_log_tx *ltx, const struct mqs_record *r,
    struct mqs_error *err)
{
	const struct mqs_message *m = &r->message;
	unsigned char id[8], key[9];
	int rc;

	mqs_put_be64(id, m->seq);
	if (m->message_id != NULL &&
	    (rc = mqs_tx_put(ltx->tx, MQS_LOG_IDS, m->message_id,
	    m->message_id_len, id, sizeof(id), err)) != MQS_OK)
		return rc;
	if (m->priority == 0)
		return MQS_OK;
	ltx->v[MQS_LOG_PRIORITISED] = m->seq;
	key[0] = (unsigned char)(9 - m->priority);
	memcpy(key + 1, id, sizeof(id));
	return mqs_tx_put(ltx->tx, MQS_LOG_PRIORITY, key, sizeof(key), "", 0, err);
}

/* Finds an earlier message of the same message id: MQS_OK and its id. */
static int
find_duplicate(struct mqs_log_tx *ltx, const struct mqs_message *m,
    uint64_t *id, struct mqs_error *err)
{
	struct mqs_slice value;
	int rc;

	rc = mqs_tx_get(ltx->tx, MQS_LOG_IDS, m->message_id, m->message_id_len,
	    &value, err);
	if (rc == MQS_OK && value.n != 8)
		return mqs_fail(err, MQS_EDAMAGED, "%s: message id index",
		    ltx->log->dir.name);
	if (rc == MQS_OK)
		*id = mqs_get_be64(value.p);
	return rc;
}

/*
 * The index of message ids is believed only if the message that it names has that message id:
 * by a damaged entry, a message would be taken for one that is there, and lost.
 */
static int
check_duplicate(struct mqs_log_tx *ltx, const struct mqs_message *m, uint64_t id,
    struct mqs_error *err)
{
	const struct mqs_dir *dir = &ltx->log->dir;
	char ctl[MQS_CTL_SIZE];
	struct mqs_slice value;
	struct mqs_record r;
	unsigned char key[8];
	int rc;

	mqs_put_be64(key, id);
	if ((rc = mqs_tx_get(ltx->tx, MQS_LOG_MESSAGES, key, sizeof(key), &value, err)) < 0)
		return rc;
	if (rc == MQS_OK && mqs_record_decode(&r, id, value, 0, NULL) == MQS_OK &&
	    r.message.message_id != NULL && r.message.message_id_len == m->message_id_len &&
	    memcmp(r.message.message_id, m->message_id, m->message_id_len) == 0)
		return MQS_OK;
	return mqs_fail(err, MQS_EDAMAGED, "%s: damaged: message %llu does not have the message id "
	    "by which it is found; %s check --repair %s corrects that", dir->name, (unsigned long long)id,
	    mqs_ctl(ctl, dir->path), dir->name);
}

int
mqs_log_duplicate(struct mqs_log_tx *ltx, const struct mqs_message *m, uint64_t *id,
    struct mqs_error *err)
{
	int rc = find_duplicate(ltx, m, id, err);

	return rc == MQS_OK ? check_duplicate(ltx, m, *id, err) : rc;
}

/*
 * The queue's own expiry, if it is the earlier one.  It runs from when the message may
 * go out, by the clock that will judge it, or a long delay would be the end of it.
 */
static void
set_expiry(const struct mqs_log_tx *ltx, struct mqs_message *m)
{
	int64_t from = mqs_later(ltx->now, ltx->log->options->clock_shift), end;

	if (m->not_before > from)
		from = m->not_before;
	end = mqs_later(from, ltx->log->settings.ttl);
	if (m->expires == 0 || m->expires > end)
		m->expires = end;
}

/* Appends a record whose id and time are set; the ordinal is given here. */
static inline int
append(struct mqs_log_tx *ltx, struct mqs_record *r, struct mqs_error *err)
{
	const struct mqs_message *m = &r->message;
	unsigned char key[8];
	void *room;
	size_t size;
	int rc;

	if (!ltx->appends && (rc = mqs_log_segment_begin(ltx, err)) != MQS_OK)
		return rc;
	ltx->appends = 1;
	r->ordinal = ltx->v[MQS_LOG_ORDINAL] + 1;
	size = mqs_record_size(r);
	mqs_put_be64(key, m->seq);
	if ((rc = mqs_tx_append(ltx->tx, MQS_LOG_MESSAGES, key, sizeof(key),
	    size, &room, err)) != MQS_OK)
		return rc;
	mqs_record_encode(r, room, size);
	if ((m->message_id != NULL || m->priority != 0) &&
	    (rc = add_indexes(ltx, r, err)) != MQS_OK)
		return rc;
	if (ltx->v[MQS_LOG_KEY_INDEX] != MQS_KEY_INDEX_NONE &&
	    ltx->v[MQS_LOG_KEY_INDEX] != MQS_KEY_INDEX_DROPPING &&
	    (rc = mqs_key_index_add(ltx->tx, mqs_key_index_hash(m->key, m->key_len), m->seq,
	    err)) != MQS_OK)
		return rc;
	if (ltx->v[MQS_LOG_ORDINAL] == ltx->v[MQS_LOG_REMOVED])
		ltx->v[MQS_LOG_OLDEST_TIME] = (uint64_t)m->time;
	ltx->v[MQS_LOG_LAST_ID] = m->seq;
	ltx->v[MQS_LOG_ORDINAL]++;
	ltx->v[MQS_LOG_IN_BYTES] += m->body_len;
	return MQS_OK;
}

int
mqs_log_append(struct mqs_log_tx *ltx, struct mqs_record *r, uint64_t *id,
    int *duplicate, struct mqs_error *err)
{
	struct mqs_message *m = &r->message;
	int rc;

	*duplicate = 0;
	if (m->body_len > ltx->log->settings.max_message)
		return wrong_size(ltx, r, err);
	if (m->message_id != NULL) {
		if ((rc = mqs_log_duplicate(ltx, m, id, err)) < 0)
			return rc;
		if (rc == MQS_OK) {
			ltx->v[MQS_LOG_DUPLICATES]++;
			*duplicate = 1;
			return MQS_OK;
		}
	}
	m->time = ltx->now;
	m->seq = ltx->v[MQS_LOG_LAST_ID] + 1;
	if (m->seq < (uint64_t)ltx->now)
		m->seq = (uint64_t)ltx->now;
	if (m->seq - (uint64_t)ltx->now > MQS_LOG_AHEAD_MAX)
		ltx->v[MQS_LOG_BEHIND] = m->seq;
	if (ltx->log->settings.ttl != 0)
		set_expiry(ltx, m);
	if ((rc = append(ltx, r, err)) == MQS_OK)
		*id = m->seq;
	return rc;
}

int
mqs_log_restore(struct mqs_log_tx *ltx, struct mqs_record *r, struct mqs_error *err)
{
	struct mqs_message *m = &r->message;
	uint64_t other;
	int rc = MQS_NOTHING;

	if (m->message_id != NULL && (rc = find_duplicate(ltx, m, &other, err)) < 0)
		return rc;
	if (rc == MQS_OK) {
		m->message_id = NULL;
		m->message_id_len = 0;
	}
	if (m->seq - (uint64_t)m->time > MQS_LOG_AHEAD_MAX)
		ltx->v[MQS_LOG_BEHIND] = m->seq;
	return append(ltx, r, err);
}

int
mqs_log_count_removed(struct mqs_log_tx *ltx, const struct mqs_record *r, uint64_t *blob,
    struct mqs_error *err)
{
	const struct mqs_message *m = &r->message;
	unsigned char key[9];
	uint64_t first = 0, hash = 0;
	int rc;

	/* Before anything changes, for the key is borrowed from the log. */
	if (ltx->v[MQS_LOG_KEY_INDEX] != MQS_KEY_INDEX_NONE)
		hash = mqs_key_index_hash(m->key, m->key_len);
	*blob = r->flags & MQS_RECORD_LARGE ? r->blob_name : 0;
	if (m->message_id != NULL) {
		if ((rc = find_duplicate(ltx, m, &first, err)) < 0)
			return rc;
		if (rc == MQS_OK && first == m->seq &&
		    (rc = mqs_tx_del(ltx->tx, MQS_LOG_IDS, m->message_id,
		    m->message_id_len, err)) < 0)
			return rc;
	}
	mqs_put_be64(key + 1, m->seq);
	key[0] = (unsigned char)(9 - m->priority);
	if (m->priority != 0 && (rc = mqs_tx_del(ltx->tx, MQS_LOG_PRIORITY, key,
	    sizeof(key), err)) < 0)
		return rc;
	if (ltx->v[MQS_LOG_KEY_INDEX] != MQS_KEY_INDEX_NONE &&
	    (rc = mqs_key_index_remove(ltx->tx, hash, m->seq, err)) != MQS_OK)
		return rc;
	if (ltx->v[MQS_LOG_TOMBSTONED] > 0 && m->body_len == 0) {
		if ((rc = mqs_tx_del(ltx->tx, MQS_LOG_TOMBSTONES, key + 1, 8, err)) < 0)
			return rc;
		ltx->v[MQS_LOG_TOMBSTONED] -= rc == MQS_OK;
	}
	ltx->v[MQS_LOG_REMOVED]++;
	ltx->v[MQS_LOG_REMOVED_BYTES] += m->body_len;
	return MQS_OK;
}

int
mqs_log_remove(struct mqs_log_tx *ltx, struct mqs_cur *cur, const struct mqs_record *r,
    uint64_t *blob, struct mqs_error *err)
{
	int rc = mqs_log_count_removed(ltx, r, blob, err);

	/* Not by its key: that may be damaged, and another's. */
	return rc == MQS_OK ? mqs_cur_del(cur, err) : rc;
}

int
mqs_log_commit(struct mqs_log_tx *ltx, struct mqs_error *err)
{
	struct mqs_page page = { .tx = mqs_tx_number(ltx->tx) };
	int rc;

	if ((rc = mqs_state_put(ltx->tx, ltx->v, MQS_LOG_VALUES, err)) != MQS_OK) {
		mqs_log_abort(ltx);
		return rc;
	}
	rc = mqs_tx_commit(ltx->tx, err);
	ltx->tx = NULL;
	if (rc != MQS_OK)
		return rc;
	memcpy(page.v, ltx->v, sizeof(ltx->v));
	/*
	 * The commit stands: what the page would say is late by a second at
	 * most, because every waiter looks for itself that often.
	 */
	(void)mqs_page_write(ltx->log->page, &page, 0, NULL);
	return MQS_OK;
}
