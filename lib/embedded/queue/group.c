/*
 * group.c - opening and writing the state of a group (making it: group_create.c)
 *
 * Lock order in the whole library: a group's write lock before a log's, never the
 * other way; the gate last.
 */
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "embedded/queue/group.h"
#include "embedded/queue/lease_batch.h"
#include "embedded/queue/state_values.h"

static const char *const tables[] = {
	"bindings", "batch", "lease", "first", "extended", "held", "order", "busy",
	"markers"
};

void
mqs_group_file(char buf[MQS_GROUP_FILE], const char *group, const char *ending)
{
	snprintf(buf, MQS_GROUP_FILE, "%s.group.%s", group, ending);
}

uint32_t
mqs_group_owner_family(const char *group)
{
	return (uint32_t)XXH3_64bits(group, strlen(group));
}

void
mqs_group_spec(struct mqs_db_spec *spec, const struct mqs_log *log,
    const char *file, const char *label)
{
	memset(spec, 0, sizeof(*spec));
	spec->dir = log->dir.fd;
	spec->dir_path = log->dir.path;
	spec->file = file;
	spec->label = label;
	spec->tables = tables;
	spec->ntables = sizeof(tables) / sizeof(tables[0]);
	spec->flags = MQS_DB_NOMETASYNC;
	spec->mode = 0666;
	spec->gate = log->dir.gate;
	spec->turn = log->dir.turn;
	/* Byte 0 is the log's; two groups on one byte would only wait more. */
	spec->turn_byte = 1 + (int64_t)(XXH3_64bits(file, strlen(file)) >> 2);
	spec->options = log->options;
}

/* -------------------------------------------------------------- state -- */

int
mqs_group_read(struct mqs_tx *tx, uint64_t v[MQS_GROUP_VALUES],
    struct mqs_error *err)
{
	return mqs_state_get(tx, v, MQS_GROUP_VALUES, err);
}

int
mqs_group_state(struct mqs_group *group, uint64_t v[MQS_GROUP_VALUES],
    struct mqs_error *err)
{
	struct mqs_tx *tx;
	int rc;

	if ((rc = mqs_tx_read(group->db, &tx, err)) != MQS_OK)
		return rc;
	rc = mqs_group_read(tx, v, err);
	mqs_tx_abort(tx);
	return rc;
}

int
mqs_group_generation_stands(struct mqs_group *group, uint64_t generation,
    struct mqs_error *err)
{
	uint64_t v[MQS_GROUP_VALUES];
	int rc;

	if (group->generation_synced >= generation)
		return MQS_OK;
	if ((rc = mqs_group_state(group, v, err)) != MQS_OK)
		return rc;
	if (v[MQS_GROUP_GENERATION] < generation)
		return MQS_NOTHING;
	if ((rc = mqs_db_sync(group->db, err)) == MQS_OK)
		group->generation_synced = v[MQS_GROUP_GENERATION];
	return rc;
}

int
mqs_group_ahead(const uint64_t v[MQS_GROUP_VALUES], const uint64_t lv[MQS_LOG_VALUES])
{
	uint64_t last = v[MQS_GROUP_CURSOR];
	unsigned p;

	for (p = 0; p < 9; p++)
		if (last < v[MQS_GROUP_CURSORS + p])
			last = v[MQS_GROUP_CURSORS + p];
	return last > lv[MQS_LOG_LAST_ID] ||
	    v[MQS_GROUP_ORDINAL] > lv[MQS_LOG_ORDINAL] ||
	    v[MQS_GROUP_PRIORITISED] > lv[MQS_LOG_PRIORITISED];
}

/*
 * How much of all that was appended the cursor has yet to pass, less what is known of
 * that.  What was removed beyond it may have been known or not: never too little.
 */
static uint64_t
beyond(uint64_t appended, uint64_t passed, uint64_t removed, uint64_t known)
{
	if (passed < removed) {
		known -= known < removed - passed ? known : removed - passed;
		passed = removed;
	}
	passed += known;
	/* The group may be younger than our look at the log. */
	return appended > passed ? appended - passed : 0;
}

uint64_t
mqs_group_unlooked(const uint64_t v[MQS_GROUP_VALUES],
    const uint64_t lv[MQS_LOG_VALUES])
{
	return beyond(lv[MQS_LOG_ORDINAL], v[MQS_GROUP_ORDINAL], lv[MQS_LOG_REMOVED],
	    v[MQS_GROUP_AHEAD] + v[MQS_GROUP_SKIPPED]);
}

