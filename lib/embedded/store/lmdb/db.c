/*
 * db.c - one LMDB file among many short-lived processes
 *
 * The only file that knows LMDB.  The rules of the design's section 8, and where
 * they are kept:
 *
 *  1 gate	open_env and close_env hold it; so does reopening.
 *  2 successor	begin_write: the transaction's number must be the committed one + 1,
 *		else the lock table was lost and the environment is reopened; then
 *		mqs_db_check_path.
 *  3 sync	Full, or MDB_NOMETASYNC.  MDB_NOSYNC only while a new file's tables
 *		are made, when nothing in it is durable yet; the first commit
 *		syncs all of it.  Never MDB_WRITEMAP.
 *  4 flags	mqs_db_relax changes the environment's, there are no others.
 *  5 handles	MDB_NOSUBDIR | MDB_NOTLS, FD_CLOEXEC in adopt_env.  The lock file is not
 *		opened once LMDB has it: closing it would drop the locks of this process.
 *  6 blocking	mqs_tx_rest lets go of the snapshot, and costs nothing to renew.
 *  7 turn	lock.c; taken before mdb_txn_begin, given after commit or abort.
 *  8 map	open_halving, cope.
 *  9 readers	1,024 slots; cope, free_dead_readers.
 * 10 commit	fail_commit: whatever the cause, nothing was published.  After
 *		MDB_PANIC `broken' is set, and the next begin reopens.
 * 15 modes	mqs_dbfile_share_lock: whoever may read the data may write the lock file.
 * 16 overlay	mqs_dbfile_check opens for writing first.
 * 17 size	data_file.c checks it before opening; file_growth.c makes it exact, in grow.
 * 18 cursors	Every cursor is known to its transaction, which closes it first.
 *
 * A handle has one write transaction, in the handle itself, and any number of read
 * transactions, all listed, so that reopening can end those at rest and begin them
 * anew.  One that is ended is kept as a spare, at rest, with its reader slot.
 * Reopening and growing the map move the map, so they are refused while a read
 * transaction of this handle is active, since its borrowed values would dangle.
 *
 * A crash at any step leaves the last commit: LMDB writes new pages elsewhere, syncs
 * them, then writes its meta page.  Locks go with the process.  A crash while a new
 * file is made leaves a file under a temporary name.
 *
 * A process that doesn't ignore SIGXFSZ dies of it at its file size limit.
 */
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "embedded/store/lmdb/data_file.h"
#include "embedded/store/lmdb/db.h"
#include "embedded/store/lmdb/file_growth.h"
#include "embedded/store/lock.h"

/* 0.9.70 and later are previews of 1.0. */
#if MDB_VERSION_MAJOR != 0 || MDB_VERSION_MINOR != 9 || MDB_VERSION_PATCH >= 70
#error "mq needs LMDB 0.9 (0.9.24 to 0.9.x): the file format of other versions differs"
#endif

#define READERS		1024
#define TABLES_MAX	31		/* besides the main one: one bit each */
#define FREE_TABLE	0		/* LMDB's own list of free pages */
#define MAP_LEAST	((size_t)64 << 20)
#if SIZE_MAX > UINT32_MAX
#define MAP_FIRST	((size_t)1 << 40)
#else
#define MAP_FIRST	((size_t)1 << 30)
#endif
#define NO_ROOM		65536		/* a disk with less than this is full */
#define BEGIN_TRIES	4

struct mqs_cur {
	MDB_cursor	*cursor;	/* NULL: to be renewed, or freed */
	struct mqs_tx	*tx;
	unsigned	 table;
	uintptr_t	 page;		/* where the last value was */
	struct mqs_cur	*next, **link;	/* among those of the transaction */
};

struct mqs_tx {
	MDB_txn		*txn;		/* NULL: none now (reading: begin anew) */
	struct mqs_db	*db;
	struct mqs_cur	*cursors;
	struct mqs_tx	*next, **link;	/* reading: among those of the db */
	int		 active;	/* reading: pins a snapshot */
	int		 failed;	/* writing: the first error, 0: none */
	uint32_t	 touched;	/* writing: bits of tables */
	MDB_cursor	*appender;	/* writing: stands at the end of appender_table */
	unsigned	 appender_table;
	uint64_t	 end;		/* writing: first page after the committed ones */
	struct mqs_dbwork work;
};

struct mqs_db {
	struct mqs_db_spec spec;	/* strings are copies */
	char		*name;		/* dir_path/file, for messages */
	char		*path;		/* the same, absolute */
	MDB_env		*env;		/* NULL: could not be reopened */
	MDB_dbi		 dbi[TABLES_MAX + 1];
	int		 fd;		/* LMDB's, of the data file */
	struct mqs_data_file file;		/* size: at least; dev, ino: which file this is */
	size_t		 node_max;	/* larger values have pages of their own */
	uint32_t	 page_size;
	int		 readonly;
	int		 broken;	/* to be reopened */
	struct mqs_tx	*readers;
	struct mqs_tx	*spare;		/* one of them */
	unsigned	 active;	/* how many of them pin a snapshot */
	struct mqs_tx	 writer;
	int		(*on_commit)(void *arg);
	void		*on_commit_arg;
};

