/* page_scan.h - a damaged LMDB file that is read page by page, without LMDB */
#ifndef MQS_EMBEDDED_STORE_LMDB_PAGE_SCAN_H
#define MQS_EMBEDDED_STORE_LMDB_PAGE_SCAN_H

#include <stdint.h>

#include "base/bytes.h"
#include "embedded/store/lmdb/page_node.h"
#include "mqspool.h"

struct mqs_page_scan {
	int		 fd;
	const char	*name;		/* of the file, borrowed */
	size_t		 page_size;
	uint64_t	 pages;		/* in the file, the last one perhaps in part */
	uint8_t		*met;		/* a bit a page: a tree led to it, and it is intact */
	struct mqs_page_meta metas[2];
	unsigned	 intact;	/* bit i: meta page i is one */
	uint64_t	 main;		/* root of the main table, by which others are found */
	uint64_t	 unreadable;	/* pages that could not be read from the disk */
	uint64_t	 damaged;	/* pages that a tree led to and that are not what they should be */
};

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
 * Begins to scan a file that is open for reading, and reads its meta pages.  No table is found
 * before mqs_page_scan_choose (page_scan_root.h).
 */
int	mqs_page_scan_new(struct mqs_page_scan **out, int fd, const char *name,
	    struct mqs_error *err);
void	mqs_page_scan_free(struct mqs_page_scan *);

/* Reads up to n bytes of the file: how many; what can't be read counts as 0. */
size_t	mqs_page_scan_read(struct mqs_page_scan *, uint64_t at, void *p, size_t n);
/* Reads a page of a tree: 1 leaf, 0 branch, -1 neither. */
int	mqs_page_scan_page(struct mqs_page_scan *, uint64_t number, enum mqs_page_keys,
	    unsigned char *page);
/* Where the value of a leaf's node is: 0, or -1 if that can't be. */
int	mqs_page_scan_place(const struct mqs_page_scan *, uint64_t number,
	    const unsigned char *page, const struct mqs_page_node *, struct mqs_page_entry *);
int	mqs_page_scan_is_met(const struct mqs_page_scan *, uint64_t page);
void	mqs_page_scan_meet(struct mqs_page_scan *, uint64_t page);
/* Forgets which pages were met, and which were damaged. */
void	mqs_page_scan_unmeet(struct mqs_page_scan *);

#endif