uint64_t
mqs_group_unsettled(const uint64_t v[MQS_GROUP_VALUES],
    const uint64_t lv[MQS_LOG_VALUES])
{
	return mqs_group_unlooked(v, lv) + v[MQS_GROUP_LEASED] +
	    v[MQS_GROUP_WAITING] + v[MQS_GROUP_READY] + v[MQS_GROUP_PARKED];
}

uint64_t
mqs_group_unsettled_bytes(const uint64_t v[MQS_GROUP_VALUES],
    const uint64_t lv[MQS_LOG_VALUES])
{
	return beyond(lv[MQS_LOG_IN_BYTES], v[MQS_GROUP_BYTES], lv[MQS_LOG_REMOVED_BYTES],
	    v[MQS_GROUP_AHEAD_BYTES]) + v[MQS_GROUP_LEASED_BYTES] +
	    v[MQS_GROUP_HELD_BYTES];
}

static void
fill_page(struct mqs_page *page, uint64_t tx, const uint64_t *v)
{
	memset(page, 0, sizeof(*page));
	page->tx = tx;
	memcpy(page->v, v, MQS_GROUP_VALUES * sizeof(*v));
}

/* If somebody removed the page: what is written to ours would be seen by nobody. */
static int
find_page(struct mqs_group *group, struct mqs_error *err)
{
	char file[MQS_GROUP_FILE];
	struct stat st;
	int rc, fd;

	if (fstat(group->page, &st) == -1 || st.st_nlink > 0)
		return MQS_OK;
	mqs_group_file(file, group->name, "stat");
	if ((rc = mqs_page_open(&group->log->dir, file, 1, &fd, err)) != MQS_OK)
		return rc;
	close(group->page);
	group->page = fd;
	return MQS_OK;
}

int
mqs_group_refresh(struct mqs_group *group, struct mqs_error *err)
{
	uint64_t v[MQS_GROUP_VALUES];
	struct mqs_page page, old;
	struct mqs_tx *tx;
	uint64_t number;
	int rc, there;

	/* The page first: what is then younger than the snapshot is of another life. */
	if ((rc = find_page(group, err)) != MQS_OK)
		return rc;
	/* And it is of this group: the page of one made since must not be written. */
	if ((rc = mqs_db_check_path(group->db, err)) != MQS_OK)
		return rc;
	if ((there = mqs_page_read(group->page, &old, err)) < 0 ||
	    (rc = mqs_tx_read(group->db, &tx, err)) != MQS_OK)
		return there < 0 ? there : rc;
	rc = mqs_group_read(tx, v, err);
	number = mqs_tx_number(tx);
	mqs_tx_abort(tx);
	if (rc != MQS_OK || (there == MQS_OK && old.tx == number))
		return rc;
	if (there == MQS_OK && old.tx > number &&
	    (rc = mqs_page_reset(group->page, err)) != MQS_OK)
		return rc;
	fill_page(&page, number, v);
	return mqs_page_write(group->page, &page, 0, err);
}

int
mqs_group_peek(const struct mqs_dir *dir, const char *name,
    uint64_t v[MQS_GROUP_VALUES], struct mqs_error *err)
{
	char file[MQS_GROUP_FILE];
	struct mqs_page page;
	int rc;

	mqs_group_file(file, name, "stat");
	if ((rc = mqs_page_peek(dir, file, &page, err)) == MQS_OK)
		memcpy(v, page.v, MQS_GROUP_VALUES * sizeof(*v));
	return rc;
}

/* ------------------------------------------------------------ opening -- */

/* Loads settings and bindings, if they changed since. */
static int
load_settings(struct mqs_group *group, struct mqs_tx *tx, uint64_t seq,
    struct mqs_error *err)
{
	int rc;

	if (seq == group->settings_seen)
		return MQS_OK;
	if ((rc = mqs_settings_load(mqs_group_setting_table, tx, &group->settings,
	    err)) != MQS_OK ||
	    (rc = mqs_bindings_load(&group->bindings, tx, err)) != MQS_OK)
		return rc;
	group->settings_seen = seq;
	return MQS_OK;
}

