/* page_scan_rest.h - what lies in the pages of a damaged LMDB file to which no tree leads */
#ifndef MQS_EMBEDDED_STORE_LMDB_PAGE_SCAN_REST_H
#define MQS_EMBEDDED_STORE_LMDB_PAGE_SCAN_REST_H

#include "embedded/store/lmdb/page_scan.h"

/*
 * Tells whatever may be an entry in a page that no table before has led to.  They may be of
 * any table, of states of the file that are long past, or chance: the caller verifies them.
 */
int	mqs_page_scan_rest(struct mqs_page_scan *, mqs_page_entry_fn *, void *arg,
	    struct mqs_error *err);

#endif
