/*
 * transaction_read.c - snapshots
 *
 * A read transaction sees the file as it was when it began.  While it is active, no page
 * that it can see is used again, so the file grows; therefore it rests (rule 8.6) whenever
 * its user waits or writes to a pipe.  At rest it has ended: it pins nothing, and holds no
 * reader slot (reader_slot.c).  Renewing it begins a new one, with new cursors, which costs
 * about a microsecond.
 */
#include <lmdb.h>
#include <stdlib.h>

#include "base/error.h"
#include "embedded/store/lmdb/db_environment.h"
#include "embedded/store/lmdb/handle.h"
#include "embedded/store/lmdb/lmdb_error.h"
#include "embedded/store/lmdb/reader_slot.h"
#include "embedded/store/lmdb/segment_tables.h"
#include "embedded/store/lmdb/transaction.h"
#include "embedded/store/lmdb/transaction_cursors.h"
#include "embedded/store/lmdb/transaction_read.h"
#include "embedded/store/lmdb/unlocked_read.h"

static int
begin_read(struct mqs_tx *tx, struct mqs_error *err)
{
	struct mqs_db *db = tx->db;
	int rc, try, error = 0;

	mqs_segments_forget(tx);
	if (db->spec.flags & MQS_DB_UNLOCKED) {
		if ((rc = mqs_unlocked_begin(db, &tx->unlocked, err)) != MQS_OK)
			return rc;
		tx->active = 1;
		db->active++;
		return MQS_OK;
	}
	for (try = 0; try < MQS_BEGIN_TRIES; try++) {
		if ((rc = mqs_env_usable(db, err)) != MQS_OK)
			return rc;
		if ((error = mqs_reader_begin(db, &tx->txn)) == 0) {
			tx->active = 1;
			db->active++;
			return MQS_OK;
		}
		if ((rc = mqs_env_recover(db, error, err)) != MQS_OK)
			return rc;
	}
	return mqs_lmdb_fail(db, error, "", err);
}

static void
rest(struct mqs_tx *tx)
{
	if (!tx->active)
		return;
	mqs_cursors_end(tx);
	if (tx->txn != NULL)
		mdb_txn_abort(tx->txn);
	mqs_unlocked_end(tx->unlocked);
	tx->txn = NULL;
	tx->unlocked = NULL;
	tx->active = 0;
	tx->db->active--;
}

static void
free_reader(struct mqs_tx *tx)
{
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

void
mqs_read_end(struct mqs_tx *tx)
{
	struct mqs_db *db = tx->db;

	mqs_cursors_drop(tx);
	rest(tx);
	if (db->spare == NULL)
		db->spare = tx;
	else
		free_reader(tx);
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
	if (tx->unlocked != NULL)
		return mqs_unlocked_number(tx->unlocked);
	return tx->txn == NULL ? 0 : (uint64_t)mdb_txn_id(tx->txn);
}

int
mqs_tx_fail_damaged(const struct mqs_tx *tx, const char *what, struct mqs_error *err)
{
	return mqs_lmdb_fail_damaged(tx->db, what, err);
}

const char *
mqs_tx_folder(const struct mqs_tx *tx)
{
	return tx->db->spec.dir_path;
}
