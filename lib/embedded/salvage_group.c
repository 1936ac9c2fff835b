/*
 * salvage_group.c - a group made anew whose file is damaged or gone
 *
 * The steps, and what an interruption after each of them leaves:
 *
 *	the log's write lock, so that nothing is removed meanwhile; the gate
 *	a new file is built under a temporary name	the damaged group, and a file that
 *	and gets owner and mode of the damaged one	mq-ctl trim removes
 *	the damaged file gets a second name		the same, and GROUP.damaged
 *	the new file is renamed into the old one's place	the new group, with a page of the
 *							old one that is behind or right
 *	the page is removed, and written anew		the new group
 *	page and lock file get the file's owner		the same, but who made them is the only
 *							one that may write to them
 *
 * Where the group begins: see salvage_group_source.h.  What it had settled above that comes
 * again, and so does what it held or had handed out, with no attempt counted.
 *
 * The generation stays: by it the markers in other queues know what has become of a message,
 * so that a filter's output or a dead letter is not made twice (salvage_group_generation.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "embedded/check_group_file.h"
#include "embedded/queue/group_create.h"
#include "embedded/queue/group_file.h"
#include "embedded/queue/group_state.h"
#include "embedded/queue/log_tx.h"
#include "embedded/salvage_group_generation.h"
#include "embedded/store/directory.h"
#include "embedded/store/lmdb/data_file.h"
#include "embedded/store/lmdb/page_check.h"
#include "embedded/store/owner.h"
#include "embedded/store/queue_dir_replace.h"

#define DAMAGED_MAX	100	/* names of damaged files that are kept */

struct salvage {
	struct mqs_spool	*spool;
	struct mqs_log		*log;
	const char		*name;
	mqs_finding_fn		*finding;
	void			*arg;
	struct mqs_group_remains remains;
	struct mqs_error	*err;
};

static void	tell(const struct salvage *, const char *fmt, ...)
		    __attribute__((format(printf, 2, 3)));

static void
tell(const struct salvage *s, const char *fmt, ...)
{
	char text[MQS_ERROR_TEXT];
	va_list ap;
	int n;

	if (s->finding == NULL)
		return;
	n = snprintf(text, sizeof(text), "%s/%s: ", s->log->dir.name, s->name);
	va_start(ap, fmt);
	(void)vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, ap);
	va_end(ap);
	s->finding(s->arg, text);
}

/* ------------------------------------------------ is there anything to do -- */

/* 1 if LMDB can read the file without harm. */
static int
pages_are_intact(const struct salvage *s)
{
	char file[MQS_GROUP_FILE];
	struct mqs_data_file data;
	struct mqs_page_meta meta;
	unsigned unsafe;
	int fd, found = 1;

	mqs_group_file(file, s->name, "mdb");
	if ((fd = openat(s->log->dir.fd, file, O_RDONLY | O_CLOEXEC)) == -1)
		return 0;
	if (mqs_dbfile_read(fd, file, &data, NULL) == MQS_OK &&
	    mqs_dbfile_meta(fd, file, data.page_size, data.tx, &meta, NULL) == MQS_OK)
		found = mqs_pages_check(fd, file, &meta, MQS_PAGES_ALL, NULL, NULL, &unsafe, NULL);
	close(fd);
	return found == 0;
}

/* MQS_EEXIST if nothing is wrong with the group. */
static int
check_damaged(struct salvage *s)
{
	uint64_t findings = 0, messages = 0;
	struct mqs_checking k = {
		.spool = s->spool, .log = s->log, .findings = &findings, .messages = &messages
	};

	if (pages_are_intact(s) && mqs_check_group_file(&k, s->name) == MQS_OK && findings == 0)
		return mqs_fail(s->err, MQS_EEXIST, "%s/%s: is not damaged", s->log->dir.name,
		    s->name);
	return MQS_OK;
}

