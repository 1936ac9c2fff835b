/*
 * db.c - a handle of one LMDB file among many short-lived processes
 *
 * The files of this folder are the only ones that know LMDB.  The rules of the design's
 * section 8, and where each is kept:
 *
 *  1 gate	db_environment.c: around every opening and closing of an environment
 *  2 successor	transaction_write.c: a transaction that does not follow the last commit
 *		means that the lock table was lost; mqs_db_check_path in db_environment.c
 *  3 sync	db_environment.c, open_tables.c, mqs_db_relax here; never MDB_WRITEMAP
 *  4 flags	db_environment.c
 *  5 handles	db_environment.c
 *  6 blocking	transaction_read.c: mqs_tx_rest lets go of the snapshot
 *  7 turn	transaction_write.c: taken before LMDB's write lock
 *  8 map	map_size.c, db_environment.c
 *  9 readers	db_environment.c
 * 10 commit	lmdb_error.c, transaction_write.c
 * 15 modes	data_file.c, called by db_environment.c
 * 16 overlay	data_file.c
 * 17 size	data_file.c before opening; commit_growth.c before each commit
 * 18 cursors	transaction_cursors.c
 *
 * A file with MQS_DB_UNLOCKED is read without LMDB: unlocked_read.c has its own rules.
 *
 * A handle has one write transaction, in the handle itself, and any number of read
 * transactions, all listed, so that reopening can end those at rest.  A read
 * transaction that is ended is kept in memory as a spare, to be begun anew.
 *
 * A crash at any step leaves the last commit: LMDB writes new pages elsewhere, syncs
 * them, then writes its meta page.  Locks go with the process.  A crash while a new
 * file is made leaves a file under a temporary name.
 *
 * A process that does not ignore SIGXFSZ dies of it at its file size limit.
 */
#include <sys/stat.h>

#include <errno.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "embedded/store/lmdb/db.h"
#include "embedded/store/lmdb/db_environment.h"
#include "embedded/store/lmdb/handle.h"
#include "embedded/store/lmdb/lmdb_error.h"
#include "embedded/store/lmdb/transaction.h"
#include "embedded/store/lmdb/transaction_cursors.h"
#include "embedded/store/lmdb/unlocked_read.h"

#define AGAIN_MAX	1000	/* tries to read a file that others write to */

static void
free_db(struct mqs_db *db)
{
	free((void *)(uintptr_t)db->spec.dir_path);
	free((void *)(uintptr_t)db->spec.file);
	free((void *)(uintptr_t)db->spec.label);
	free(db->name);
	free(db->path);
	free(db);
}

/* The path that works wherever the process goes, if that can be told. */
static char *
absolute(const char *name)
{
	char *here, *path;

	if (*name == '/' || (here = getcwd(NULL, 0)) == NULL)
		return strdup(name);
	if (asprintf(&path, "%s/%s", here, name) == -1)
		path = NULL;
	free(here);
	return path;
}

static struct mqs_db *
new_db(const struct mqs_db_spec *spec)
{
	struct mqs_db *db;

	if ((db = calloc(1, sizeof(*db))) == NULL)
		return NULL;
	db->spec = *spec;
	db->fd = -1;
	db->writer.db = db;
	db->spec.dir_path = strdup(spec->dir_path);
	db->spec.file = strdup(spec->file);
	db->spec.label = strdup(spec->label);
	if (asprintf(&db->name, "%s/%s", spec->dir_path, spec->file) == -1)
		db->name = NULL;
	if (db->name != NULL)
		db->path = absolute(db->name);
	if (db->spec.dir_path == NULL || db->spec.file == NULL ||
	    db->spec.label == NULL || db->path == NULL) {
		free_db(db);
		return NULL;
	}
	return db;
}

int
mqs_db_open(struct mqs_db **out, const struct mqs_db_spec *spec,
    struct mqs_error *err)
{
	struct mqs_db *db;
	int rc;

