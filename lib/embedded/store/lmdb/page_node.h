/* page_node.h - verifying one page of a tree in an LMDB file, and its nodes */
#ifndef MQS_EMBEDDED_STORE_LMDB_PAGE_NODE_H
#define MQS_EMBEDDED_STORE_LMDB_PAGE_NODE_H

#include "base/bytes.h"
#include "embedded/store/lmdb/page_format.h"

#define MQS_PAGE_TEXT	128	/* room for what is wrong */

/* What the keys of a tree are. */
enum mqs_page_keys {
	MQS_KEYS_OF_FREE,	/* commit numbers */
	MQS_KEYS_OF_MAIN,	/* bytes; entries may be descriptors of named tables */
	MQS_KEYS_OF_TABLE	/* bytes */
};

/* Keys that led to a page: its keys are not below `from', and below `to'; p NULL: no bound. */
struct mqs_page_range {
	struct mqs_slice from, to;
};

struct mqs_page_node {
	uint16_t	 flags;
	struct mqs_slice key;
	uint64_t	 size;		/* in a leaf: of the value, wherever it is */
	const unsigned char *value;	/* in a leaf: in this page */
	uint64_t	 child;		/* in a branch: number of the page */
};

/* A page number or commit number at any address. */
size_t	mqs_page_word(const void *p);

/*
 * 1 if bounds, nodes and key sizes of a page are possible, so that all of it can be read;
 * else 0, and text says what is wrong.  The functions below want a page that is.
 */
int	mqs_page_nodes_fit(const unsigned char *page, size_t page_size, int leaf,
	    enum mqs_page_keys, char text[MQS_PAGE_TEXT]);
/* 1 if the keys ascend and lie in the range; else 0 and text. */
int	mqs_page_keys_ascend(const unsigned char *page, int leaf, enum mqs_page_keys,
	    const struct mqs_page_range *, char text[MQS_PAGE_TEXT]);
unsigned mqs_page_count(const unsigned char *page);
struct mqs_page_node mqs_page_node_of(const unsigned char *page, unsigned i, int leaf);
/* The node that begins there, of whatever is there: only its 8 bytes are read. */
struct mqs_page_node mqs_page_node_at(const unsigned char *p, int leaf);

#endif
