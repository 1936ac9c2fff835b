/*
 * group_create.c - making groups, and removing them
 *
 * Making a group: the log's write lock is taken (so that nothing is trimmed
 * meanwhile) - the gate - the file is built under a temporary name, committed and
 * synced (a crash leaves a file that mqs_dir_sweep removes) - a page that an
 * earlier group of this name left is removed (trimming then supposes floor 0) -
 * renamed into place.  Whoever opens it writes the page.  No existing group's lock is
 * taken, so it keeps the order of locks (group.c).
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/name.h"
#include "embedded/queue/group_settings.h"
#include "embedded/queue/group_create.h"
#include "embedded/queue/state_values.h"
#include "embedded/store/directory.h"

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

static int
build(struct mqs_log *log, const char *name, uint64_t v[MQS_GROUP_VALUES],
    const struct mqs_group_new *new, struct mqs_error *err)
{
	char tmp[32], file[MQS_GROUP_FILE];
	struct mqs_db_spec spec;
	struct mqs_db *db;
	int rc;

	mqs_temp_name(tmp);
	mqs_group_spec(&spec, log, tmp, name);
	spec.flags |= MQS_DB_CREATE;
	spec.gate = spec.turn = -1;
	if ((rc = mqs_db_open(&db, &spec, err)) != MQS_OK)
		return rc;
	rc = fill(db, log->uuid, v, new, err);
	mqs_db_close(db);
	if (rc != MQS_OK) {
		(void)unlinkat(log->dir.fd, tmp, 0);
		return rc;
	}
	/* A page of an earlier group would outlive this one's younger numbers. */
	mqs_group_file(file, name, "stat");
	if (unlinkat(log->dir.fd, file, 0) == -1 && errno != ENOENT)
		return mqs_fail_errno(err, "%s/%s", log->dir.path, file);
	mqs_group_file(file, name, "mdb");
	return mqs_dir_install(&log->dir, tmp, file, err);
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
	else
		rc = about(log, name, build(log, name, v, new, &why), &why, err);
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
mqs_group_start_of(struct mqs_start *start, const struct mqs_consumer_options *o,
    struct mqs_error *err)
{
	memset(start, 0, sizeof(*start));
	start->at = MQS_START_OLDEST;
	if (o->from_time != 0) {
		start->at = MQS_START_TIME;
		start->time = o->from_time;
	} else if (o->from == NULL || strcmp(o->from, "oldest") == 0) {
		return MQS_OK;
	} else if (strcmp(o->from, "newest") == 0) {
		start->at = MQS_START_NEWEST;
	} else {
		start->at = MQS_START_ID;
		if (mqs_parse_u64(o->from, strlen(o->from), &start->id) == -1)
			return mqs_fail(err, MQS_EINVAL, "%s: not an id", o->from);
	}
	return MQS_OK;
}

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

/* Other bindings than there are: names the command that makes them so. */
static int
bound_otherwise(const struct mqs_group *group, const struct mqs_group_new *new,
    struct mqs_error *err)
{
	const char *queue = group->log->dir.name;
	struct mqs_buf options = { 0 };
	size_t i;
	int rc = 0;

	for (i = 0; i < new->nbindings && rc == 0; i++)
		rc = mqs_binding_options(&options, &new->bindings[i]);
	if (rc == -1)
		rc = mqs_fail_errno(err, "%s/%s", queue, group->name);
	else
		rc = mqs_fail(err, MQS_ECONFIG, "%s/%s: exists with %s; to change "
		    "that: mq-ctl bind --replace %.*s%s/%s", queue, group->name,
		    group->bindings.n == 0 ? "no bindings" : "other bindings",
		    (int)options.n, options.p, queue, group->name);
	mqs_buf_free(&options);
	return rc;
}

static int
bindings_agree(struct mqs_group *group, const struct mqs_group_new *new,
    uint64_t digest, struct mqs_error *err)
{
	struct mqs_bindings set = { 0 };
	size_t i;
	int rc = MQS_OK;

	for (i = 0; i < new->nbindings && rc == MQS_OK; i++)
		rc = mqs_bindings_add(&set, &new->bindings[i], err);
	if (rc == MQS_OK && set.n > 0 && mqs_bindings_digest(&set) != digest)
		rc = bound_otherwise(group, new, err);
	mqs_bindings_free(&set);
	return rc;
}

static int
settings_agree(const struct mqs_group *group, const struct mqs_group_new *new,
    struct mqs_tx *tx, struct mqs_error *err)
{
	const char *queue = group->log->dir.name, *pair;
	struct mqs_error why;
	size_t i;
	int rc, same;

	for (i = 0; i < new->nsettings; i++) {
		pair = new->settings[i];
		rc = mqs_settings_same(mqs_group_setting_table, tx, pair, &same, &why);
		if (rc != MQS_OK)
			return about(group->log, group->name, rc, &why, err);
		if (!same)
			return mqs_fail(err, MQS_ECONFIG, "%s/%s: exists with "
			    "another value of %.*s; to change that: mq-ctl set "
			    "%s/%s '%s'", queue, group->name,
			    (int)strcspn(pair, "="), pair, queue, group->name, pair);
	}
	return MQS_OK;
}

int
mqs_group_agrees(struct mqs_group *group, const struct mqs_group_new *new,
    struct mqs_error *err)
{
	uint64_t v[MQS_GROUP_VALUES];
	struct mqs_tx *tx;
	int rc;

	if (new->nbindings == 0 && new->nsettings == 0)
		return MQS_OK;
	if ((rc = mqs_tx_read(group->db, &tx, err)) != MQS_OK)
		return rc;
	if ((rc = mqs_group_read(tx, v, err)) == MQS_OK &&
	    (rc = bindings_agree(group, new, v[MQS_GROUP_DIGEST], err)) == MQS_OK)
		rc = settings_agree(group, new, tx, err);
	mqs_tx_abort(tx);
	return rc;
}

/* ------------------------------------------------------------ removing -- */

int
mqs_group_unlink(struct mqs_log *log, const char *name, struct mqs_error *err)
{
	static const char *const endings[] = { "mdb", "mdb-lock", "stat" };
	char file[MQS_GROUP_FILE];
	unsigned i;

	for (i = 0; i < 3; i++) {
		mqs_group_file(file, name, endings[i]);
		if (unlinkat(log->dir.fd, file, 0) == -1 && errno != ENOENT)
			return mqs_fail_errno(err, "%s/%s", log->dir.path, file);
	}
	return mqs_dir_sync(log->dir.fd, log->dir.path, err);
}

int
mqs_group_delete(struct mqs_log *log, const char *name, struct mqs_error *err)
{
	int rc;

	if (!mqs_dir_has_group(&log->dir, name))
		return mqs_fail(err, MQS_ENOENT, "%s/%s: no such group",
		    log->dir.name, name);
	if ((rc = mqs_dir_gate(&log->dir, 1, err)) != MQS_OK)
		return rc;
	rc = mqs_group_unlink(log, name, err);
	if (mqs_dir_gate(&log->dir, 0, rc == MQS_OK ? err : NULL) != MQS_OK &&
	    rc == MQS_OK)
		rc = MQS_ESYSTEM;
	return rc;
}