static int
check_owner(void *arg, uint64_t owner)
{
	struct salvage *s = arg;
	enum mqs_owner_life life;
	int rc;

	if (owner >> 32 != mqs_group_owner_family(s->name))
		return MQS_OK;
	if ((rc = mqs_owner_look(&s->log->dir, owner, &life, NULL, s->err)) != MQS_OK ||
	    life == MQS_OWNER_DEAD)
		return rc;
	return mqs_fail(s->err, MQS_EBUSY, "%s/%s: in use: %s; mq-stat -l tells which",
	    s->log->dir.name, s->name, life == MQS_OWNER_LIVES ? "a consumer of it is running" :
	    "a command still works on one of its messages");
}

/* --------------------------------------------------------------- the group -- */

/* The state: where it begins, and the counters that can still be read. */
static int
make_state(struct salvage *s, const uint64_t lv[MQS_LOG_VALUES], uint64_t v[MQS_GROUP_VALUES])
{
	const uint64_t *old = s->remains.v;
	struct mqs_start start = { .at = MQS_START_OLDEST };
	unsigned i;
	int rc;

	memset(v, 0, MQS_GROUP_VALUES * sizeof(*v));
	for (i = MQS_GROUP_DELIVERED; i <= MQS_GROUP_DROPPED; i++)
		v[i] = old[i];
	for (i = MQS_GROUP_DELIVERED_BYTES; i < MQS_GROUP_VALUES; i++)
		v[i] = old[i];
	v[MQS_GROUP_FILTERED] = old[MQS_GROUP_FILTERED];
	v[MQS_GROUP_PAUSED] = old[MQS_GROUP_PAUSED];
	v[MQS_GROUP_LAST_LEASE] = old[MQS_GROUP_LAST_LEASE];
	v[MQS_GROUP_TEMP] = old[MQS_GROUP_TEMP];
	v[MQS_GROUP_TEMP_BOOT] = old[MQS_GROUP_TEMP_BOOT];
	v[MQS_GROUP_USED] = (uint64_t)mqs_now();
	if ((rc = mqs_group_find_generation(s->spool, s->log, s->name, &s->remains,
	    &v[MQS_GROUP_GENERATION], s->err)) != MQS_OK)
		return rc;
	if (s->remains.floor != 0 && s->remains.floor - 1 <= lv[MQS_LOG_LAST_ID]) {
		start.at = MQS_START_ID;
		start.id = s->remains.floor;
	} else
		tell(s, "where it was is not known: it begins with the oldest message");
	if ((rc = mqs_group_place(s->log, &start, v, s->err)) != MQS_OK)
		return rc;
	v[MQS_GROUP_FLOOR] = v[MQS_GROUP_DURABLE_FLOOR] = v[MQS_GROUP_CURSOR] + 1;
	return MQS_OK;
}

/* The settings that were read, as pairs that point into them. */
static int
list_settings(struct salvage *s, const char ***out, size_t *n)
{
	const char *p = s->remains.settings.p, *end = p + s->remains.settings.n;
	const char **pairs = NULL, **more;

	*n = 0;
	*out = NULL;
	for (; p != NULL && p < end; p += strlen(p) + 1) {
		if ((more = reallocarray(pairs, *n + 1, sizeof(*pairs))) == NULL) {
			free(pairs);
			return mqs_fail_errno(s->err, "%s", s->name);
		}
		pairs = more;
		pairs[(*n)++] = p;
	}
	*out = pairs;
	return MQS_OK;
}

/* Builds the file with what it is to have; without the settings, if these make no sense. */
static int
build(struct salvage *s, const char *tmp, uint64_t v[MQS_GROUP_VALUES],
    struct mqs_group_new *new)
{
	uint64_t plain[MQS_GROUP_VALUES];
	struct mqs_error why;
	int rc;

	memcpy(plain, v, sizeof(plain));
	rc = mqs_group_build(s->log, s->name, tmp, v, new, &why);
	if ((rc == MQS_ECONFIG || rc == MQS_EINVAL) && new->nsettings > 0) {
		(void)unlinkat(s->log->dir.fd, tmp, 0);
		tell(s, "settings: not saved: %s", why.text);
		new->nsettings = 0;
		memcpy(v, plain, sizeof(plain));
		rc = mqs_group_build(s->log, s->name, tmp, v, new, &why);
	}
	if (rc != MQS_OK && s->err != NULL)
		*s->err = why;
	return rc;
}

