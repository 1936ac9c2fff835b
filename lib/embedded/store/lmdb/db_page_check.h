/* db_page_check.h - verifying the pages of an open LMDB file */
#ifndef MQS_EMBEDDED_STORE_LMDB_DB_PAGE_CHECK_H
#define MQS_EMBEDDED_STORE_LMDB_DB_PAGE_CHECK_H

#include "embedded/store/lmdb/db.h"
#include "embedded/store/lmdb/page_check.h"
#include "mqspool.h"

/*
 * Verifies every page of one snapshot, the free ones included, while others may write.
 * found is told each finding.  *unsafe: 1 if reading the entries may crash LMDB.
 * An error means that the check could not be made.
 */
int	mqs_db_check_pages(struct mqs_db *, mqs_page_finding_fn *found, void *arg,
	    int *unsafe, struct mqs_error *err);

#endif
