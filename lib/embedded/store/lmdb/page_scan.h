/* page_scan.h - finding the entries of a damaged LMDB file, without LMDB */
#ifndef MQS_EMBEDDED_STORE_LMDB_PAGE_SCAN_H
#define MQS_EMBEDDED_STORE_LMDB_PAGE_SCAN_H

#include <stdint.h>

#include "base/bytes.h"
#include "mqspool.h"

struct mqs_page_scan;

/* An entry of a leaf page.  Its pointers are good until the function that gets it returns. */
struct mqs_page_entry {
	struct mqs_slice key;
	const unsigned char *value;	/* NULL: in pages of its own */
	uint64_t	 size;		/* of the value */
	uint64_t	 at;		/* where in the file the value is, in one piece */
	uint64_t	 page;		/* in which the entry is */
};

/* Is told each entry; anything but 0 ends the scan, and is returned. */
typedef int	mqs_page_entry_fn(void *arg, const struct mqs_page_entry *);

/*
 * Begins to scan a file that is open for reading.  *metas: how many of its two meta pages are
 * intact.
 */
int	mqs_page_scan_new(struct mqs_page_scan **out, int fd, const char *name, unsigned *metas,
	    struct mqs_error *err);
void	mqs_page_scan_free(struct mqs_page_scan *);
/*
 * Tells the entries of a named table, or of the main table (table is NULL), as far as its
 * tree can be followed.  *whole: 1 if all of it could.  MQS_NOTHING: there is no such table.
 */
int	mqs_page_scan_table(struct mqs_page_scan *, const char *table, mqs_page_entry_fn *, void *arg,
	    int *whole, struct mqs_error *err);
/*
 * Tells whatever may be an entry in a page that no table before has led to.  They may be of
 * any table, of states of the file that are long past, or chance: the caller verifies them.
 */
int	mqs_page_scan_rest(struct mqs_page_scan *, mqs_page_entry_fn *, void *arg,
	    struct mqs_error *err);
/* How many pages could not be read from the disk, and how many were not what they should be. */
uint64_t mqs_page_scan_unreadable(const struct mqs_page_scan *);
uint64_t mqs_page_scan_damaged(const struct mqs_page_scan *);

#endif
