/*
 * transaction_write.c - one commit
 *
 * The rules of the design's section 8 that are kept here:
 *
 *  2 successor	begin_write: the transaction's number must be the committed one + 1,
 *		else the lock table was lost and the environment is reopened; then
 *		mqs_db_check_path.
 *  7 turn	Taken before mdb_txn_begin, which can't be interrupted; given after
 *		commit or abort.
 * 10 commit	Whatever the cause of a failed commit, nothing was published.
 * 17 size	commit_growth.c lengthens the file before the commit.
 *
 * A crash before the meta page is written leaves the commit before.
 */
#include <lmdb.h>
#include <string.h>

#include "base/error.h"
#include "embedded/store/lmdb/commit_growth.h"
#include "embedded/store/lmdb/db.h"
#include "embedded/store/lmdb/db_environment.h"
#include "embedded/store/lmdb/handle.h"
#include "embedded/store/lmdb/lmdb_error.h"
#include "embedded/store/lmdb/map_size.h"
#include "embedded/store/lmdb/segment_tables.h"
#include "embedded/store/lmdb/transaction.h"
#include "embedded/store/lmdb/transaction_cursors.h"
#include "embedded/store/lmdb/transaction_read.h"
#include "embedded/store/lock.h"

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

	for (try = 0; try < MQS_BEGIN_TRIES; try++) {
		if ((rc = mqs_env_usable(db, err)) != MQS_OK)
			return rc;
		mqs_map_prepare(db);
		if (db->broken)
			continue;
		error = mdb_txn_begin(db->env, NULL, 0, &db->writer.txn);
		if (error == 0) {
			if (is_successor(db))
				return MQS_OK;
			end_write(db);
			db->broken = 1;
		} else {
			db->writer.txn = NULL;
			if ((rc = mqs_env_recover(db, error, err)) != MQS_OK)
				return rc;
		}
	}
	if (error != 0)
		return mqs_lmdb_fail(db, error, "", err);
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
	mqs_segments_forget(tx);
	*out = tx;
	return MQS_OK;
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
	mqs_cursors_drop(tx);
	if (tx->failed != 0)
		rc = mqs_fail(err, tx->failed,
		    "%s: not stored: a step before failed", db->spec.label);
	else if ((rc = mqs_segments_settle(tx, err)) == MQS_OK &&
	    ((error = mqs_growth_extend(tx)) != 0 || (db->on_commit != NULL &&
	    (error = db->on_commit(db->on_commit_arg)) != 0)))
		rc = mqs_lmdb_fail_commit(db, error, err);
	if (rc != MQS_OK) {
		end_write(db);
		give_turn(db);
		return rc;
	}
	error = mdb_txn_commit(tx->txn);
	tx->txn = NULL;
	if (error != 0)
		rc = mqs_lmdb_fail_commit(db, error, err);
	else
		mqs_growth_check(db);
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
	if (tx != &db->writer) {
		mqs_read_end(tx);
		return;
	}
	mqs_cursors_drop(tx);
	if (tx->txn == NULL)
		return;
	end_write(db);
	give_turn(db);
}
