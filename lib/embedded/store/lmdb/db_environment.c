/*
 * db_environment.c - opening, closing and repairing the LMDB environment of a handle
 *
 * The rules of the design's section 8 that are kept here:
 *
 *  1 gate	The caller of mqs_env_open and mqs_env_close holds the gate; reopening
 *		takes it.
 *  2 identity	mqs_db_check_path: the path still names the file that was opened.
 *  4 flags	Those of the environment are all that there are: MDB_NOMETASYNC here
 *		and in mqs_db_relax, MDB_NOSYNC only while a file is made.
 *  5 handles	MDB_NOSUBDIR | MDB_NOTLS, FD_CLOEXEC in adopt_env.  The lock file is
 *		not opened once LMDB has it: closing it would drop the locks of this
 *		process.
 *  8 map	map_size.c; mqs_env_recover where another process outgrew it.
 *  9 readers	mqs_env_free_dead_readers, at opening; see reader_slot.c.
 * 10 panic	mqs_env_usable reopens what is broken.
 * 15 modes	mqs_lock_file_share: whoever may read the data may write the lock file.
 * 16 overlay	mqs_dbfile_check opens for writing first.
 * 17 size	data_file.c checks it before LMDB sees the file.
 *
 * Reopening moves the map, and so does growing it.  Both are refused while a read
 * transaction of this handle is active, because its borrowed values would dangle.  Read
 * transactions at rest have ended, and begin anew when they are renewed.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>

#include "base/error.h"
#include "embedded/store/lmdb/data_file.h"
#include "embedded/store/lmdb/db_environment.h"
#include "embedded/store/lmdb/handle.h"
#include "embedded/store/lmdb/lmdb_error.h"
#include "embedded/store/lmdb/map_release.h"
#include "embedded/store/lmdb/map_size.h"
#include "embedded/store/lmdb/open_tables.h"
#include "embedded/store/lmdb/transaction_cursors.h"
#include "embedded/store/lock.h"
#include "embedded/store/lock_file.h"

static int
fail_space(const struct mqs_db *db, struct mqs_error *err)
{
	return mqs_fail(err, MQS_ESYSTEM,
	    "%s: not enough address space to map it (ulimit -v)", db->name);
}

/* LMDB could not open it, though the data file itself can be opened. */
static int
fail_open(struct mqs_db *db, int error, struct mqs_error *err)
{
	if (error == EACCES || error == EROFS)
		return mqs_fail(err, MQS_EPERM,
		    "%s-lock: needs write permission, even for reading", db->name);
	if (error == ENOMEM)
		return fail_space(db, err);
	return mqs_lmdb_fail(db, error, "", err);
}

/* After LMDB opened it: it is the file that was checked, and closed on exec. */
static int
adopt_env(struct mqs_db *db, struct mqs_error *err)
{
	struct stat st;
	MDB_stat stat;
	int flags, rc;

	if ((rc = mdb_env_get_fd(db->env, &db->fd)) != 0 ||
	    (rc = mdb_env_stat(db->env, &stat)) != 0)
		return mqs_lmdb_fail(db, rc, "", err);
	if ((flags = fcntl(db->fd, F_GETFD)) == -1 ||
	    fcntl(db->fd, F_SETFD, flags | FD_CLOEXEC) == -1 ||
	    fstat(db->fd, &st) == -1)
		return mqs_fail_errno(err, "%s", db->name);
	if (st.st_dev != db->file.dev || st.st_ino != db->file.ino)
		return mqs_fail(err, MQS_EBUSY, "%s: replaced while it was opened",
		    db->name);
	db->page_size = stat.ms_psize;
	db->node_max = (stat.ms_psize - 16) / 2 - 2;
	mqs_lock_file_share(db->spec.dir, db->spec.file, st.st_mode);
	return MQS_OK;
}

void
mqs_env_close(struct mqs_db *db)
{
	if (db->env == NULL)
		return;
	mdb_env_close(db->env);
	db->env = NULL;
	db->fd = -1;
	db->released = NULL;
}

int
mqs_db_check_path(struct mqs_db *db, struct mqs_error *err)
{
	struct stat st;

	if (stat(db->path, &st) == -1) {
		if (errno == ENOENT || errno == ENOTDIR)
			return mqs_fail(err, MQS_ENOENT, "%s: %s was deleted",
			    db->spec.label, strchr(db->spec.label, '/') == NULL ?
			    "queue" : "group");
		return mqs_fail_errno(err, "%s", db->name);
	}
	if (st.st_dev != db->file.dev || st.st_ino != db->file.ino)
		return mqs_fail(err, MQS_EBUSY, "%s: queue was replaced",
		    db->spec.label);
	return MQS_OK;
}