/* ------------------------------------------------------------- errors -- */

static const struct kind {
	int		 error;
	int		 code;
	const char	*text;
} kinds[] = {
	{ MDB_INVALID, MQS_EDAMAGED, "damaged: not a database" },
	{ MDB_VERSION_MISMATCH, MQS_EDAMAGED, "of or in use by another version of LMDB" },
	{ MDB_CORRUPTED, MQS_EDAMAGED, "damaged: unexpected page" },
	{ MDB_PAGE_NOTFOUND, MQS_EDAMAGED, "damaged: page not found" },
	{ MDB_INCOMPATIBLE, MQS_EDAMAGED, "damaged: table of another kind" },
	{ MDB_NOTFOUND, MQS_EDAMAGED, "damaged: table or entry not found" },
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
	{ MDB_CURSOR_FULL, MQS_EDAMAGED, "damaged: tree too deep" },
	{ MDB_PAGE_FULL, MQS_EDAMAGED, "damaged: page full" },
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

/* Reports an error of LMDB's or an errno; `doing' begins the reason. */
static int
fail(struct mqs_db *db, int error, const char *doing, struct mqs_error *err)
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
			label = db->name;
		return mqs_fail(err, kinds[i].code, "%s: %s%s", label, doing,
		    kinds[i].text);
	}
	if (error < 0)
		return mqs_fail(err, MQS_EIO, "%s: %s%s", db->name, doing,
		    mdb_strerror(error));
	errno = error;
	if (*doing == '\0')
		return mqs_fail_errno(err, "%s", db->name);
	return mqs_fail_errno(err, "%s: %.*s", label, (int)strcspn(doing, ":"), doing);
}

static int
fail_commit(struct mqs_db *db, int error, struct mqs_error *err)
{
	return fail(db, error, "not stored: ", err);
}

/* LMDB's assertions: the file contradicts itself. */
static void
damaged(MDB_env *env, const char *assertion)
{
	const struct mqs_db *db = mdb_env_get_userctx(env);
	const struct mqs_options *options = db->spec.options;
	char text[MQS_ERROR_TEXT];

	if (options != NULL && options->on_damage != NULL) {
		(void)snprintf(text, sizeof(text), "%s: damaged: %s", db->name, assertion);
		options->on_damage(options->arg, text);
	}
	abort();	/* before LMDB prints something and does the same */
}

/* ------------------------------------------------------------ opening -- */

/* Opens it with the largest map that can be had.  0, an errno, or LMDB's. */
static int
open_halving(struct mqs_db *db, unsigned flags)
{
	const struct mqs_options *options = db->spec.options;
	size_t size = MAP_FIRST;
	int rc;

	if (options != NULL && options->map_size != 0)
		size = options->map_size;
	for (;; size /= 2) {
		if ((rc = mdb_env_create(&db->env)) != 0)
			return rc;
		(void)mdb_env_set_userctx(db->env, db);
		(void)mdb_env_set_assert(db->env, damaged);
		if ((rc = mdb_env_set_mapsize(db->env, size)) == 0 &&
		    (rc = mdb_env_set_maxreaders(db->env, READERS)) == 0 &&
		    (rc = mdb_env_set_maxdbs(db->env, db->spec.ntables)) == 0 &&
		    (rc = mdb_env_open(db->env, db->path, flags,
		    (mdb_mode_t)db->spec.mode)) == 0)
			return 0;
		mdb_env_close(db->env);
		db->env = NULL;
		/* Valgrind says EINVAL for what is too large. */
		if ((rc != ENOMEM && rc != EINVAL) || size / 2 < MAP_LEAST)
			return rc;
	}
}

/* LMDB could not open it, though the data file itself can be opened. */
static int
fail_open(struct mqs_db *db, int error, struct mqs_error *err)
{
	if (error == EACCES || error == EROFS)
		return mqs_fail(err, MQS_EPERM,
		    "%s-lock: needs write permission, even for reading", db->name);
	if (error == ENOMEM)
		return mqs_fail(err, MQS_ESYSTEM,
		    "%s: not enough address space to map it", db->name);
	return fail(db, error, "", err);
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
		return fail(db, rc, "", err);
	if ((flags = fcntl(db->fd, F_GETFD)) == -1 ||
	    fcntl(db->fd, F_SETFD, flags | FD_CLOEXEC) == -1 ||
	    fstat(db->fd, &st) == -1)
		return mqs_fail_errno(err, "%s", db->name);
	if (st.st_dev != db->file.dev || st.st_ino != db->file.ino)
		return mqs_fail(err, MQS_EBUSY, "%s: replaced while it was opened",
		    db->name);
	db->page_size = stat.ms_psize;
	db->node_max = (stat.ms_psize - 16) / 2 - 2;
	mqs_dbfile_share_lock(db->spec.dir, db->spec.file, st.st_mode);
	return MQS_OK;
}

