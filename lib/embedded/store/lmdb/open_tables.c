/*
 * open_tables.c - the named tables of an LMDB file
 *
 * All tables are opened once, when the file is, in a transaction of their own, and stay
 * open as long as the environment.  A file that has some of the tables but not all was
 * written by another version of mq; one that has none is not a file of mq.
 *
 * Where a file is made, its tables are made in its first transaction.  Until then
 * MDB_NOSYNC is set (rule 8.3): nothing in the file is durable yet, and the first commit
 * after it syncs everything.  With MQS_DB_PRIVATE it stays set until the file is closed.
 */
#include <lmdb.h>
#include <stdio.h>

#include "base/error.h"
#include "embedded/store/lmdb/data_file.h"
#include "embedded/store/lmdb/handle.h"
#include "embedded/store/lmdb/lmdb_error.h"
#include "embedded/store/lmdb/open_tables.h"
#include "embedded/store/lmdb/page_check.h"
#include "embedded/store/lmdb/reader_slot.h"

/* A table that is not there: whose file is it then? */
static int
fail_table(struct mqs_db *db, unsigned table, int others, struct mqs_error *err)
{
	const char *name = db->spec.tables[table - 1];

	if (others)
		return mqs_fail(err, MQS_EVERSION,
		    "%s: no table \"%s\": of another version of mq", db->name, name);
	return mqs_lmdb_advise(db, mqs_fail(err, MQS_EDAMAGED,
	    "%s: no table \"%s\": not a file of mq", db->name, name), err);
}

/* Opens all tables in a transaction that the caller ends. */
static int
open_in(struct mqs_db *db, MDB_txn *txn, unsigned flags, struct mqs_error *err)
{
	unsigned i, found = 0, missing = 0;
	int rc;

	if ((rc = mdb_dbi_open(txn, NULL, 0, &db->dbi[MQS_DB_MAIN])) != 0)
		return mqs_lmdb_fail(db, rc, "", err);
	for (i = 1; i <= db->spec.ntables; i++) {
		rc = mdb_dbi_open(txn, db->spec.tables[i - 1], flags, &db->dbi[i]);
		if (rc == 0)
			found++;
		else if (rc != MDB_NOTFOUND)
			return mqs_lmdb_fail(db, rc, "", err);
		else if (missing == 0)
			missing = i;
	}
	return missing == 0 ? MQS_OK : fail_table(db, missing, found > 0, err);
}

/* Takes note of the first finding. */
static void
note(void *arg, uint64_t page, const char *text)
{
	char *first = arg;

	if (*first == '\0')
		(void)snprintf(first, MQS_ERROR_TEXT, "page %llu %s",
		    (unsigned long long)page, text);
}

/*
 * Verifies the pages of the main table, which is where every table begins, before LMDB
 * follows what is in them.
 */
static int
check_main(struct mqs_db *db, MDB_txn *txn, struct mqs_error *err)
{
	char first[MQS_ERROR_TEXT] = "";
	struct mqs_page_meta meta;
	unsigned unsafe;
	int rc;

	rc = mqs_dbfile_meta(db->fd, db->name, db->page_size, (uint64_t)mdb_txn_id(txn),
	    &meta, NULL);
	if (rc != MQS_OK)
		return MQS_OK;	/* written over meanwhile, by commits that went well */
	rc = mqs_pages_check(db->fd, db->name, &meta, MQS_PAGES_MAIN, note, first, &unsafe,
	    err);
	return rc <= 0 ? rc : mqs_lmdb_fail_damaged(db, first, err);
}

int
mqs_env_open_tables(struct mqs_db *db, int make, struct mqs_error *err)
{
	MDB_txn *txn;
	int rc;

	if ((rc = make ? mdb_txn_begin(db->env, NULL, 0, &txn) :
	    mqs_reader_begin(db, &txn)) != 0)
		return mqs_lmdb_fail(db, rc, "", err);
	if ((rc = make ? MQS_OK : check_main(db, txn, err)) != MQS_OK ||
	    (rc = open_in(db, txn, make ? MDB_CREATE : 0, err)) != MQS_OK) {
		mdb_txn_abort(txn);
		return rc;
	}
	/* Table handles of a transaction that is aborted would be closed. */
	if ((rc = mdb_txn_commit(txn)) != 0)
		return mqs_lmdb_fail_commit(db, rc, err);
	if (make && !(db->spec.flags & MQS_DB_PRIVATE) && (rc = mdb_env_set_flags(db->env, MDB_NOSYNC, 0)) != 0)
		return mqs_lmdb_fail(db, rc, "", err);
	return MQS_OK;
}
