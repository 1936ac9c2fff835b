/*
 * log.c - opening, making and writing the log of a queue
 *
 * Publish, step by step, and what a crash leaves: large bodies and their folder
 * are synced (an orphan in blob/, collected by mqs_blob_sweep) - the transaction
 * commits (durable; waiters learn of it within a second, from their timer) - the
 * page is written (waiters wake) - ids are told - what was trimmed is unlinked (a
 * file that mqs_blob_sweep collects).
 *
 * Time: the clock is read once a transaction; ids count up from it.  An id is
 * never less than its record's time, so a seek by time may start at the id.
 */
#include <bsd/stdlib.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "embedded/queue/log.h"
#include "embedded/queue/state_values.h"

#define LOG_FILE	"log.mdb"
#define LOG_PAGE	"log.stat"

static const char *const tables[] = {
	"messages", "ids", "keys", "priority", "markers"
};

static void
spec_of(struct mqs_db_spec *spec, const struct mqs_dir *dir,
    const struct mqs_options *options)
{
	memset(spec, 0, sizeof(*spec));
	spec->dir = dir->fd;
	spec->dir_path = dir->path;
	spec->file = LOG_FILE;
	spec->label = dir->name;
	spec->tables = tables;
	spec->ntables = sizeof(tables) / sizeof(tables[0]);
	spec->mode = 0666;
	spec->gate = dir->gate;
	spec->turn = dir->turn;
	spec->turn_byte = 0;
	spec->options = options;
}

int
mqs_log_state(struct mqs_tx *tx, uint64_t v[MQS_LOG_VALUES],
    struct mqs_error *err)
{
	return mqs_state_get(tx, v, MQS_LOG_VALUES, err);
}

/* ------------------------------------------------------------- making -- */

static void
make_uuid(unsigned char uuid[16])
{
	arc4random_buf(uuid, 16);
	uuid[6] = (unsigned char)((uuid[6] & 0x0f) | 0x40);	/* version 4 */
	uuid[8] = (unsigned char)((uuid[8] & 0x3f) | 0x80);	/* RFC 9562 */
}

char *
mqs_uuid_format(const unsigned char u[16], char buf[MQS_UUID_SIZE])
{
	snprintf(buf, MQS_UUID_SIZE, "%02x%02x%02x%02x-%02x%02x-%02x%02x-"
	    "%02x%02x-%02x%02x%02x%02x%02x%02x", u[0], u[1], u[2], u[3], u[4],
	    u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13], u[14],
	    u[15]);
	return buf;
}

/* Fills a queue that is being built; see mqs_dir_create. */
static int
fill(void *arg, const struct mqs_dir *building, struct mqs_error *err)
{
	struct mqs_db_spec spec;
	struct mqs_db *db;
	struct mqs_tx *tx;
	unsigned char uuid[16], format[4];
	const uint64_t v[MQS_LOG_VALUES] = { 0 };
	int rc;

	spec_of(&spec, building, arg);
	spec.flags = MQS_DB_CREATE;
	spec.gate = spec.turn = -1;
	if ((rc = mqs_db_open(&db, &spec, err)) != MQS_OK)
		return rc;
	if ((rc = mqs_tx_write(db, 0, &tx, err)) != MQS_OK)
		goto out;
	make_uuid(uuid);
	mqs_put_le32(format, MQS_LOG_FORMAT);
	if ((rc = mqs_tx_put(tx, MQS_DB_MAIN, "format", 6, format, 4, err)) != MQS_OK ||
	    (rc = mqs_tx_put(tx, MQS_DB_MAIN, "uuid", 4, uuid, 16, err)) != MQS_OK ||
	    (rc = mqs_state_put(tx, v, MQS_LOG_VALUES, err)) != MQS_OK) {
		mqs_tx_abort(tx);
		goto out;
	}
	rc = mqs_tx_commit(tx, err);
out:
	mqs_db_close(db);
	return rc;
}