static int
identify(struct mqs_group *group, struct mqs_tx *tx, struct mqs_error *err)
{
	const struct mqs_log *log = group->log;
	struct mqs_slice value;
	uint64_t v[MQS_GROUP_VALUES];
	uint32_t format;
	int rc;

	if ((rc = mqs_tx_get(tx, MQS_DB_MAIN, "format", 6, &value, err)) < 0)
		return rc;
	if (rc == MQS_NOTHING || value.n != 4)
		return mqs_fail(err, MQS_EDAMAGED, "%s/%s.group.mdb: not a "
		    "group of mq", log->dir.path, group->name);
	if ((format = mqs_get_le32(value.p)) != MQS_GROUP_FORMAT)
		return mqs_fail(err, MQS_EVERSION, "%s/%s.group.mdb: format %u, "
		    "this version of mq knows %u", log->dir.path, group->name,
		    format, MQS_GROUP_FORMAT);
	if ((rc = mqs_tx_get(tx, MQS_DB_MAIN, "log", 3, &value, err)) < 0)
		return rc;
	if (rc == MQS_NOTHING || value.n != 16 ||
	    memcmp(value.p, log->uuid, 16) != 0)
		return mqs_fail(err, MQS_EDAMAGED, "%s/%s.group.mdb: belongs to "
		    "another queue's log", log->dir.path, group->name);
	if ((rc = mqs_group_read(tx, v, err)) != MQS_OK)
		return rc;
	group->settings_seen = v[MQS_GROUP_SETTINGS] + 1;
	return load_settings(group, tx, v[MQS_GROUP_SETTINGS], err);
}

int
mqs_group_open(struct mqs_group **out, struct mqs_log *log, const char *name,
    struct mqs_error *err)
{
	char file[MQS_GROUP_FILE], label[2 * MQS_NAME_MAX + 2];
	struct mqs_group *group;
	struct mqs_db_spec spec;
	struct mqs_tx *tx;
	int rc;

	if (!mqs_dir_has_group(&log->dir, name))
		return mqs_fail(err, MQS_ENOENT, "%s/%s: no such group",
		    log->dir.name, name);
	if ((group = calloc(1, sizeof(*group))) == NULL)
		return mqs_fail_errno(err, "%s/%s", log->dir.name, name);
	group->log = log;
	group->page = -1;
	snprintf(group->name, sizeof(group->name), "%s", name);
	mqs_group_file(file, name, "mdb");
	snprintf(label, sizeof(label), "%s/%s", log->dir.name, name);
	mqs_group_spec(&spec, log, file, label);
	if ((rc = mqs_db_open(&group->db, &spec, err)) != MQS_OK ||
	    (rc = mqs_tx_read(group->db, &tx, err)) != MQS_OK)
		goto fail;
	rc = identify(group, tx, err);
	mqs_tx_abort(tx);
	if (rc != MQS_OK)
		goto fail;
	mqs_group_file(file, name, "stat");
	if ((rc = mqs_page_open(&log->dir, file, 1, &group->page, err)) != MQS_OK ||
	    (rc = mqs_group_refresh(group, err)) != MQS_OK)
		goto fail;
	*out = group;
	return MQS_OK;
fail:
	mqs_group_close(group);
	return rc;
}

void
mqs_group_close(struct mqs_group *group)
{
	if (group == NULL)
		return;
	mqs_db_close(group->db);
	if (group->page != -1)
		close(group->page);
	mqs_bindings_free(&group->bindings);
	free(group);
}

/* ------------------------------------------------------------ writing -- */

int
mqs_group_begin(struct mqs_group_tx *gtx, struct mqs_group *group,
    struct mqs_error *err)
{
	int rc;

	gtx->group = group;
	gtx->batch = NULL;
	if ((rc = mqs_tx_write(group->db, 0, &gtx->tx, err)) != MQS_OK)
		return rc;
	if ((rc = mqs_group_read(gtx->tx, gtx->v, err)) != MQS_OK ||
	    (rc = load_settings(group, gtx->tx, gtx->v[MQS_GROUP_SETTINGS],
	    err)) != MQS_OK)
		mqs_group_abort(gtx);
	return rc;
}

void
mqs_group_abort(struct mqs_group_tx *gtx)
{
	mqs_tx_abort(gtx->tx);
	free(gtx->batch);
	gtx->tx = NULL;
	gtx->batch = NULL;
}

