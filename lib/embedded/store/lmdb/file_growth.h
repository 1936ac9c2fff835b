/* file_growth.h - how far an LMDB file may grow in one commit */
#ifndef MQS_EMBEDDED_STORE_LMDB_FILE_GROWTH_H
#define MQS_EMBEDDED_STORE_LMDB_FILE_GROWTH_H

#include <stdint.h>

/* What a transaction did, and how large the trees were in which it did it. */
struct mqs_dbwork {
	uint64_t	puts, put_bytes;
	uint64_t	appended_bytes;	/* keys that came after all others */
	uint64_t	dels;
	uint64_t	overflow;	/* pages of what was put and needs its own */
	uint64_t	depth;		/* of the deepest tree */
	uint64_t	tree;		/* pages of the trees, without large values */
	uint64_t	values;		/* pages of large values in them */
	uint64_t	dropped;	/* pages of tables that were emptied */
	uint64_t	free_tree;	/* pages of the list of free pages */
};

/* How many new pages its commit may need at most. */
uint64_t mqs_dbwork_bound(const struct mqs_dbwork *, uint32_t page_size);

/*
 * Makes the file at least `need' bytes long; *known is its size as far as known
 * and is kept up.  0 or an errno.
 */
int	mqs_dbwork_extend(int fd, uint64_t need, uint64_t *known);

#endif
