/*
 * admin_compact.c - writing a queue's files anew, so that free pages are given back
 *
 * The queue is had to oneself (rule 8.19): nobody has its files open, so none can be reading
 * or writing what is replaced.  The log and the groups are files of their own.  Each is
 * copied without its free pages under a temporary name (store/lmdb/db_copy.h), synced, and
 * renamed over the old one (store/queue_dir_replace.h).  What is in them does not change, so
 * a queue of which some files are new and others old is as whole as before; a crash leaves
 * that and perhaps a temporary file, which the next compaction or trimming removes.
 *
 * A copy has transaction numbers of its own, which begin anew.  The status page shows the
 * number of the commit that it is of, and a page with a higher number would not give way to
 * one of the new file.  So the page is written anew after the rename.  A crash between the
 * two leaves a page of higher number with the same values: whoever opens the file next finds
 * that out, and empties it.
 *
 * Pages are verified first, because a copy of damaged ones would be a loss made to last.  The
 * limits of the queue (min-free) do not count here: this is how a full disk gets room.  Groups
 * are done first, since they are small; each file that is done makes room for the next.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/interrupted.h"
#include "embedded/copy_file.h"
#include "embedded/queue/group_file.h"
#include "embedded/queue/state_values.h"
#include "embedded/spool.h"
#include "embedded/store/queue_dir_replace.h"

#define LOOK_AGAIN	(10 * MQS_MSEC)

struct compaction {
	struct mqs_spool	*spool;
	struct mqs_log		 log;		/* its directory and options alone */
	uint64_t		 before, after;	/* bytes of the files on disk */
	struct mqs_error	*err;
};

/* What a file takes on disk; 0 if it is not there. */
static uint64_t
disk_bytes(const struct mqs_dir *dir, const char *file)
{
	struct stat st;

	return fstatat(dir->fd, file, &st, AT_SYMLINK_NOFOLLOW) == -1 ? 0 :
	    (uint64_t)st.st_blocks * 512;
}

/* Writes the status page of a file that was replaced; it may stay as it is. */
static void
write_page(const struct mqs_dir *dir, const char *name, const struct mqs_page *page)
{
	int fd;

	if (mqs_page_open(dir, name, 0, &fd, NULL) != MQS_OK)
		return;
	(void)mqs_page_lower(fd, page, NULL);
	close(fd);
}

/* The copy takes the old file's place, if it is smaller. */
static int
install(struct compaction *c, const char *tmp, const struct mqs_db_spec *spec,
    const char *page_name, const struct mqs_page *page)
{
	struct mqs_dir *dir = &c->log.dir;
	uint64_t old = disk_bytes(dir, spec->file), new = disk_bytes(dir, tmp);
	int rc;

	c->before += old;
	if (new >= old) {
		c->after += old;
		(void)unlinkat(dir->fd, tmp, 0);
		return MQS_OK;
	}
	c->after += new;
	if ((rc = mqs_dir_replace(dir, tmp, spec->file, c->err)) == MQS_OK)
		write_page(dir, page_name, page);
	return rc;
}

static int
compact_file(struct compaction *c, const struct mqs_db_spec *spec, const char *page_name)
{
	struct mqs_page page = { 0 };
	char tmp[32];
	int rc;

	mqs_temp_name(tmp);
	if ((rc = mqs_copy_file(c->spool, spec, c->log.dir.fd, c->log.dir.path, tmp, &page,
	    c->err)) != MQS_OK) {
		(void)unlinkat(c->log.dir.fd, tmp, 0);
		return rc;
	}
	return install(c, tmp, spec, page_name, &page);
}

static int
compact_group(void *arg, const char *name)
{
	char file[MQS_GROUP_FILE], page[MQS_GROUP_FILE], label[2 * MQS_NAME_MAX + 2];
	struct compaction *c = arg;
	struct mqs_db_spec spec;

	mqs_group_file(file, name, "mdb");
	mqs_group_file(page, name, "stat");
	(void)snprintf(label, sizeof(label), "%s/%s", c->log.dir.name, name);
	mqs_group_spec(&spec, &c->log, file, label);
	return compact_file(c, &spec, page);
}

static int
compact_all(struct compaction *c)
{
	struct mqs_dir *dir = &c->log.dir;
	struct mqs_db_spec spec;
	int rc;

	/* What a killed compaction has left would need room twice. */
	if ((rc = mqs_dir_gate(dir, 1, c->err)) != MQS_OK)
		return rc;
	rc = mqs_dir_sweep(dir, NULL, NULL, c->err);
	(void)mqs_dir_gate(dir, 0, NULL);
	if (rc != MQS_OK || (rc = mqs_dir_each_group(dir, compact_group, c, c->err)) != MQS_OK)
		return rc;
	mqs_log_spec(&spec, dir, c->log.options);
	return compact_file(c, &spec, "log.stat");
}

/* Waits until the queue can be had. */
static int
open_sole(struct compaction *c, const char *queue, int64_t wait)
{
	const int64_t until = wait < 0 ? INT64_MAX : mqs_later(mqs_boottime(), wait);
	const struct timespec pause = { .tv_nsec = LOOK_AGAIN };
	int rc;

	while ((rc = mqs_dir_open_sole(&c->log.dir, c->spool->path, queue, c->err)) == MQS_EBUSY &&
	    mqs_boottime() < until) {
		if (mqs_interrupted(&c->spool->options))
			return mqs_fail(c->err, MQS_EINTR,
			    "%s: interrupted while waiting for its users", queue);
		mqs_progress(c->spool, 0, 0, "%s, waiting", c->err->text);
		(void)nanosleep(&pause, NULL);
	}
	if (rc == MQS_EBUSY && wait == 0)
		return mqs_fail(c->err, rc, "%s: stop what uses it, or wait for it (-W)",
		    c->err == NULL ? queue : c->err->text);
	return rc;
}

int
mqs_embedded_compact(struct mqs_spool *spool, const char *queue, int64_t wait,
    uint64_t *before, uint64_t *after, struct mqs_error *err)
{
	struct mqs_error own;
	struct compaction c = { .spool = spool, .err = err == NULL ? &own : err,
	    .log = { .options = &spool->options } };
	int rc;

	*before = *after = 0;
	mqs_spool_forget(spool, queue);
	if ((rc = open_sole(&c, queue, wait)) != MQS_OK)
		return rc;
	rc = compact_all(&c);
	mqs_dir_close(&c.log.dir);
	*before = c.before;
	*after = c.after;
	return rc;
}