/* Builds the file with settings and bindings, and tells what of these was lost. */
static int
build_from_remains(struct salvage *s, const char *tmp, uint64_t v[MQS_GROUP_VALUES])
{
	struct mqs_group_remains *g = &s->remains;
	struct mqs_group_new new = { .nbindings = g->bindings.n };
	struct mqs_binding *bindings = NULL;
	const char **settings = NULL;
	size_t i;
	int rc;

	if (g->bindings.n > 0 &&
	    (bindings = calloc(g->bindings.n, sizeof(*bindings))) == NULL)
		return mqs_fail_errno(s->err, "%s", s->name);
	for (i = 0; i < g->bindings.n; i++)
		bindings[i] = g->bindings.list[i].binding;
	new.bindings = bindings;
	if ((rc = list_settings(s, &settings, &new.nsettings)) == MQS_OK) {
		new.settings = settings;
		rc = build(s, tmp, v, &new);
	}
	if (rc == MQS_OK && !g->settings_whole)
		tell(s, "settings: not all could be read");
	if (rc == MQS_OK && !g->bindings_whole)
		tell(s, "bindings: could not be read: it gets every message");
	free(settings);
	free(bindings);
	return rc;
}

/* Gives the damaged file a second name, the first that is free. */
static int
keep_damaged(const struct salvage *s, const char *file)
{
	char name[MQS_GROUP_FILE + 8];
	int i, dir = s->log->dir.fd;

	for (i = 0; i < DAMAGED_MAX; i++) {
		if (i == 0)
			(void)snprintf(name, sizeof(name), "%s.damaged", s->name);
		else
			(void)snprintf(name, sizeof(name), "%s.damaged.%d", s->name, i);
		if (linkat(dir, file, dir, name, 0) == 0)
			return MQS_OK;
		if (errno != EEXIST)
			break;
	}
	return mqs_fail_errno(s->err, "%s/%s: can't be kept as %s", s->log->dir.path, file, name);
}

/* Puts the built file into the place of the damaged one. */
static int
install(struct salvage *s, const char *tmp)
{
	char file[MQS_GROUP_FILE], lock[MQS_GROUP_FILE + 8], page[MQS_GROUP_FILE];
	int rc, dir = s->log->dir.fd;

	mqs_group_file(file, s->name, "mdb");
	mqs_group_file(page, s->name, "stat");
	(void)snprintf(lock, sizeof(lock), "%s-lock", file);
	if (s->remains.has_file &&
	    ((rc = mqs_dir_make_like(&s->log->dir, tmp, file, s->err)) != MQS_OK ||
	    (rc = keep_damaged(s, file)) != MQS_OK))
		return rc;
	/* The old file's lock must not lie beside the new one. */
	if (unlinkat(dir, lock, 0) == -1 && errno != ENOENT)
		return mqs_fail_errno(s->err, "%s/%s", s->log->dir.path, lock);
	if (renameat(dir, tmp, dir, file) == -1)
		return mqs_fail_errno(s->err, "%s/%s", s->log->dir.path, file);
	(void)snprintf(lock, sizeof(lock), "%s-lock", tmp);
	(void)unlinkat(dir, lock, 0);
	if (unlinkat(dir, page, 0) == -1 && errno != ENOENT)
		return mqs_fail_errno(s->err, "%s/%s", s->log->dir.path, page);
	return mqs_dir_sync(dir, s->log->dir.path, s->err);
}