static int
look_at_file(struct mqs_db *db, int make, struct mqs_error *err)
{
	const struct mqs_db_spec *spec = &db->spec;
	struct stat st;
	int rc;

	db->readonly = 0;
	if (make)
		return mqs_dbfile_make(spec->dir, spec->file, db->name,
		    (mode_t)spec->mode, &db->file, err);
	rc = mqs_dbfile_check(spec->dir, spec->file, db->name,
	    spec->flags & MQS_DB_READONLY ? &db->readonly : NULL, &db->file, err);
	/* Of a log that is no file, or empty, there is nothing to be saved. */
	if (rc == MQS_EDAMAGED && strchr(spec->label, '/') == NULL &&
	    (fstatat(spec->dir, spec->file, &st, 0) == -1 || !S_ISREG(st.st_mode) ||
	    st.st_size == 0))
		return rc;
	return mqs_lmdb_advise(db, rc, err);
}

/*
 * Whoever was killed while reading would keep every page that is given up since from
 * being used again.  Where few processes last, opening is when that is noticed.
 */
int
mqs_env_free_dead_readers(struct mqs_db *db, struct mqs_error *err)
{
	int rc, dead;

	if ((rc = mdb_reader_check(db->env, &dead)) != 0)
		return mqs_lmdb_fail(db, rc, "readers: ", err);
	return MQS_OK;
}

/* Opens the environment; the caller has the gate. */
int
mqs_env_open(struct mqs_db *db, int make, struct mqs_error *err)
{
	unsigned flags = MDB_NOSUBDIR | MDB_NOTLS;
	int rc;

	if ((rc = look_at_file(db, make, err)) != MQS_OK)
		return rc;
	if (!(db->spec.flags & MQS_DB_PRIVATE) &&
	    (rc = mqs_lock_file_fill(db->spec.dir, db->spec.file, db->name,
	    (mode_t)db->spec.mode, err)) != MQS_OK) {
		if (make)
			mqs_dbfile_unmake(db->spec.dir, db->spec.file);
		return rc;
	}
	if (db->readonly)
		flags |= MDB_RDONLY;
	if (db->spec.flags & MQS_DB_NOMETASYNC)
		flags |= MDB_NOMETASYNC;
	if (make)
		flags |= MDB_NOSYNC;
	if (db->spec.flags & MQS_DB_PRIVATE)
		flags |= MDB_NOLOCK;
	if ((rc = mqs_map_open(db, flags)) != 0)
		rc = fail_open(db, rc, err);
	else if ((rc = adopt_env(db, err)) == MQS_OK &&
	    (rc = mqs_env_free_dead_readers(db, err)) == MQS_OK)
		rc = mqs_env_open_tables(db, make, err);
	if (rc != MQS_OK) {
		mqs_env_close(db);
		if (make)
			mqs_dbfile_unmake(db->spec.dir, db->spec.file);
		return rc;
	}
	db->broken = 0;
	return MQS_OK;
}

int
mqs_env_take_gate(struct mqs_db *db, const struct mqs_options *options,
    struct mqs_error *err)
{
	return db->spec.gate == -1 ? MQS_OK :
	    mqs_gate_take(db->spec.gate, options, db->spec.label, err);
}

void
mqs_env_give_gate(struct mqs_db *db)
{
	if (db->spec.gate != -1)
		mqs_gate_give(db->spec.gate);
}

/* Ends what read transactions hold of the environment; they can be renewed. */
void
mqs_env_detach_readers(struct mqs_db *db)
{
	struct mqs_tx *tx;

	for (tx = db->readers; tx != NULL; tx = tx->next) {
		mqs_cursors_end(tx);
		if (tx->txn != NULL)
			mdb_txn_abort(tx->txn);
		tx->txn = NULL;
	}
}

/*
 * Closes the environment and opens it again, after an error that it doesn't survive.
 */
static int
reopen(struct mqs_db *db, struct mqs_error *err)
{
	int rc;

	if (db->active > 0)
		return mqs_fail(err, MQS_EIO,
		    "%s: must be reopened, but is being read", db->spec.label);
	if ((rc = mqs_env_take_gate(db, db->spec.options, err)) != MQS_OK)
		return rc;
	mqs_env_detach_readers(db);
	mqs_env_close(db);
	rc = mqs_env_open(db, 0, err);
	mqs_env_give_gate(db);
	return rc;
}

int
mqs_env_usable(struct mqs_db *db, struct mqs_error *err)
{
	int error;

	if (db->env == NULL || db->broken)
		return reopen(db, err);
	error = mqs_map_restore(db);
	return error == 0 ? MQS_OK : mqs_lmdb_fail(db, error, "mapping: ", err);
}

/*
 * Removes the cause for which a transaction could not begin: MQS_OK to try again.
 */
int
mqs_env_recover(struct mqs_db *db, int error, struct mqs_error *err)
{
	switch (error) {
	case MDB_MAP_RESIZED:
		/* Another process, with a larger map, made the file outgrow ours. */
		if (db->active > 0)
			break;
		if (mqs_map_follow(db) == -1)
			return fail_space(db, err);
		return MQS_OK;
	case MDB_PANIC:
	case EINVAL:			/* the mutex was destroyed by a stranger */
		db->broken = 1;
		return MQS_OK;
	}
	return mqs_lmdb_fail(db, error, "", err);
}
