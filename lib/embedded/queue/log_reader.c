/*
 * log_reader.c - reading the log in order
 *
 * A reader holds one read transaction and one cursor and uses them again; at rest
 * the transaction is reset, so that no page is kept from being used again while a
 * reader waits for a pipe or a person.  The position is an id, not a place in the
 * tree, so it survives whatever happened between two snapshots.
 */
#include "base/error.h"
#include "embedded/queue/log.h"

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
	r->placed = 0;
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
	r->placed = 0;
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

/* The cursor stands on a key: so does the reader. */
static int
place(struct mqs_log_reader *r, const struct mqs_slice *key,
    struct mqs_error *err)
{
	if (key->n != 8)
		return mqs_fail(err, MQS_EDAMAGED, "%s: key of %zu bytes",
		    r->log->dir.name, key->n);
	r->at = mqs_get_be64(key->p);
	r->placed = 1;
	return MQS_OK;
}

static int
found(struct mqs_log_reader *r, const struct mqs_slice *key,
    struct mqs_slice value, int verify, struct mqs_record *record,
    struct mqs_error *err)
{
	int rc = place(r, key, err);

	return rc == MQS_OK ? decode(r, r->at, value, verify, record, err) : rc;
}

int
mqs_log_reader_next_raw(struct mqs_log_reader *r, uint64_t *id,
    struct mqs_slice *value, struct mqs_error *err)
{
	struct mqs_slice key = { NULL, 0 };
	unsigned char from[8];
	int rc;

	if ((rc = wake(r, err)) != MQS_OK)
		return rc;
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
	if (rc != MQS_OK) {
		r->placed = 0;
		return rc;
	}
	rc = place(r, &key, err);
	*id = r->at;
	return rc;
}

int
mqs_log_reader_next(struct mqs_log_reader *r, int verify,
    struct mqs_record *record, struct mqs_error *err)
{
	struct mqs_slice value;
	uint64_t id;
	int rc;

	if ((rc = mqs_log_reader_next_raw(r, &id, &value, err)) != MQS_OK)
		return rc;
	return decode(r, id, value, verify, record, err);
}

int
mqs_log_reader_decode(struct mqs_log_reader *r, struct mqs_slice value,
    struct mqs_record *record, struct mqs_error *err)
{
	return decode(r, r->at, value, 0, record, err);
}

int
mqs_log_reader_at(struct mqs_log_reader *r, uint64_t id, int verify,
    struct mqs_record *record, struct mqs_error *err)
{
	struct mqs_slice key, value;
	unsigned char at[8];
	int rc;

	if ((rc = wake(r, err)) != MQS_OK)
		return rc;
	if (r->placed && r->at < id) {
		if ((rc = mqs_cur_move(r->cur, MQS_NEXT, &key, &value, err)) < 0)
			return rc;
		if (rc == MQS_OK && key.n == 8 && mqs_get_be64(key.p) == id)
			return found(r, &key, value, verify, record, err);
	}
	mqs_put_be64(at, id);
	key.p = at;
	key.n = sizeof(at);
	if ((rc = mqs_cur_move(r->cur, MQS_AT, &key, &value, err)) != MQS_OK) {
		r->placed = 0;
		return rc;
	}
	return found(r, &key, value, verify, record, err);
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
	if (rc != MQS_OK) {
		r->placed = 0;
		return rc;
	}
	return found(r, &key, value, 0, record, err);
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