/* Builds and installs; the log's write lock and the gate are held. */
static int
replace(struct salvage *s, uint64_t v[MQS_GROUP_VALUES])
{
	char tmp[32], lock[48];
	int rc;

	if ((rc = mqs_owner_each(&s->log->dir, check_owner, s, s->err)) != MQS_OK)
		return rc;
	(void)mqs_temp_name(tmp);
	if ((rc = build_from_remains(s, tmp, v)) == MQS_OK && (rc = install(s, tmp)) == MQS_OK)
		return MQS_OK;
	(void)snprintf(lock, sizeof(lock), "%s-lock", tmp);
	(void)unlinkat(s->log->dir.fd, tmp, 0);
	(void)unlinkat(s->log->dir.fd, lock, 0);
	return rc;
}

static int
make_anew(struct salvage *s, struct mqs_salvaged *salvaged)
{
	uint64_t v[MQS_GROUP_VALUES], before;
	struct mqs_log_tx ltx;
	int rc;

	if ((rc = mqs_log_begin(&ltx, s->log, 0, s->err)) != MQS_OK)
		return rc;
	if ((rc = mqs_group_remains_read(&s->remains, s->log, s->name, s->err)) == MQS_OK &&
	    (rc = make_state(s, ltx.v, v)) == MQS_OK &&
	    (rc = mqs_dir_gate(&s->log->dir, 1, s->err)) == MQS_OK) {
		rc = replace(s, v);
		if (mqs_dir_gate(&s->log->dir, 0, rc == MQS_OK ? s->err : NULL) != MQS_OK &&
		    rc == MQS_OK)
			rc = MQS_ESYSTEM;
	}
	if (rc == MQS_OK) {
		salvaged->messages = mqs_group_unsettled(v, ltx.v);
		before = s->remains.floor == 0 ? 0 : mqs_group_unsettled(s->remains.v, ltx.v);
		salvaged->repeated = salvaged->messages > before ? salvaged->messages - before : 0;
	}
	if (rc != MQS_OK || (ltx.v[MQS_LOG_ROOM_ORDINAL] | ltx.v[MQS_LOG_ROOM_BYTES]) == 0) {
		mqs_log_abort(&ltx);
		return rc;
	}
	/* More is unsettled than when somebody looked how much room there is. */
	ltx.v[MQS_LOG_ROOM_ORDINAL] = ltx.v[MQS_LOG_ROOM_BYTES] = 0;
	return mqs_log_commit(&ltx, s->err);
}

/*
 * Opening the group writes its page, without which nothing is removed from the log.  Page and
 * lock file are the group's owner's: root makes a group anew for others.
 */
static int
open_anew(struct salvage *s)
{
	char file[MQS_GROUP_FILE], lock[MQS_GROUP_FILE + 8], page[MQS_GROUP_FILE];
	struct mqs_group *opened;
	int rc;

	rc = mqs_spool_group(s->spool, s->log->dir.name, s->name, 0, NULL, &opened, s->err);
	mqs_group_file(file, s->name, "mdb");
	mqs_group_file(page, s->name, "stat");
	(void)snprintf(lock, sizeof(lock), "%s-lock", file);
	mqs_dir_give_like(&s->log->dir, lock, file);
	mqs_dir_give_like(&s->log->dir, page, file);
	return rc;
}

int
mqs_embedded_salvage_group(struct mqs_spool *spool, const char *queue, const char *group,
    mqs_finding_fn *finding, void *arg, struct mqs_salvaged *salvaged, struct mqs_error *err)
{
	struct salvage s = {
		.spool = spool, .name = group, .finding = finding, .arg = arg, .err = err
	};
	int rc;

	memset(salvaged, 0, sizeof(*salvaged));
	if ((rc = mqs_spool_log(spool, queue, 0, &s.log, err)) != MQS_OK)
		return rc;
	if (mqs_spool_find_group(spool, s.log, group) != NULL)
		return mqs_fail(err, MQS_EBUSY, "%s/%s: in use by this process", queue, group);
	if ((rc = mqs_owner_each(&s.log->dir, check_owner, &s, err)) == MQS_OK &&
	    (rc = check_damaged(&s)) == MQS_OK)
		rc = make_anew(&s, salvaged);
	mqs_group_remains_free(&s.remains);
	return rc == MQS_OK ? open_anew(&s) : rc;
}