/* A table that is not there: whose file is it then? */
static int
fail_table(struct mqs_db *db, unsigned table, int others, struct mqs_error *err)
{
	const char *name = db->spec.tables[table - 1];

	if (others)
		return mqs_fail(err, MQS_EVERSION,
		    "%s: no table \"%s\": of another version of mq", db->name, name);
	return mqs_fail(err, MQS_EDAMAGED, "%s: no table \"%s\": not a file of mq",
	    db->name, name);
}

/* Opens all tables in a transaction that the caller ends. */
static int
open_in(struct mqs_db *db, MDB_txn *txn, unsigned flags, struct mqs_error *err)
{
	unsigned i, found = 0, missing = 0;
	int rc;

	if ((rc = mdb_dbi_open(txn, NULL, 0, &db->dbi[MQS_DB_MAIN])) != 0)
		return fail(db, rc, "", err);
	for (i = 1; i <= db->spec.ntables; i++) {
		rc = mdb_dbi_open(txn, db->spec.tables[i - 1], flags, &db->dbi[i]);
		if (rc == 0)
			found++;
		else if (rc != MDB_NOTFOUND)
			return fail(db, rc, "", err);
		else if (missing == 0)
			missing = i;
	}
	return missing == 0 ? MQS_OK : fail_table(db, missing, found > 0, err);
}

static int
open_tables(struct mqs_db *db, int make, struct mqs_error *err)
{
	MDB_txn *txn;
	int rc;

	if ((rc = mdb_txn_begin(db->env, NULL, make ? 0 : MDB_RDONLY, &txn)) != 0)
		return fail(db, rc, "", err);
	if ((rc = open_in(db, txn, make ? MDB_CREATE : 0, err)) != MQS_OK) {
		mdb_txn_abort(txn);
		return rc;
	}
	/* Table handles of a transaction that is aborted would be closed. */
	if ((rc = mdb_txn_commit(txn)) != 0)
		return fail_commit(db, rc, err);
	if (make && (rc = mdb_env_set_flags(db->env, MDB_NOSYNC, 0)) != 0)
		return fail(db, rc, "", err);
	return MQS_OK;
}

static void
close_env(struct mqs_db *db)
{
	if (db->env == NULL)
		return;
	mdb_env_close(db->env);
	db->env = NULL;
	db->fd = -1;
}

static int
look_at_file(struct mqs_db *db, int make, struct mqs_error *err)
{
	const struct mqs_db_spec *spec = &db->spec;

	db->readonly = 0;
	if (make)
		return mqs_dbfile_make(spec->dir, spec->file, db->name,
		    (mode_t)spec->mode, &db->file, err);
	return mqs_dbfile_check(spec->dir, spec->file, db->name,
	    spec->flags & MQS_DB_READONLY ? &db->readonly : NULL, &db->file, err);
}

/*
 * Whoever was killed while reading would keep every page that is given up since from
 * being used again.  Where few processes last, opening is when that is noticed.
 */
static int
free_dead_readers(struct mqs_db *db, struct mqs_error *err)
{
	int rc, dead;

	if ((rc = mdb_reader_check(db->env, &dead)) != 0)
		return fail(db, rc, "readers: ", err);
	return MQS_OK;
}