int
mqs_log_create(const char *spool, const char *queue,
    const struct mqs_options *options, struct mqs_error *err)
{
	/* fill only reads the options; the callback's argument has no const. */
	return mqs_dir_create(spool, queue, fill, (void *)(uintptr_t)options, err);
}

/* ------------------------------------------------------------ opening -- */

static int
identify(struct mqs_log *log, struct mqs_tx *tx, struct mqs_error *err)
{
	struct mqs_slice value;
	uint64_t v[MQS_LOG_VALUES];
	uint32_t format;
	int rc;

	if ((rc = mqs_tx_get(tx, MQS_DB_MAIN, "format", 6, &value, err)) < 0)
		return rc;
	if (rc == MQS_NOTHING || value.n != 4)
		return mqs_fail(err, MQS_EDAMAGED, "%s/%s: not a log of mq",
		    log->dir.path, LOG_FILE);
	if ((format = mqs_get_le32(value.p)) != MQS_LOG_FORMAT)
		return mqs_fail(err, MQS_EVERSION,
		    "%s/%s: format %u, this version of mq knows %u",
		    log->dir.path, LOG_FILE, format, MQS_LOG_FORMAT);
	if ((rc = mqs_tx_get(tx, MQS_DB_MAIN, "uuid", 4, &value, err)) < 0)
		return rc;
	if (rc == MQS_NOTHING || value.n != 16)
		return mqs_fail(err, MQS_EDAMAGED, "%s/%s: no UUID",
		    log->dir.path, LOG_FILE);
	memcpy(log->uuid, value.p, 16);
	if ((rc = mqs_log_state(tx, v, err)) != MQS_OK)
		return rc;
	log->settings_seen = v[MQS_LOG_SETTINGS] + 1;
	return mqs_log_refresh(log, tx, v[MQS_LOG_SETTINGS], err);
}

int
mqs_log_refresh(struct mqs_log *log, struct mqs_tx *tx, uint64_t seq,
    struct mqs_error *err)
{
	int rc;

	if (seq == log->settings_seen)
		return MQS_OK;
	if ((rc = mqs_settings_load(mqs_log_setting_table, tx, &log->settings,
	    err)) != MQS_OK)
		return rc;
	log->settings_seen = seq;
	return MQS_OK;
}

/*
 * Opens the page, and empties one of another life of the log (a restored copy):
 * read before the snapshot, it can't be younger than that otherwise.
 */
static int
open_page(struct mqs_log *log, struct mqs_error *err)
{
	struct mqs_page old;
	struct mqs_tx *tx;
	uint64_t number;
	int rc, there;

	if ((rc = mqs_page_open(&log->dir, LOG_PAGE, 1, &log->page, err)) != MQS_OK)
		return rc;
	if ((there = mqs_page_read(log->page, &old, err)) != MQS_OK)
		return there == MQS_NOTHING ? MQS_OK : there;
	if ((rc = mqs_tx_read(log->db, &tx, err)) != MQS_OK)
		return rc;
	number = mqs_tx_number(tx);
	mqs_tx_abort(tx);
	return old.tx > number ? mqs_page_reset(log->page, err) : MQS_OK;
}

/* Lets the file commit as the setting says. */
static int
relax(struct mqs_log *log, struct mqs_error *err)
{
	const int on = log->settings.relaxed != 0;
	int rc = MQS_OK;

	if (log->relaxed != on && (rc = mqs_db_relax(log->db, on, err)) == MQS_OK)
		log->relaxed = on;
	return rc;
}

