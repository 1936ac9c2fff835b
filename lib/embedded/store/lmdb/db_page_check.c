/*
 * db_page_check.c - verifying the pages of an open LMDB file
 *
 * LMDB gives a snapshot, so that the pages stay; everything else is done without it.  Its
 * commit's meta page is overwritten by the second commit that follows.  If that happens
 * between taking the snapshot and reading the meta page, another snapshot is taken.
 */
#include "base/error.h"
#include "embedded/store/lmdb/data_file.h"
#include "embedded/store/lmdb/db_page_check.h"
#include "embedded/store/lmdb/handle.h"
#include "embedded/store/lmdb/transaction.h"

#define TRIES	100

int
mqs_db_check_pages(struct mqs_db *db, mqs_page_finding_fn *found, void *arg, int *unsafe,
    struct mqs_error *err)
{
	struct mqs_page_meta meta;
	struct mqs_tx *tx;
	unsigned bad = 0;
	int rc, try;

	*unsafe = 0;
	if ((rc = mqs_tx_read(db, &tx, err)) != MQS_OK)
		return rc;
	for (try = 1; ; try++) {
		rc = mqs_dbfile_meta(db->fd, db->name, db->page_size, mqs_tx_number(tx),
		    &meta, err);
		if (rc != MQS_EDAMAGED || try == TRIES)
			break;
		if ((rc = mqs_tx_renew(tx, err)) != MQS_OK)
			break;
	}
	if (rc == MQS_OK)
		rc = mqs_pages_check(db->fd, db->name, &meta, MQS_PAGES_ALL, found, arg,
		    &bad, err);
	mqs_tx_abort(tx);
	*unsafe = bad > 0;
	return rc > 0 ? MQS_OK : rc;
}
