/* page_scan_root.h - which root of the main table of a damaged LMDB file is the newest */
#ifndef MQS_EMBEDDED_STORE_LMDB_PAGE_SCAN_ROOT_H
#define MQS_EMBEDDED_STORE_LMDB_PAGE_SCAN_ROOT_H

#include "embedded/store/lmdb/page_scan.h"

/*
 * 1 if an entry of the main table tells how old the state is that the table is of: *age, of
 * which a greater one is newer, and no two commits that matter have the same.
 */
typedef int	mqs_page_age_fn(const struct mqs_page_entry *, uint64_t *age);

/* What tables are found by. */
enum mqs_page_root {
	MQS_ROOT_SURE,		/* the newer meta page: nothing says that it is not right */
	MQS_ROOT_META,		/* a meta page, perhaps not that of the last commit */
	MQS_ROOT_PAGE,		/* a page that tells a newer state than the meta pages lead to */
	MQS_ROOT_NONE
};

struct mqs_page_choice {
	enum mqs_page_root found;
	int		 damaged;	/* number of the meta page that is damaged; 2: both; -1: none */
	int		 astray;	/* it is intact, but leads to a page that is not */
	uint64_t	 commit;	/* META, SURE: of that meta page */
	uint64_t	 page;		/* PAGE: the root */
};

/* Chooses the root by which tables are found from now on. */
int	mqs_page_scan_choose(struct mqs_page_scan *, mqs_page_age_fn *, struct mqs_page_choice *,
	    struct mqs_error *err);

#endif
