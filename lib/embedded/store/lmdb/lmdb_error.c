/*
 * lmdb_error.c - what an error of LMDB means for a queue
 *
 * LMDB answers with numbers of its own (MDB_...) or with an errno.  Each gets an MQS_E...
 * and a sentence here.  Rules of the design's section 8 that are kept here:
 *
 *  9 readers	MDB_READERS_FULL, after a slot was waited for, is MQS_EBUSY.
 * 10 commit	mqs_lmdb_fail_commit: whatever the cause, nothing was published.  After
 *		MDB_PANIC the handle is marked broken, and the next begin reopens it.
 *
 * LMDB ends the process (abort) where a page contradicts itself.  Its assert is
 * replaced, so that the embedding program first gets to know which file it is.
 */
#include <sys/statvfs.h>

#include <errno.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/advice.h"
#include "base/error.h"
#include "embedded/store/lmdb/handle.h"
#include "embedded/store/lmdb/lmdb_error.h"

#define ADVICE		(2 * MQS_CTL_SIZE + 4 * MQS_NAME_MAX + 128)
#define NO_ROOM		65536		/* a disk with less than this is full */

static const struct kind {
	int		 error;
	int		 code;
	const char	*text;
} kinds[] = {
	{ MDB_INVALID, MQS_EDAMAGED, "not a database" },
	{ MDB_VERSION_MISMATCH, MQS_EDAMAGED, "of or in use by another version of LMDB" },
	{ MDB_CORRUPTED, MQS_EDAMAGED, "unexpected page" },
	{ MDB_PAGE_NOTFOUND, MQS_EDAMAGED, "page not found" },
	{ MDB_INCOMPATIBLE, MQS_EDAMAGED, "table of another kind" },
	{ MDB_NOTFOUND, MQS_EDAMAGED, "table or entry not found" },
	{ MDB_MAP_FULL, MQS_EFULL, "map is full" },
	{ MDB_MAP_RESIZED, MQS_ESYSTEM, "grew beyond what this process has mapped" },
	{ MDB_PANIC, MQS_EIO, "an earlier write failed" },
	{ MDB_READERS_FULL, MQS_EBUSY, "too many readers at once" },
	{ MDB_TXN_FULL, MQS_ESYSTEM, "transaction too large" },
	{ MDB_BAD_RSLOT, MQS_EBUG, "used after fork" },
	{ MDB_BAD_TXN, MQS_EBUG, "transaction failed or at rest" },
	{ MDB_BAD_DBI, MQS_EBUG, "table closed" },
	{ MDB_BAD_VALSIZE, MQS_EINVAL, "key empty or too long" },
	{ MDB_KEYEXIST, MQS_EEXIST, "key exists already" },
	{ MDB_CURSOR_FULL, MQS_EDAMAGED, "tree too deep" },
	{ MDB_PAGE_FULL, MQS_EDAMAGED, "page full" },
	{ MDB_DBS_FULL, MQS_EBUG, "too many tables" },
	{ EAGAIN, MQS_EBUSY, "lock not available (another PID namespace?)" }
};

static int
disk_is_full(const struct mqs_db *db)
{
	struct statvfs fs;

	return db->env != NULL && fstatvfs(db->fd, &fs) == 0 &&
	    (uint64_t)fs.f_bavail * fs.f_frsize < NO_ROOM;
}

/* Why a map that is full could not grow (map_size.c). */
static const char *
map_full_reason(const struct mqs_db *db)
{
	return db->map_fixed ? "map is full (MQ_MAPSIZE)" :
	    "no address space is left for the file to grow (ulimit -v)";
}

/* What helps where a file is damaged: what is intact of a log is saved, a group made anew. */
static void
advise(const struct mqs_db *db, char text[ADVICE])
{
	const char *label = db->spec.label;
	char ctl[MQS_CTL_SIZE];

	(void)mqs_ctl(ctl, db->spec.dir_path);
	(void)snprintf(text, ADVICE, strchr(label, '/') == NULL ?
	    "%s salvage %s NEW saves what is intact" : "%s salvage %s makes the group anew", ctl,
	    label);
}

