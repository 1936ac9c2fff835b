/* page_scan_tree.h - the entries of a table in a damaged LMDB file */
#ifndef MQS_EMBEDDED_STORE_LMDB_PAGE_SCAN_TREE_H
#define MQS_EMBEDDED_STORE_LMDB_PAGE_SCAN_TREE_H

#include "embedded/store/lmdb/page_scan.h"

/*
 * Tells the entries of a named table, or of the main table (table is NULL), as far as its
 * tree can be followed.  *whole: 1 if all of it could.  MQS_NOTHING: there is no such table.
 */
int	mqs_page_scan_table(struct mqs_page_scan *, const char *table, mqs_page_entry_fn *, void *arg,
	    int *whole, struct mqs_error *err);

#endif