/* Opens the environment; the caller has the gate. */
static int
open_env(struct mqs_db *db, int make, struct mqs_error *err)
{
	unsigned flags = MDB_NOSUBDIR | MDB_NOTLS;
	int rc;

	if ((rc = look_at_file(db, make, err)) != MQS_OK)
		return rc;
	if ((rc = mqs_dbfile_fill_lock(db->spec.dir, db->spec.file, db->name,
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
	if ((rc = open_halving(db, flags)) != 0)
		rc = fail_open(db, rc, err);
	else if ((rc = adopt_env(db, err)) == MQS_OK &&
	    (rc = free_dead_readers(db, err)) == MQS_OK)
		rc = open_tables(db, make, err);
	if (rc != MQS_OK) {
		close_env(db);
		if (make)
			mqs_dbfile_unmake(db->spec.dir, db->spec.file);
		return rc;
	}
	db->broken = 0;
	return MQS_OK;
}

static int
take_gate(struct mqs_db *db, const struct mqs_options *options,
    struct mqs_error *err)
{
	return db->spec.gate == -1 ? MQS_OK :
	    mqs_gate_take(db->spec.gate, options, db->spec.label, err);
}

static void
give_gate(struct mqs_db *db)
{
	if (db->spec.gate != -1)
		mqs_gate_give(db->spec.gate);
}

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

	if (spec->ntables > TABLES_MAX)
		return mqs_fail(err, MQS_EBUG, "%s: too many tables", spec->label);
	if ((db = new_db(spec)) == NULL) {
		errno = ENOMEM;
		return mqs_fail_errno(err, "%s", spec->label);
	}
	if ((rc = take_gate(db, spec->options, err)) == MQS_OK) {
		rc = open_env(db, (spec->flags & MQS_DB_CREATE) != 0, err);
		give_gate(db);
	}
	if (rc != MQS_OK) {
		free_db(db);
		return rc;
	}
	db->spec.flags &= ~MQS_DB_CREATE;	/* from now on it is there */
	*out = db;
	return MQS_OK;
}

static void	end_cursors(struct mqs_tx *);
static void	drop_cursors(struct mqs_tx *);

/* Ends what read transactions hold of the environment; they can be renewed. */
static void
detach_readers(struct mqs_db *db)
{
	struct mqs_tx *tx;

	for (tx = db->readers; tx != NULL; tx = tx->next) {
		end_cursors(tx);
		if (tx->txn != NULL)
			mdb_txn_abort(tx->txn);
		tx->txn = NULL;
	}
}

void
mqs_db_close(struct mqs_db *db)
{
	struct mqs_tx *tx;

	if (db == NULL)
		return;
	mqs_tx_abort(db->writer.txn != NULL ? &db->writer : NULL);
	detach_readers(db);
	while ((tx = db->readers) != NULL) {
		db->readers = tx->next;
		drop_cursors(tx);
		free(tx);
	}
	/*
	 * Waits for the gate whatever signals come.  Without it, it is better to
	 * leave everything to the end of the process than to close.
	 */
	if (db->env != NULL && take_gate(db, NULL, NULL) == MQS_OK) {
		close_env(db);
		give_gate(db);
	}
	free_db(db);
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
	if ((rc = take_gate(db, db->spec.options, err)) != MQS_OK)
		return rc;
	detach_readers(db);
	close_env(db);
	rc = open_env(db, 0, err);
	give_gate(db);
	return rc;
}

static int
usable(struct mqs_db *db, struct mqs_error *err)
{
	return db->env != NULL && !db->broken ? MQS_OK : reopen(db, err);
}

int
mqs_db_sync(struct mqs_db *db, struct mqs_error *err)
{
	int rc;

	if ((rc = usable(db, err)) != MQS_OK || db->readonly)
		return rc;
	if ((rc = mdb_env_sync(db->env, 1)) != 0)
		return fail(db, rc, "not synced: ", err);
	return MQS_OK;
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
		return fail(db, rc, "", err);
	return MQS_OK;
}

int
mqs_db_check_readers(struct mqs_db *db, struct mqs_error *err)
{
	int rc;

	if ((rc = usable(db, err)) != MQS_OK)
		return rc;
	return free_dead_readers(db, err);
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
mqs_db_on_commit(struct mqs_db *db, int (*hook)(void *arg), void *arg)
{
	db->on_commit = hook;
	db->on_commit_arg = arg;
}

/* ------------------------------------------------------- transactions -- */

/*
 * Removes the cause for which a transaction could not begin: MQS_OK to try again.
 */
static int
cope(struct mqs_db *db, int error, struct mqs_error *err)
{
	int dead = 0;

	switch (error) {
	case MDB_READERS_FULL:
		if (mdb_reader_check(db->env, &dead) != 0 || dead == 0)
			break;
		return MQS_OK;
	case MDB_MAP_RESIZED:
		/* Another process, with a larger map, made the file outgrow ours. */
		if (db->active > 0)
			break;
		if (mdb_env_set_mapsize(db->env, 0) != 0)
			db->broken = 1;	/* a smaller one, by halving */
		return MQS_OK;
	case MDB_PANIC:
	case EINVAL:			/* the mutex was destroyed by a stranger */
		db->broken = 1;
		return MQS_OK;
	}
	return fail(db, error, "", err);
}

/* Begins or renews a read transaction. */
static int
begin_read(struct mqs_tx *tx, struct mqs_error *err)
{
	struct mqs_db *db = tx->db;
	int rc, try, error = 0;

	for (try = 0; try < BEGIN_TRIES; try++) {
		if ((rc = usable(db, err)) != MQS_OK)
			return rc;
		if (tx->txn != NULL)
			error = mdb_txn_renew(tx->txn);
		else
			error = mdb_txn_begin(db->env, NULL, MDB_RDONLY, &tx->txn);
		if (error == 0) {
			tx->active = 1;
			db->active++;
			return MQS_OK;
		}
		if ((rc = cope(db, error, err)) != MQS_OK)
			return rc;
	}
	return fail(db, error, "", err);
}

static void
rest(struct mqs_tx *tx)
{
	if (!tx->active)
		return;
	mdb_txn_reset(tx->txn);
	tx->active = 0;
	tx->db->active--;
}

static void
end_appender(struct mqs_tx *tx)
{
	if (tx->appender != NULL)
		mdb_cursor_close(tx->appender);
	tx->appender = NULL;
}

static void
end_cursors(struct mqs_tx *tx)
{
	struct mqs_cur *cur;

	end_appender(tx);
	for (cur = tx->cursors; cur != NULL; cur = cur->next) {
		if (cur->cursor != NULL)
			mdb_cursor_close(cur->cursor);
		cur->cursor = NULL;
	}
}

/* The transaction goes; cursors that were not freed must not point to it. */
static void
drop_cursors(struct mqs_tx *tx)
{
	struct mqs_cur *cur;

	end_cursors(tx);
	while ((cur = tx->cursors) != NULL) {
		tx->cursors = cur->next;
		cur->tx = NULL;
		cur->next = NULL;
		cur->link = NULL;
	}
}

static void
free_reader(struct mqs_tx *tx)
{
	if (tx->txn != NULL)
		mdb_txn_abort(tx->txn);
	*tx->link = tx->next;
	if (tx->next != NULL)
		tx->next->link = tx->link;
	free(tx);
}

static struct mqs_tx *
new_reader(struct mqs_db *db)
{
	struct mqs_tx *tx;

	if ((tx = db->spare) != NULL) {
		db->spare = NULL;
		return tx;
	}
	if ((tx = calloc(1, sizeof(*tx))) == NULL)
		return NULL;
	tx->db = db;
	tx->link = &db->readers;
	if ((tx->next = db->readers) != NULL)
		tx->next->link = &tx->next;
	db->readers = tx;
	return tx;
}

int
mqs_tx_read(struct mqs_db *db, struct mqs_tx **out, struct mqs_error *err)
{
	struct mqs_tx *tx;
	int rc;

	if ((tx = new_reader(db)) == NULL)
		return mqs_fail_errno(err, "%s", db->spec.label);
	if ((rc = begin_read(tx, err)) != MQS_OK) {
		free_reader(tx);
		return rc;
	}
	*out = tx;
	return MQS_OK;
}

void
mqs_tx_rest(struct mqs_tx *tx)
{
	if (tx != &tx->db->writer)
		rest(tx);
}

int
mqs_tx_renew(struct mqs_tx *tx, struct mqs_error *err)
{
	if (tx == &tx->db->writer)
		return mqs_fail(err, MQS_EBUG, "%s: only reading can be renewed",
		    tx->db->spec.label);
	rest(tx);
	return begin_read(tx, err);
}

const char *
mqs_tx_label(const struct mqs_tx *tx)
{
	return tx->db->spec.label;
}

uint64_t
mqs_tx_number(const struct mqs_tx *tx)
{
	return tx->txn == NULL ? 0 : (uint64_t)mdb_txn_id(tx->txn);
}

/* 1 if the transaction that was begun follows the last commit. */
static int
is_successor(struct mqs_db *db)
{
	MDB_envinfo info;

	if (mdb_env_info(db->env, &info) != 0 ||
	    mdb_txn_id(db->writer.txn) != info.me_last_txnid + 1)
		return 0;
	db->writer.end = (uint64_t)info.me_last_pgno + 1;
	return 1;
}

static void
end_write(struct mqs_db *db)
{
	mdb_txn_abort(db->writer.txn);
	db->writer.txn = NULL;
}

static int
begin_write(struct mqs_db *db, struct mqs_error *err)
{
	int rc, try, error = 0;

	for (try = 0; try < BEGIN_TRIES; try++) {
		if ((rc = usable(db, err)) != MQS_OK)
			return rc;
		error = mdb_txn_begin(db->env, NULL, 0, &db->writer.txn);
		if (error == 0) {
			if (is_successor(db))
				return MQS_OK;
			end_write(db);
			db->broken = 1;
		} else {
			db->writer.txn = NULL;
			if ((rc = cope(db, error, err)) != MQS_OK)
				return rc;
		}
	}
	if (error != 0)
		return fail(db, error, "", err);
	return mqs_fail(err, MQS_EIO,
	    "%s: lock table lost: all processes that use it must end first", db->name);
}

static int
may_write(const struct mqs_db *db, struct mqs_error *err)
{
	if (db->writer.txn != NULL)
		return mqs_fail(err, MQS_EBUG, "%s: written to already",
		    db->spec.label);
	if (db->readonly)
		return mqs_fail(err, MQS_EPERM, "%s: no permission to write",
		    db->name);
	/* Only a private file, which has no gate either, needs no turn. */
	if (db->spec.turn == -1 && db->spec.gate != -1)
		return mqs_fail(err, MQS_EPERM, "%s/turn: no permission to write",
		    db->spec.dir_path);
	return MQS_OK;
}

static void
give_turn(const struct mqs_db *db)
{
	if (db->spec.turn != -1)
		mqs_turn_give(db->spec.turn, db->spec.turn_byte);
}

int
mqs_tx_write(struct mqs_db *db, int64_t deadline, struct mqs_tx **out,
    struct mqs_error *err)
{
	struct mqs_tx *tx = &db->writer;
	int rc;

	if ((rc = may_write(db, err)) != MQS_OK)
		return rc;
	if (db->spec.turn != -1 &&
	    (rc = mqs_turn_take(db->spec.turn, db->spec.turn_byte, deadline,
	    db->spec.options, db->spec.label, err)) != MQS_OK)
		return rc;
	if ((rc = begin_write(db, err)) == MQS_OK &&
	    (rc = mqs_db_check_path(db, err)) != MQS_OK)
		end_write(db);
	if (rc != MQS_OK) {
		give_turn(db);
		return rc;
	}
	tx->failed = 0;
	tx->touched = 0;
	memset(&tx->work, 0, sizeof(tx->work));
	*out = tx;
	return MQS_OK;
}

/* Adds a tree, as it was before, to what bounds the growth.  0 or an error. */
static int
weigh_tree(struct mqs_tx *tx, unsigned table)
{
	MDB_stat st;
	int rc;

	tx->touched |= 1u << table;
	if ((rc = mdb_stat(tx->txn, tx->db->dbi[table], &st)) != 0)
		return rc;
	if (st.ms_depth > tx->work.depth)
		tx->work.depth = st.ms_depth;
	tx->work.tree += st.ms_leaf_pages + st.ms_branch_pages;
	tx->work.values += st.ms_overflow_pages;
	return 0;
}

/* Lengthens the file so that it covers every page the commit can name. */
static int
grow(struct mqs_tx *tx)
{
	struct mqs_db *db = tx->db;
	MDB_stat st;
	int rc;

	if (tx->touched == 0)
		return 0;
	/* The roots of the other tables are entries of the main one. */
	tx->work.puts += db->spec.ntables;
	if (!(tx->touched & 1u << MQS_DB_MAIN) &&
	    (rc = weigh_tree(tx, MQS_DB_MAIN)) != 0)
		return rc;
	if ((rc = mdb_stat(tx->txn, FREE_TABLE, &st)) != 0)
		return rc;
	tx->work.free_tree = st.ms_leaf_pages + st.ms_branch_pages +
	    st.ms_overflow_pages;
	return mqs_dbwork_extend(db->fd, (tx->end +
	    mqs_dbwork_bound(&tx->work, db->page_size)) * db->page_size,
	    &db->file.size);
}

/*
 * Should the bound have been too small, the file may be shorter than the commit says
 * until here.  An error changes nothing about the commit.
 */
static void
cover(struct mqs_db *db)
{
	MDB_envinfo info;

	if (mdb_env_info(db->env, &info) == 0)
		(void)mqs_dbwork_extend(db->fd,
		    ((uint64_t)info.me_last_pgno + 1) * db->page_size, &db->file.size);
}

int
mqs_tx_commit(struct mqs_tx *tx, struct mqs_error *err)
{
	struct mqs_db *db = tx->db;
	int error, rc = MQS_OK;

	if (tx != &db->writer || tx->txn == NULL) {
		mqs_tx_abort(tx);
		return mqs_fail(err, MQS_EBUG, "%s: nothing to commit", db->spec.label);
	}
	drop_cursors(tx);
	if (tx->failed != 0)
		rc = mqs_fail(err, tx->failed,
		    "%s: not stored: a step before failed", db->spec.label);
	else if ((error = grow(tx)) != 0 || (db->on_commit != NULL &&
	    (error = db->on_commit(db->on_commit_arg)) != 0))
		rc = fail_commit(db, error, err);
	if (rc != MQS_OK) {
		end_write(db);
		give_turn(db);
		return rc;
	}
	error = mdb_txn_commit(tx->txn);
	tx->txn = NULL;
	if (error != 0)
		rc = fail_commit(db, error, err);
	else
		cover(db);
	give_turn(db);
	return rc;
}

void
mqs_tx_abort(struct mqs_tx *tx)
{
	struct mqs_db *db;

	if (tx == NULL)
		return;
	db = tx->db;
	drop_cursors(tx);
	if (tx == &db->writer) {
		if (tx->txn == NULL)
			return;
		end_write(db);
		give_turn(db);
		return;
	}
	rest(tx);
	if (db->spare == NULL)
		db->spare = tx;
	else
		free_reader(tx);
}

/* ------------------------------------------------------------ entries -- */

/*
 * Reports what an operation on a table returned; a write that failed stays failed,
 * unless it was refused before it began.
 */
static int
fail_op(struct mqs_tx *tx, int error, struct mqs_error *err)
{
	struct mqs_db *db = tx->db;
	int writing = tx == &db->writer, rc;

	if (writing && tx->failed != 0)
		return mqs_fail(err, tx->failed, "%s: a step before failed",
		    db->spec.label);
	/*
	 * LMDB drops some errors, but remembers that the transaction had one, and
	 * says so next time: it met a page that makes no sense.
	 */
	if (error == MDB_BAD_TXN && (writing ? tx->txn != NULL : tx->active))
		error = MDB_CORRUPTED;
	if (error == EINVAL || error == EACCES)
		error = MDB_BAD_TXN;	/* only misuse is answered so */
	rc = fail(db, error, "", err);
	if (writing && rc != MQS_EINVAL && rc != MQS_EEXIST)
		tx->failed = rc;
	return rc;
}

/* Called before a table is changed. */
static inline int
touch(struct mqs_tx *tx, unsigned table)
{
	return tx->touched & 1u << table ? 0 : weigh_tree(tx, table);
}

/* What a put adds: the node with its pointer, or pages of its own. */
static inline size_t
weigh_put(struct mqs_tx *tx, size_t key_len, size_t value_len)
{
	size_t n = 8 + key_len + value_len;

	if (n > tx->db->node_max) {
		tx->work.overflow += (16 + value_len) / tx->db->page_size + 1;
		n = 8 + key_len + 8;
	}
	return n + 4;
}

int
mqs_tx_get(struct mqs_tx *tx, unsigned table, const void *key, size_t key_len,
    struct mqs_slice *value, struct mqs_error *err)
{
	MDB_val k = { key_len, (void *)(uintptr_t)key }, v;
	int rc;

	rc = mdb_get(tx->txn, tx->db->dbi[table], &k, &v);
	if (rc == MDB_NOTFOUND)
		return MQS_NOTHING;
	if (rc != 0)
		return fail_op(tx, rc, err);
	value->p = v.mv_data;
	value->n = v.mv_size;
	return MQS_OK;
}

static int
put(struct mqs_tx *tx, unsigned table, const void *key, size_t key_len,
    const void *value, size_t value_len, unsigned flags, struct mqs_error *err)
{
	MDB_val k = { key_len, (void *)(uintptr_t)key };
	MDB_val v = { value_len, (void *)(uintptr_t)value };
	int rc;

	if ((rc = touch(tx, table)) != 0 ||
	    (rc = mdb_put(tx->txn, tx->db->dbi[table], &k, &v, flags)) != 0)
		return fail_op(tx, rc, err);
	tx->work.put_bytes += weigh_put(tx, key_len, value_len);
	tx->work.puts++;
	return MQS_OK;
}

int
mqs_tx_put(struct mqs_tx *tx, unsigned table, const void *key, size_t key_len,
    const void *value, size_t value_len, struct mqs_error *err)
{
	return put(tx, table, key, key_len, value, value_len, 0, err);
}

int
mqs_tx_insert(struct mqs_tx *tx, unsigned table, const void *key, size_t key_len,
    const void *value, size_t value_len, struct mqs_error *err)
{
	return put(tx, table, key, key_len, value, value_len, MDB_NOOVERWRITE, err);
}

/* A key that should be the greatest is not: state and table contradict each other. */
static int
fail_append(struct mqs_tx *tx, int error, struct mqs_error *err)
{
	if (error != MDB_KEYEXIST)
		return fail_op(tx, error, err);
	if (tx->failed == 0)
		tx->failed = MQS_EDAMAGED;
	return mqs_fail(err, MQS_EDAMAGED, "%s: damaged: a greater key is there already",
	    tx->db->name);
}

/*
 * A cursor that stays at the end of the table: mdb_put would go down the tree from
 * the root for each entry.  It ends with anything that may move the end (a deletion).
 */
static inline int
place_appender(struct mqs_tx *tx, unsigned table)
{
	if (tx->appender != NULL && tx->appender_table == table)
		return 0;
	end_appender(tx);
	tx->appender_table = table;
	return mdb_cursor_open(tx->txn, tx->db->dbi[table], &tx->appender);
}

/*
 * The next entries go below this one in its page, which was last used so long ago that
 * it is out of the cache: asks for their place before they come to it.
 */
static inline void
look_below(const void *value, size_t len)
{
	uintptr_t to = (uintptr_t)value - 3 * len, p;

	for (p = to - len; len < 1024 && p < to; p += 64)
		__builtin_prefetch((const void *)p, 1);
}

int
mqs_tx_append(struct mqs_tx *tx, unsigned table, const void *key, size_t key_len,
    size_t value_len, void **room, struct mqs_error *err)
{
	MDB_val k = { key_len, (void *)(uintptr_t)key }, v = { value_len, NULL };
	int rc;

	if ((rc = touch(tx, table)) != 0 || (rc = place_appender(tx, table)) != 0 ||
	    (rc = mdb_cursor_put(tx->appender, &k, &v, MDB_RESERVE | MDB_APPEND)) != 0)
		return fail_append(tx, rc, err);
	tx->work.appended_bytes += weigh_put(tx, key_len, value_len);
	look_below(v.mv_data, value_len);
	*room = v.mv_data;
	return MQS_OK;
}

int
mqs_tx_del(struct mqs_tx *tx, unsigned table, const void *key, size_t key_len,
    struct mqs_error *err)
{
	MDB_val k = { key_len, (void *)(uintptr_t)key };
	int rc;

	end_appender(tx);
	if ((rc = touch(tx, table)) == 0)
		rc = mdb_del(tx->txn, tx->db->dbi[table], &k, NULL);
	if (rc == MDB_NOTFOUND)
		return MQS_NOTHING;
	if (rc != 0)
		return fail_op(tx, rc, err);
	tx->work.dels++;
	return MQS_OK;
}

int
mqs_tx_count(struct mqs_tx *tx, unsigned table, uint64_t *entries,
    struct mqs_error *err)
{
	MDB_stat st;
	int rc;

	if ((rc = mdb_stat(tx->txn, tx->db->dbi[table], &st)) != 0)
		return fail_op(tx, rc, err);
	*entries = st.ms_entries;
	return MQS_OK;
}

/* ------------------------------------------------------------ cursors -- */

int
mqs_cur_new(struct mqs_cur **out, struct mqs_tx *tx, unsigned table,
    struct mqs_error *err)
{
	struct mqs_cur *cur;
	int rc;

	if ((cur = calloc(1, sizeof(*cur))) == NULL)
		return mqs_fail_errno(err, "%s", tx->db->spec.label);
	rc = mdb_cursor_open(tx->txn, tx->db->dbi[table], &cur->cursor);
	if (rc != 0) {
		free(cur);
		return fail_op(tx, rc, err);
	}
	cur->tx = tx;
	cur->table = table;
	cur->link = &tx->cursors;
	if ((cur->next = tx->cursors) != NULL)
		cur->next->link = &cur->next;
	tx->cursors = cur;
	*out = cur;
	return MQS_OK;
}

int
mqs_cur_renew(struct mqs_cur *cur, struct mqs_error *err)
{
	struct mqs_tx *tx = cur->tx;
	int rc;

	if (tx == NULL)
		return mqs_fail(err, MQS_EBUG, "cursor of a transaction that ended");
	if (cur->cursor != NULL)
		rc = mdb_cursor_renew(tx->txn, cur->cursor);
	else			/* it was reopened meanwhile */
		rc = mdb_cursor_open(tx->txn, tx->db->dbi[cur->table], &cur->cursor);
	return rc == 0 ? MQS_OK : fail_op(tx, rc, err);
}

void
mqs_cur_free(struct mqs_cur *cur)
{
	if (cur == NULL)
		return;
	if (cur->cursor != NULL)
		mdb_cursor_close(cur->cursor);
	if (cur->tx != NULL) {
		*cur->link = cur->next;
		if (cur->next != NULL)
			cur->next->link = cur->link;
	}
	free(cur);
}

static int
fail_cur(struct mqs_cur *cur, int error, struct mqs_error *err)
{
	if (cur->tx == NULL || cur->cursor == NULL)
		return mqs_fail(err, MQS_EBUG, "cursor not renewed");
	return fail_op(cur->tx, error, err);
}

/*
 * A log is written in order, so the next leaf is mostly the next page: asks for it
 * while this one is read.  A prefetch of what is not mapped does nothing.
 */
static inline void
look_ahead(struct mqs_cur *cur, const void *value, uint32_t page_size)
{
	uintptr_t page = (uintptr_t)value & ~(uintptr_t)(page_size - 1);
	unsigned i;

	if (page == cur->page)
		return;
	cur->page = page;
	for (i = 0; i < 8; i++)
		__builtin_prefetch((const char *)page + page_size + i * 64);
	for (i = 1; i <= 8; i++)
		__builtin_prefetch((const char *)page + 2 * page_size - i * 64);
}

int
mqs_cur_move(struct mqs_cur *cur, enum mqs_move move, struct mqs_slice *key,
    struct mqs_slice *value, struct mqs_error *err)
{
	static const MDB_cursor_op moves[] = {
		[MQS_FIRST] = MDB_FIRST,
		[MQS_LAST] = MDB_LAST,
		[MQS_NEXT] = MDB_NEXT,
		[MQS_PREV] = MDB_PREV,
		[MQS_AT] = MDB_SET_KEY,
		[MQS_FROM] = MDB_SET_RANGE
	};
	MDB_val k = { key->n, (void *)(uintptr_t)key->p }, v;
	int rc;

	rc = mdb_cursor_get(cur->cursor, &k, &v, moves[move]);
	if (rc == MDB_NOTFOUND)
		return MQS_NOTHING;
	if (rc != 0)
		return fail_cur(cur, rc, err);
	key->p = k.mv_data;
	key->n = k.mv_size;
	value->p = v.mv_data;
	value->n = v.mv_size;
	if (move == MQS_NEXT)
		look_ahead(cur, v.mv_data, cur->tx->db->page_size);
	return MQS_OK;
}

int
mqs_cur_del(struct mqs_cur *cur, struct mqs_error *err)
{
	int rc;

	if (cur->cursor == NULL)
		return fail_cur(cur, EINVAL, err);
	end_appender(cur->tx);
	if ((rc = touch(cur->tx, cur->table)) != 0 ||
	    (rc = mdb_cursor_del(cur->cursor, 0)) != 0)
		return fail_cur(cur, rc, err);
	cur->tx->work.dels++;
	return MQS_OK;
}
