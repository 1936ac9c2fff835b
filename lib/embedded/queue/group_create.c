/*
 * group_create.c - making a group
 *
 * The steps: take the log's write lock, so that nothing is trimmed meanwhile, and then the
 * gate.  Build the file under a temporary name, commit and sync it (a crash leaves a file
 * that mqs_dir_sweep removes; an error leaves nothing).  Rename the file into place.
 * Whoever opens the group first writes its page (without a page, trimming supposes floor 0).
 * Where a page of this name lies about, a group has lost its file: it is not begun anew
 * (queue/group_missing.h).
 *
 * No existing group's lock is taken, so the order of locks is kept (queue/group_tx.h).
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "embedded/queue/group_create.h"
#include "embedded/queue/group_file.h"
#include "embedded/queue/group_missing.h"
#include "embedded/queue/group_settings.h"
#include "embedded/queue/log_tx.h"
#include "embedded/queue/state_values.h"
#include "embedded/store/lmdb/data_file.h"

/* Settings and bindings, with what the state tells of them. */
static int
put_given(struct mqs_tx *tx, uint64_t v[MQS_GROUP_VALUES],
    const struct mqs_group_new *new, struct mqs_error *err)
{
	struct mqs_bindings set = { 0 };
	size_t i;
	int rc;

	rc = mqs_group_settings_store(tx, v, new->settings, new->nsettings, err);
	for (i = 0; i < new->nbindings && rc == MQS_OK; i++)
		rc = mqs_bindings_add(&set, &new->bindings[i], err);
	if (rc == MQS_OK && set.n > 0)
		rc = mqs_group_bindings_store(tx, v, &set, err);
	mqs_bindings_free(&set);
	return rc;
}

static int
fill(struct mqs_db *db, const unsigned char uuid[16],
    uint64_t v[MQS_GROUP_VALUES], const struct mqs_group_new *new,
    struct mqs_error *err)
{
	unsigned char format[4];
	struct mqs_tx *tx;
	int rc;

	if ((rc = mqs_tx_write(db, 0, &tx, err)) != MQS_OK)
		return rc;
	mqs_put_le32(format, MQS_GROUP_FORMAT);
	if ((rc = mqs_tx_put(tx, MQS_DB_MAIN, "format", 6, format, 4, err)) != MQS_OK ||
	    (rc = mqs_tx_put(tx, MQS_DB_MAIN, "log", 3, uuid, 16, err)) != MQS_OK ||
	    (rc = put_given(tx, v, new, err)) != MQS_OK ||
	    (rc = mqs_state_put(tx, v, MQS_GROUP_VALUES, err)) != MQS_OK) {
		mqs_tx_abort(tx);
		return rc;
	}
	if ((rc = mqs_tx_commit(tx, err)) != MQS_OK)
		return rc;
	return mqs_db_sync(db, err);
}

int
mqs_group_build(struct mqs_log *log, const char *name, const char *tmp,
    uint64_t v[MQS_GROUP_VALUES], const struct mqs_group_new *new, struct mqs_error *err)
{
	char label[2 * MQS_NAME_MAX + 2];
	struct mqs_db_spec spec;
	struct mqs_db *db;
	int rc;

	snprintf(label, sizeof(label), "%s/%s", log->dir.name, name);
	mqs_group_spec(&spec, log, tmp, label);
	spec.flags |= MQS_DB_CREATE;
	spec.gate = spec.turn = -1;
	if ((rc = mqs_db_open(&db, &spec, err)) != MQS_OK)
		return rc;
	rc = fill(db, log->uuid, v, new, err);
	mqs_db_close(db);
	return rc;
}

static int
make(struct mqs_log *log, const char *name, uint64_t v[MQS_GROUP_VALUES],
    const struct mqs_group_new *new, struct mqs_error *err)
{
	char tmp[32], file[MQS_GROUP_FILE];
	int rc;

	mqs_temp_name(tmp);
	mqs_group_file(file, name, "mdb");
	if ((rc = mqs_group_build(log, name, tmp, v, new, err)) == MQS_OK)
		rc = mqs_dir_install(&log->dir, tmp, file, err);
	if (rc != MQS_OK)
		mqs_dbfile_unmake(log->dir.fd, tmp);
	return rc;
}

/* Says of which group something that was asked for makes no sense. */
static int
about(const struct mqs_log *log, const char *name, int rc,
    const struct mqs_error *why, struct mqs_error *err)
{
	if (rc == MQS_ECONFIG || rc == MQS_EINVAL)
		return mqs_fail(err, rc, "%s/%s: %s", log->dir.name, name, why->text);
	if (rc != MQS_OK && err != NULL)
		*err = *why;
	return rc;
}

int
mqs_group_create(struct mqs_log *log, const char *name,
    const struct mqs_group_new *new, struct mqs_error *err)
{
	uint64_t v[MQS_GROUP_VALUES];
	struct mqs_error why;
	struct mqs_log_tx ltx;
	int rc;

	if ((rc = mqs_log_begin(&ltx, log, 0, err)) != MQS_OK)
		return rc;
	memset(v, 0, sizeof(v));
	/* Markers of a group of this name that was deleted are not of this one. */
	v[MQS_GROUP_GENERATION] = v[MQS_GROUP_USED] = (uint64_t)mqs_now();
	v[MQS_GROUP_TEMP] = new->owner;
	v[MQS_GROUP_TEMP_BOOT] = new->owner == 0 ? 0 : mqs_boot();
	rc = mqs_group_place(log, &new->start, v, err);
	v[MQS_GROUP_FLOOR] = v[MQS_GROUP_DURABLE_FLOOR] = v[MQS_GROUP_CURSOR] + 1;
	if (rc != MQS_OK || (rc = mqs_dir_gate(&log->dir, 1, err)) != MQS_OK)
		goto out;
	if (mqs_dir_has_group(&log->dir, name))
		rc = mqs_fail(err, MQS_EEXIST, "%s/%s: exists already",
		    log->dir.name, name);
	else if (mqs_group_is_lost(&log->dir, name))
		rc = mqs_group_fail_missing(log, name, err);
	else
		rc = about(log, name, make(log, name, v, new, &why), &why, err);
	if (mqs_dir_gate(&log->dir, 0, rc == MQS_OK ? err : NULL) != MQS_OK &&
	    rc == MQS_OK)
		rc = MQS_ESYSTEM;
out:
	/* More may be unsettled than when somebody looked how much room there is. */
	if (rc == MQS_OK && (ltx.v[MQS_LOG_ROOM_ORDINAL] | ltx.v[MQS_LOG_ROOM_BYTES]) != 0) {
		ltx.v[MQS_LOG_ROOM_ORDINAL] = ltx.v[MQS_LOG_ROOM_BYTES] = 0;
		return mqs_log_commit(&ltx, err);
	}
	mqs_log_abort(&ltx);
	return rc;
}

/* ------------------------------------------------- what was asked for -- */

int
mqs_group_new_of(struct mqs_group_new *new, const struct mqs_consumer_options *o,
    struct mqs_error *err)
{
	size_t i;
	int rc;

	memset(new, 0, sizeof(*new));
	if (o == NULL)
		return MQS_OK;
	for (i = 0; i < o->nbindings; i++)
		if ((rc = mqs_binding_check(&o->bindings[i], err)) != MQS_OK)
			return rc;
	new->bindings = o->bindings;
	new->nbindings = o->nbindings;
	new->settings = o->settings;
	new->nsettings = o->nsettings;
	return mqs_group_start_of(&new->start, o, err);
}
