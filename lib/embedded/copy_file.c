/*
 * copy_file.c - a verified copy of a log's or a group's file, without its free pages
 *
 * Compaction and backup copy the same way: every page of the source is verified, then the
 * entries of a snapshot are copied to a file that nobody else opens.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/advice.h"
#include "base/error.h"
#include "base/interrupted.h"
#include "embedded/copy_file.h"
#include "embedded/queue/state_values.h"
#include "embedded/store/lmdb/db_page_check.h"

#define TELL_EVERY	((uint64_t)1 << 20)

/* ----------------------------------------------------------- verifying -- */

struct first_finding {
	int	there;
	char	text[MQS_ERROR_TEXT / 2];
};

static void
note_finding(void *arg, uint64_t page, const char *text)
{
	struct first_finding *f = arg;

	if (!f->there++)
		(void)snprintf(f->text, sizeof(f->text), "page %llu %s",
		    (unsigned long long)page, text);
}

int
mqs_copy_verify(struct mqs_spool *spool, struct mqs_db *db, const struct mqs_db_spec *spec,
    struct mqs_error *err)
{
	struct first_finding f = { 0 };
	char ctl[MQS_CTL_SIZE];
	int rc, unsafe;

	mqs_progress(spool, 0, 0, "%s: verifying %s", spec->label, spec->file);
	if ((rc = mqs_db_check_pages(db, note_finding, &f, &unsafe, err)) != MQS_OK)
		return rc;
	if (f.there)
		return mqs_fail(err, MQS_EDAMAGED, "%s/%s: damaged: %s (%s salvage %s %s)",
		    spec->dir_path, spec->file, f.text, mqs_ctl(ctl, spec->dir_path), spec->label,
		    strchr(spec->label, '/') == NULL ? "NEW saves what is intact" :
		    "makes the group anew");
	return MQS_OK;
}

/* ------------------------------------------------------------- copying -- */

struct copying {
	struct mqs_spool	*spool;
	const struct mqs_db_spec *spec;
	uint64_t		 done, told, total;	/* bytes */
};

static void
tell(struct copying *c)
{
	c->told = c->done;
	mqs_progress(c->spool, c->done < c->total ? c->done : c->total, c->total,
	    "%s: copying %s", c->spec->label, c->spec->file);
}

static int
copied(void *arg, unsigned table, const struct mqs_slice *key, const struct mqs_slice *value,
    struct mqs_error *err)
{
	struct copying *c = arg;

	(void)table;
	c->done += key->n + value->n;
	if (c->done - c->told >= TELL_EVERY) {
		tell(c);
		if (mqs_interrupted(&c->spool->options))
			return mqs_fail(err, MQS_EINTR, "%s: interrupted", c->spec->label);
	}
	return MQS_OK;
}

/* Another version of mq may keep more in a file than is copied here. */
static int
check_format(struct mqs_tx *tx, const struct mqs_db_spec *spec, struct mqs_error *err)
{
	struct mqs_slice value;
	int rc;

	if ((rc = mqs_tx_get(tx, MQS_DB_MAIN, "format", 6, &value, err)) < 0)
		return rc;
	if (rc == MQS_NOTHING || value.n != 4)
		return mqs_fail(err, MQS_EDAMAGED, "%s/%s: not a file of mq", spec->dir_path,
		    spec->file);
	if (mqs_get_le32(value.p) != MQS_LOG_FORMAT)
		return mqs_fail(err, MQS_EVERSION, "%s/%s: format %u, this version of mq knows %u",
		    spec->dir_path, spec->file, mqs_get_le32(value.p), MQS_LOG_FORMAT);
	return MQS_OK;
}

/* The state of a copy, and the number of its last commit. */
static int
read_state(struct mqs_db *db, struct mqs_page *page, struct mqs_error *err)
{
	struct mqs_tx *tx;
	int rc;

	if ((rc = mqs_tx_read(db, &tx, err)) != MQS_OK)
		return rc;
	page->tx = mqs_tx_number(tx);
	rc = mqs_state_get(tx, page->v, MQS_PAGE_VALUES, err);
	mqs_tx_abort(tx);
	return rc;
}

int
mqs_copy_snapshot(struct mqs_spool *spool, struct mqs_tx *tx, const struct mqs_db_spec *spec,
    int dir, const char *path, const char *name, struct mqs_page *page,
    struct mqs_error *err)
{
	struct copying c = { .spool = spool, .spec = spec };
	struct mqs_db_spec new = *spec;
	struct mqs_db *to;
	int rc;

	if ((rc = check_format(tx, spec, err)) != MQS_OK ||
	    (rc = mqs_db_used_bytes(tx, &c.total, err)) != MQS_OK)
		return rc;
	new.dir = dir;
	new.dir_path = path;
	new.file = name;
	new.flags = MQS_DB_CREATE | MQS_DB_PRIVATE;
	new.gate = new.turn = -1;
	if ((rc = mqs_db_open(&to, &new, err)) != MQS_OK)
		return rc;
	if ((rc = mqs_db_copy(tx, to, copied, &c, err)) == MQS_OK &&
	    (rc = read_state(to, page, err)) == MQS_OK) {
		c.done = c.total;
		tell(&c);
	}
	mqs_db_close(to);
	if (rc == MQS_EFULL)
		return mqs_fail(err, rc, "%s: no room for a copy of %s (%llu bytes are in use in "
		    "it): disk full", spec->label, spec->file, (unsigned long long)c.total);
	return rc;
}

int
mqs_copy_file(struct mqs_spool *spool, const struct mqs_db_spec *spec, int dir,
    const char *path, const char *name, struct mqs_page *page, struct mqs_error *err)
{
	struct mqs_tx *tx;
	struct mqs_db *db;
	int rc;

	if ((rc = mqs_db_open(&db, spec, err)) != MQS_OK)
		return rc;
	if ((rc = mqs_copy_verify(spool, db, spec, err)) == MQS_OK &&
	    (rc = mqs_tx_read(db, &tx, err)) == MQS_OK) {
		rc = mqs_copy_snapshot(spool, tx, spec, dir, path, name, page, err);
		mqs_tx_abort(tx);
	}
	mqs_db_close(db);
	return rc;
}
