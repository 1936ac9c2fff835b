/* page_check.h - verifying the pages of an LMDB file, without LMDB */
#ifndef MQS_EMBEDDED_STORE_LMDB_PAGE_CHECK_H
#define MQS_EMBEDDED_STORE_LMDB_PAGE_CHECK_H

#include <stdint.h>

#include "embedded/store/lmdb/page_format.h"
#include "mqspool.h"

/* Is told each finding; a page that is not there has the number that points to it. */
typedef void	mqs_page_finding_fn(void *arg, uint64_t page, const char *text);

enum mqs_pages {
	MQS_PAGES_ALL,		/* every page that the meta page leads to, and the free ones */
	MQS_PAGES_MAIN		/* the main table only: few pages, no memory */
};

/*
 * Verifies the pages of the snapshot that a meta page leads to.  Returns the number of
 * findings, or an error (MQS_EIO, MQS_ESYSTEM).  *unsafe: how many of them are such that
 * reading the pages through LMDB may crash; the others are keys that do not ascend.
 */
int	mqs_pages_check(int fd, const char *name, const struct mqs_page_meta *,
	    enum mqs_pages, mqs_page_finding_fn *found, void *arg, unsigned *unsafe,
	    struct mqs_error *err);

#endif