/* The smallest id at the front of a table's keys, if that is less than *floor. */
static int
lower(struct mqs_tx *tx, unsigned table, uint64_t *floor, struct mqs_error *err)
{
	struct mqs_slice key, value;
	struct mqs_cur *cur;
	int rc;

	if ((rc = mqs_cur_new(&cur, tx, table, err)) != MQS_OK)
		return rc;
	rc = mqs_cur_move(cur, MQS_FIRST, &key, &value, err);
	if (rc == MQS_OK && key.n >= 8 && mqs_get_be64(key.p) < *floor)
		*floor = mqs_get_be64(key.p);
	mqs_cur_free(cur);
	return rc == MQS_NOTHING ? MQS_OK : rc;
}

static int
derive(struct mqs_group_tx *gtx, struct mqs_error *err)
{
	struct mqs_held due;
	uint64_t floor = gtx->v[MQS_GROUP_CURSOR] + 1;
	int rc;

	if ((rc = lower(gtx->tx, MQS_GROUP_FIRST, &floor, err)) != MQS_OK ||
	    (rc = lower(gtx->tx, MQS_GROUP_HELD, &floor, err)) != MQS_OK)
		return rc;
	/* Where the floor was lowered (a restored log), the lower one counts at once. */
	gtx->v[MQS_GROUP_DURABLE_FLOOR] = gtx->v[MQS_GROUP_FLOOR] < floor ?
	    gtx->v[MQS_GROUP_FLOOR] : floor;
	gtx->v[MQS_GROUP_FLOOR] = floor;
	rc = mqs_group_first_held(gtx, MQS_WAITING, &due, err);
	gtx->v[MQS_GROUP_NEXT_DUE] = rc == MQS_OK ? due.sort : 0;
	return rc < 0 ? rc : MQS_OK;
}

/* Makes the transaction whole: all that follows from what was changed. */
static int
prepare(struct mqs_group_tx *gtx, struct mqs_error *err)
{
	int rc;

	if ((rc = mqs_batch_store(gtx, err)) != MQS_OK ||
	    (rc = derive(gtx, err)) != MQS_OK)
		return rc;
	return mqs_state_put(gtx->tx, gtx->v, MQS_GROUP_VALUES, err);
}

static int
commit(struct mqs_group_tx *gtx, struct mqs_error *err)
{
	struct mqs_page page;
	int rc;

	fill_page(&page, mqs_tx_number(gtx->tx), gtx->v);
	rc = mqs_tx_commit(gtx->tx, err);
	free(gtx->batch);
	gtx->tx = NULL;
	gtx->batch = NULL;
	/* A page that can't be written is late by a second at most; see log.c. */
	if (rc == MQS_OK)
		(void)mqs_page_write(gtx->group->page, &page, 0, NULL);
	return rc;
}

int
mqs_group_commit(struct mqs_group_tx *gtx, struct mqs_error *err)
{
	int rc;

	if ((rc = prepare(gtx, err)) != MQS_OK) {
		mqs_group_abort(gtx);
		return rc;
	}
	return commit(gtx, err);
}

/* Shows the floor that is to come with all else as it was committed last. */
static int
lower_page(struct mqs_group_tx *gtx, struct mqs_error *err)
{
	struct mqs_group *group = gtx->group;
	uint64_t v[MQS_GROUP_VALUES];
	struct mqs_page page;
	struct mqs_tx *tx;
	int rc;

	if ((rc = find_page(group, err)) != MQS_OK ||
	    (rc = mqs_tx_read(group->db, &tx, err)) != MQS_OK)
		return rc;
	rc = mqs_group_read(tx, v, err);
	if (rc == MQS_OK && gtx->v[MQS_GROUP_FLOOR] < v[MQS_GROUP_FLOOR])
		v[MQS_GROUP_FLOOR] = v[MQS_GROUP_DURABLE_FLOOR] = gtx->v[MQS_GROUP_FLOOR];
	fill_page(&page, mqs_tx_number(tx), v);
	mqs_tx_abort(tx);
	return rc != MQS_OK ? rc : mqs_page_lower(group->page, &page, err);
}

int
mqs_group_commit_lower(struct mqs_group_tx *gtx, struct mqs_error *err)
{
	int rc;

	if ((rc = prepare(gtx, err)) != MQS_OK || (rc = lower_page(gtx, err)) != MQS_OK) {
		mqs_group_abort(gtx);
		return rc;
	}
	if ((rc = commit(gtx, err)) != MQS_OK)
		return rc;
	return mqs_db_sync(gtx->group->db, err);
}