int
mqs_lmdb_advise(const struct mqs_db *db, int rc, struct mqs_error *err)
{
	char advice[ADVICE];
	size_t n;

	if (rc != MQS_EDAMAGED || err == NULL)
		return rc;
	advise(db, advice);
	n = strlen(err->text);
	(void)snprintf(err->text + n, sizeof(err->text) - n, " (%s)", advice);
	return rc;
}

int
mqs_lmdb_fail_damaged(const struct mqs_db *db, const char *what, struct mqs_error *err)
{
	char advice[ADVICE];

	advise(db, advice);
	return mqs_fail(err, MQS_EDAMAGED, "%s: damaged: %s (%s)", db->name, what, advice);
}

/* Reports an error of LMDB's or an errno; `doing' begins the reason. */
int
mqs_lmdb_fail(struct mqs_db *db, int error, const char *doing, struct mqs_error *err)
{
	const char *label = db->spec.label;
	size_t i;

	if (error == MDB_PANIC)
		db->broken = 1;
	if (error == EIO && disk_is_full(db))
		error = ENOSPC;		/* LMDB's word for a short write */
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].error != error)
			continue;
		if (kinds[i].code == MQS_EDAMAGED)
			return mqs_lmdb_fail_damaged(db, kinds[i].text, err);
		return mqs_fail(err, kinds[i].code, "%s: %s%s", label, doing,
		    error == MDB_MAP_FULL ? map_full_reason(db) : kinds[i].text);
	}
	if (error < 0)
		return mqs_fail(err, MQS_EIO, "%s: %s%s", db->name, doing,
		    mdb_strerror(error));
	errno = error;
	if (*doing == '\0')
		return mqs_fail_errno(err, "%s", db->name);
	return mqs_fail_errno(err, "%s: %.*s", label, (int)strcspn(doing, ":"), doing);
}

int
mqs_lmdb_fail_commit(struct mqs_db *db, int error, struct mqs_error *err)
{
	/* LMDB's answers to a tree or a list of free pages that makes no sense. */
	if (error == EINVAL || error == EACCES || error == MDB_BAD_VALSIZE ||
	    error == MDB_KEYEXIST || error == MDB_BAD_TXN)
		error = MDB_CORRUPTED;
	return mqs_lmdb_fail(db, error, "not stored: ", err);
}

/* LMDB's assertions: the file contradicts itself. */
void
mqs_lmdb_assert(MDB_env *env, const char *assertion)
{
	(void)assertion;		/* LMDB's own expression, which helps nobody */
	const struct mqs_db *db = mdb_env_get_userctx(env);
	const struct mqs_options *options = db->spec.options;
	struct mqs_error why;

	if (options != NULL && options->on_damage != NULL) {
		(void)mqs_lmdb_fail_damaged(db, "its pages contradict each other", &why);
		options->on_damage(options->arg, why.text);
	}
	abort();	/* before LMDB prints something and does the same */
}

/*
 * Reports what an operation on a table returned; a write that failed stays failed,
 * unless it was refused before it began.
 */
int
mqs_lmdb_fail_entry(struct mqs_tx *tx, int error, struct mqs_error *err)
{
	struct mqs_db *db = tx->db;
	int writing = tx == &db->writer, rc;

	if (writing && tx->failed != 0)
		return mqs_fail(err, tx->failed, "%s: a step before failed",
		    db->spec.label);
	/*
	 * LMDB drops some errors, but remembers that the transaction had one, and
	 * says so next time: it met a page that makes no sense.  And a cursor that such a
	 * page led astray is one that stands nowhere (EINVAL).
	 */
	if ((error == MDB_BAD_TXN || error == EINVAL) &&
	    (writing ? tx->txn != NULL : tx->active))
		error = MDB_CORRUPTED;
	if (error == EINVAL || error == EACCES)
		error = MDB_BAD_TXN;	/* only misuse is answered so */
	rc = mqs_lmdb_fail(db, error, "", err);
	if (writing && rc != MQS_EINVAL && rc != MQS_EEXIST)
		tx->failed = rc;
	return rc;
}
