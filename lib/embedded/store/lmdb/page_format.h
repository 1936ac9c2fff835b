/*
 * page_format.h - pages of an LMDB 0.9 file, as they lie on the disk
 *
 * All numbers are in the machine's own byte order, and page numbers have its word size.
 *
 *	page 0, 1	a header, then struct mqs_page_meta.  Commit N writes page N % 2;
 *			the valid one with the greater commit number is the newer.
 *	branch, leaf	a header, then an array of 16-bit offsets of nodes, in the order
 *			of their keys, up to `lower'; free space; from `upper' to the end
 *			the nodes, each beginning at an even offset, without gaps.
 *	overflow	a header with the number of pages in this run, then a large value.
 *			Only the first page of a run has a header.
 *
 * A node has 8 bytes, then its key, then (in a leaf) its value:
 *
 *	branch		page number of the child in 48 bits (low, high, flags); the key is
 *			not greater than any in the child.  The first node's key is
 *			not used.
 *	leaf		size of the value in 32 bits (low, high), flags, size of the key.
 *			MQS_NODE_BIG: the value is in an overflow run, whose first page
 *			stands in its place.  MQS_NODE_TREE: the value is the struct
 *			mqs_page_tree of a named table, and the key its name.
 *
 * Two trees begin in the meta page: free pages (by the number of the commit that gave them
 * up, a list: how many, then page numbers, the greatest first) and the main table.
 */
#ifndef MQS_EMBEDDED_STORE_LMDB_PAGE_FORMAT_H
#define MQS_EMBEDDED_STORE_LMDB_PAGE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define MQS_PAGE_MAGIC		UINT32_C(0xBEEFC0DE)
#define MQS_PAGE_VERSION	UINT32_C(1)	/* LMDB 0.9 */

#define MQS_PAGE_BRANCH		0x01
#define MQS_PAGE_LEAF		0x02
#define MQS_PAGE_OVERFLOW	0x04
#define MQS_PAGE_META		0x08

#define MQS_NODE_BIG		0x01
#define MQS_NODE_TREE		0x02

#define MQS_PAGE_HEADER		16	/* bytes before the offsets or the value */
#define MQS_NODE_HEADER		8
#define MQS_PAGE_KEY_MAX	511
#define MQS_PAGE_DEPTH_MAX	32
#define MQS_PAGE_NONE		SIZE_MAX	/* root of an empty tree */

enum { MQS_TREE_FREE, MQS_TREE_MAIN };

struct mqs_page_header {
	size_t		number;
	uint16_t	pad, flags;
	union {
		struct {
			uint16_t	lower, upper;
		};
		uint32_t	pages;		/* of an overflow run */
	};
};

struct mqs_page_tree {
	uint32_t	page_size;	/* only in the first tree of a meta page */
	uint16_t	flags, depth;
	size_t		branch, leaf, overflow, entries, root;
};

struct mqs_page_meta {
	struct mqs_page_header header;
	uint32_t	magic, version;
	void		*address;
	size_t		map_size;
	struct mqs_page_tree trees[2];
	size_t		last_page;
	size_t		tx;
};

#endif