int
mqs_log_open(struct mqs_log **out, const char *spool, const char *queue,
    const struct mqs_options *options, int readonly, struct mqs_error *err)
{
	struct mqs_log *log;
	struct mqs_db_spec spec;
	struct mqs_tx *tx;
	int rc;

	if ((log = calloc(1, sizeof(*log))) == NULL)
		return mqs_fail_errno(err, "%s", queue);
	log->page = -1;
	log->options = options;
	if ((rc = mqs_dir_open(&log->dir, spool, queue, err)) != MQS_OK) {
		free(log);
		return rc;
	}
	spec_of(&spec, &log->dir, options);
	spec.flags = readonly ? MQS_DB_READONLY : 0;
	if ((rc = mqs_db_open(&log->db, &spec, err)) != MQS_OK)
		goto fail;
	if ((rc = mqs_tx_read(log->db, &tx, err)) != MQS_OK)
		goto fail;
	rc = identify(log, tx, err);
	mqs_tx_abort(tx);
	if (rc == MQS_OK)
		rc = relax(log, err);
	if (rc == MQS_OK && !readonly)
		rc = open_page(log, err);
	if (rc != MQS_OK)
		goto fail;
	*out = log;
	return MQS_OK;
fail:
	mqs_log_close(log);
	return rc;
}

void
mqs_log_close(struct mqs_log *log)
{
	if (log == NULL)
		return;
	mqs_db_close(log->db);
	if (log->page != -1)
		close(log->page);
	mqs_dir_close(&log->dir);
	free(log);
}

/* ------------------------------------------------------------ writing -- */

int
mqs_log_begin(struct mqs_log_tx *ltx, struct mqs_log *log, int64_t deadline,
    struct mqs_error *err)
{
	int rc;

	ltx->log = log;
	if ((rc = mqs_tx_write(log->db, deadline, &ltx->tx, err)) != MQS_OK)
		return rc;
	if ((rc = mqs_log_state(ltx->tx, ltx->v, err)) != MQS_OK ||
	    (rc = mqs_log_refresh(log, ltx->tx, ltx->v[MQS_LOG_SETTINGS],
	    err)) != MQS_OK || (rc = relax(log, err)) != MQS_OK)
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

int
mqs_log_append(struct mqs_log_tx *ltx, struct mqs_record *r, uint64_t *id,
    int *duplicate, struct mqs_error *err)
{
	struct mqs_message *m = &r->message;
	unsigned char key[8];
	void *room;
	size_t size;
	int rc;

	*duplicate = 0;
	if (m->body_len > ltx->log->settings.max_message)
		return wrong_size(ltx, r, err);
	if (m->message_id != NULL) {
		if ((rc = find_duplicate(ltx, m, id, err)) < 0)
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
	r->ordinal = ltx->v[MQS_LOG_ORDINAL] + 1;
	if (ltx->log->settings.ttl != 0)
		set_expiry(ltx, m);
	size = mqs_record_size(r);
	mqs_put_be64(key, m->seq);
	if ((rc = mqs_tx_append(ltx->tx, MQS_LOG_MESSAGES, key, sizeof(key),
	    size, &room, err)) != MQS_OK)
		return rc;
	mqs_record_encode(r, room, size);
	if ((m->message_id != NULL || m->priority != 0) &&
	    (rc = add_indexes(ltx, r, err)) != MQS_OK)
		return rc;
	if (ltx->v[MQS_LOG_ORDINAL] == ltx->v[MQS_LOG_REMOVED])
		ltx->v[MQS_LOG_OLDEST_TIME] = (uint64_t)m->time;
	ltx->v[MQS_LOG_LAST_ID] = m->seq;
	ltx->v[MQS_LOG_ORDINAL]++;
	ltx->v[MQS_LOG_IN_BYTES] += m->body_len;
	*id = m->seq;
	return MQS_OK;
}

int
mqs_log_remove(struct mqs_log_tx *ltx, const struct mqs_record *r,
    uint64_t *blob, struct mqs_error *err)
{
	const struct mqs_message *m = &r->message;
	unsigned char key[9];
	uint64_t first = 0;
	int rc;

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
	ltx->v[MQS_LOG_REMOVED]++;
	ltx->v[MQS_LOG_REMOVED_BYTES] += m->body_len;
	return mqs_tx_del(ltx->tx, MQS_LOG_MESSAGES, key + 1, 8, err);
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
