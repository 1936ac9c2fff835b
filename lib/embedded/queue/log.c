/* log.c - opening a log, and closing it; see log.h */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/interrupted.h"
#include "embedded/queue/log.h"
#include "embedded/queue/log_segment_min.h"
#include "embedded/queue/state_values.h"

#define LOG_FILE	"log.mdb"
#define LOG_PAGE	"log.stat"
#define LOOK_AGAIN	(10 * MQS_MSEC)
#define TELL_AFTER	100	/* looks: a second */

static const char *const tables[] = {
	"messages", "ids", "keys", "priority", "markers", "tombstones",
	"messages.1", "messages.2", "messages.3", "messages.4", "messages.5", "messages.6",
	"messages.7", "messages.8", "messages.9"
};

void
mqs_log_spec(struct mqs_db_spec *spec, const struct mqs_dir *dir,
    const struct mqs_options *options)
{
	memset(spec, 0, sizeof(*spec));
	spec->dir = dir->fd;
	spec->dir_path = dir->path;
	spec->file = LOG_FILE;
	spec->label = dir->name;
	spec->tables = tables;
	spec->ntables = sizeof(tables) / sizeof(tables[0]);
	spec->segmented = MQS_LOG_MESSAGES;
	spec->segments = MQS_LOG_SEGMENTS;
	spec->segment_min = mqs_log_segment_min;
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

static int
identify_in(struct mqs_log *log, struct mqs_tx *tx, struct mqs_error *err)
{
	struct mqs_slice value;
	uint64_t v[MQS_LOG_VALUES];
	uint32_t format;
	int rc;

	if ((rc = mqs_tx_get(tx, MQS_DB_MAIN, "format", 6, &value, err)) < 0)
		return rc;
	if (rc == MQS_NOTHING || value.n != 4)
		return mqs_tx_fail_damaged(tx, "not a log of mq", err);
	if ((format = mqs_get_le32(value.p)) != MQS_LOG_FORMAT)
		return mqs_fail(err, MQS_EVERSION,
		    "%s/%s: format %u, this version of mq knows %u",
		    log->dir.path, LOG_FILE, format, MQS_LOG_FORMAT);
	if ((rc = mqs_tx_get(tx, MQS_DB_MAIN, "uuid", 4, &value, err)) < 0)
		return rc;
	if (rc == MQS_NOTHING || value.n != 16)
		return mqs_tx_fail_damaged(tx, "it has no UUID", err);
	memcpy(log->uuid, value.p, 16);
	if ((rc = mqs_log_state(tx, v, err)) != MQS_OK)
		return rc;
	log->settings_seen = v[MQS_LOG_SETTINGS] + 1;
	return mqs_log_refresh(log, tx, v[MQS_LOG_SETTINGS], err);
}

static int
identify(struct mqs_log *log, struct mqs_error *err)
{
	unsigned tries = 0;
	struct mqs_tx *tx;
	int rc;

	do {
		if ((rc = mqs_tx_read(log->db, &tx, err)) != MQS_OK)
			return rc;
		rc = identify_in(log, tx, err);
		mqs_tx_abort(tx);
	} while (mqs_db_again(log->db, rc, &tries));
	return rc;
}

int
mqs_log_refresh(struct mqs_log *log, struct mqs_tx *tx, uint64_t seq,
    struct mqs_error *err)
{
	int rc;

	if (seq == log->settings_seen)
		return MQS_OK;
	if ((rc = mqs_settings_load(mqs_log_setting_table, tx, &log->settings,
	    err)) != MQS_OK ||
	    (rc = mqs_settings_is_stored(tx, "retain", &log->retain_set, err)) != MQS_OK)
		return rc;
	log->settings_seen = seq;
	return MQS_OK;
}

int
mqs_log_refresh_now(struct mqs_log *log, struct mqs_error *err)
{
	uint64_t v[MQS_LOG_VALUES];
	struct mqs_tx *tx;
	int rc;

	if ((rc = mqs_tx_read(log->db, &tx, err)) != MQS_OK)
		return rc;
	if ((rc = mqs_log_state(tx, v, err)) == MQS_OK)
		rc = mqs_log_refresh(log, tx, v[MQS_LOG_SETTINGS], err);
	mqs_tx_abort(tx);
	return rc;
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

int
mqs_log_refresh_page(struct mqs_log *log, struct mqs_error *err)
{
	uint64_t v[MQS_LOG_VALUES];
	struct mqs_page page;
	struct mqs_tx *tx;
	int rc;

	if (mqs_page_read(log->page, &page, NULL) == MQS_OK && page.tx != 0 &&
	    page.tx == mqs_db_last_commit(log->db))
		return MQS_OK;
	if ((rc = mqs_tx_read(log->db, &tx, err)) != MQS_OK)
		return rc;
	memset(&page, 0, sizeof(page));
	page.tx = mqs_tx_number(tx);
	rc = mqs_log_state(tx, v, err);
	mqs_tx_abort(tx);
	if (rc != MQS_OK)
		return rc;
	memcpy(page.v, v, sizeof(v));
	return mqs_page_write(log->page, &page, 0, err);
}

int
mqs_log_relax(struct mqs_log *log, struct mqs_error *err)
{
	const int on = log->settings.relaxed != 0;
	int rc = MQS_OK;

	if (log->relaxed != on && (rc = mqs_db_relax(log->db, on, err)) == MQS_OK)
		log->relaxed = on;
	return rc;
}

/*
 * Opens the directory.  While maintenance has the queue to itself, waits for its end, as
 * for the end of another's commit, unless MQS_LOG_NO_WAIT is given.
 */
static int
open_directory(struct mqs_dir *dir, const char *spool, const char *queue,
    const struct mqs_options *o, unsigned flags, struct mqs_error *err)
{
	const struct timespec pause = { .tv_nsec = LOOK_AGAIN };
	char text[MQS_NAME_MAX + 64];
	int rc, told = 0;

	while ((rc = mqs_dir_open(dir, spool, queue, err)) == MQS_EBUSY &&
	    !(flags & MQS_LOG_NO_WAIT)) {
		if (mqs_interrupted(o))
			return mqs_fail(err, MQS_EINTR,
			    "%s: interrupted while waiting for maintenance to end", queue);
		if (told++ == TELL_AFTER && o->notice != NULL) {
			(void)snprintf(text, sizeof(text),
			    "%s: waiting for maintenance to end", queue);
			o->notice(o->arg, text);
		}
		(void)nanosleep(&pause, NULL);
	}
	return rc;
}

int
mqs_log_open(struct mqs_log **out, const char *spool, const char *queue,
    const struct mqs_options *options, unsigned flags, struct mqs_error *err)
{
	struct mqs_log *log;
	struct mqs_db_spec spec;
	int rc;

	if ((log = calloc(1, sizeof(*log))) == NULL)
		return mqs_fail_errno(err, "%s", queue);
	log->page = -1;
	log->options = options;
	if ((rc = open_directory(&log->dir, spool, queue, options, flags, err)) != MQS_OK) {
		free(log);
		return rc;
	}
	mqs_log_spec(&spec, &log->dir, options);
	spec.flags = flags & MQS_LOG_UNLOCKED ? MQS_DB_UNLOCKED :
	    flags & MQS_LOG_READONLY ? MQS_DB_READONLY : 0;
	if ((rc = mqs_db_open(&log->db, &spec, err)) != MQS_OK)
		goto fail;
	if ((rc = identify(log, err)) == MQS_OK)
		rc = mqs_log_relax(log, err);
	if (rc == MQS_OK && !(flags & (MQS_LOG_READONLY | MQS_LOG_UNLOCKED)))
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