	if (spec->ntables > MQS_TABLES_MAX)
		return mqs_fail(err, MQS_EBUG, "%s: too many tables", spec->label);
	if ((db = new_db(spec)) == NULL) {
		errno = ENOMEM;
		return mqs_fail_errno(err, "%s", spec->label);
	}
	if (spec->flags & MQS_DB_UNLOCKED)
		rc = mqs_unlocked_open(db, err);
	else if ((rc = mqs_env_take_gate(db, spec->options, err)) == MQS_OK) {
		rc = mqs_env_open(db, (spec->flags & MQS_DB_CREATE) != 0, err);
		mqs_env_give_gate(db);
	}
	if (rc != MQS_OK) {
		free_db(db);
		return rc;
	}
	db->spec.flags &= ~MQS_DB_CREATE;	/* from now on it is there */
	*out = db;
	return MQS_OK;
}

void
mqs_db_close(struct mqs_db *db)
{
	struct mqs_tx *tx;

	if (db == NULL)
		return;
	mqs_tx_abort(db->writer.txn != NULL ? &db->writer : NULL);
	mqs_env_detach_readers(db);
	while ((tx = db->readers) != NULL) {
		db->readers = tx->next;
		mqs_cursors_drop(tx);
		free(tx);
	}
	/*
	 * Waits for the gate whatever signals come.  Without it, it is better to
	 * leave everything to the end of the process than to close.
	 */
	if (db->spec.flags & MQS_DB_UNLOCKED)
		mqs_unlocked_close(db);
	else if (db->env != NULL && mqs_env_take_gate(db, NULL, NULL) == MQS_OK) {
		mqs_env_close(db);
		mqs_env_give_gate(db);
	}
	free_db(db);
}

int
mqs_db_sync(struct mqs_db *db, struct mqs_error *err)
{
	int rc;

	if (db->spec.flags & MQS_DB_UNLOCKED)
		return MQS_OK;
	if ((rc = mqs_env_usable(db, err)) != MQS_OK || db->readonly)
		return rc;
	if ((rc = mdb_env_sync(db->env, 1)) != 0)
		return mqs_lmdb_fail(db, rc, "not synced: ", err);
	return MQS_OK;
}

int
mqs_db_relax(struct mqs_db *db, int on, struct mqs_error *err)
{
	int rc;

	if (on)
		db->spec.flags |= MQS_DB_NOMETASYNC;
	else
		db->spec.flags &= ~MQS_DB_NOMETASYNC;
	if (db->env == NULL || db->readonly)
		return MQS_OK;		/* reopening will heed it */
	if ((rc = mdb_env_set_flags(db->env, MDB_NOMETASYNC, on)) != 0)
		return mqs_lmdb_fail(db, rc, "", err);
	return MQS_OK;
}

int
mqs_db_check_readers(struct mqs_db *db, struct mqs_error *err)
{
	int rc;

	if (db->spec.flags & MQS_DB_UNLOCKED)
		return MQS_OK;
	if ((rc = mqs_env_usable(db, err)) != MQS_OK)
		return rc;
	return mqs_env_free_dead_readers(db, err);
}

uint64_t
mqs_db_last_commit(const struct mqs_db *db)
{
	return db->fd == -1 ? 0 : mqs_dbfile_last_commit(db->fd, db->page_size);
}

int
mqs_db_again(const struct mqs_db *db, int rc, unsigned *tries)
{
	return rc == MQS_EBUSY && db->spec.flags & MQS_DB_UNLOCKED && ++*tries < AGAIN_MAX;
}

uint64_t
mqs_db_disk_bytes(const struct mqs_db *db)
{
	struct stat st;

	if (db->fd == -1 || fstat(db->fd, &st) == -1)
		return 0;
	return (uint64_t)st.st_blocks * 512;
}

void
mqs_db_expect(struct mqs_db *db, uint64_t bytes)
{
	db->expected = bytes;
}

void
mqs_db_on_commit(struct mqs_db *db, int (*hook)(void *arg), void *arg)
{
	db->on_commit = hook;
	db->on_commit_arg = arg;
}
