/*
 * page_check.c - verifying the pages of an LMDB file, without LMDB
 *
 * LMDB believes its file: a damaged page number, offset or size makes it read or write
 * anywhere.  This walk believes nothing.  It reads page by page with pread, and follows a
 * number only after it was verified, so it neither crashes nor loops, whatever the file
 * holds:
 *
 *	- A page number is followed if it lies within the file and was not met before.  A
 *	  bitmap has one bit a page.  So each page is read once, and a page that is used
 *	  twice, or used and free, is found.
 *	- A tree is not followed deeper than its descriptor says, and never beyond 32.
 *	- At most FINDINGS_MAX findings are told, then the walk ends.
 *
 * What is verified: page_format.h says what a page looks like, and page_node.c verifies
 * what is within one.  Its keys must lie between the keys that led to it, so keys ascend
 * across pages.  Of a tree: all leaves are at the same depth, and
 * entries and pages of each kind are as many as the tree's descriptor says.  Of the list of
 * free pages: each is within the file, in no tree, and listed once.
 *
 * The pages of a snapshot do not change while a reader has that snapshot, so the walk can
 * be done while others write.
 *
 * Memory: the bitmap, and a page for each level.  MQS_PAGES_MAIN has no bitmap, and ends
 * after MAIN_MAX pages instead.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "embedded/store/lmdb/page_check.h"
#include "embedded/store/lmdb/page_node.h"

#define FINDINGS_MAX	64
#define MAIN_MAX	64
#define LEVELS		(2 * MQS_PAGE_DEPTH_MAX)	/* a named tree within the main one */
#define LIST_CHUNK	256	/* page numbers read at once */

struct walk {
	int		 fd;
	const char	*name;
	const struct mqs_page_meta *meta;
	size_t		 page_size;
	enum mqs_pages	 extent;
	mqs_page_finding_fn *found;
	void		*arg;
	unsigned	 findings, unsafe;
	uint8_t		*met;		/* a bit a page */
	unsigned	 visited;
	unsigned char	*pages[LEVELS];	/* of the path from the root */
	unsigned	 base;		/* level of the root of this tree in `pages' */
	int		 rc;		/* an error that ends the walk */
	struct mqs_error *err;
};

/* What was counted in a tree. */
struct tally {
	enum mqs_page_keys kind;
	unsigned	 depth;
	uint64_t	 branch, leaf, overflow, entries;
};

/* ------------------------------------------------------------ findings -- */

enum danger { HARMLESS, UNSAFE };	/* UNSAFE: LMDB may crash of it */

static void	tell(struct walk *, enum danger, uint64_t page, const char *fmt, ...)
		    __attribute__((format(printf, 4, 5)));

static void
tell(struct walk *w, enum danger danger, uint64_t page, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	w->findings++;
	if (danger == UNSAFE)
		w->unsafe++;
	if (w->found != NULL)
		w->found(w->arg, page, text);
}

static int
ended(const struct walk *w)
{
	return w->rc != MQS_OK || w->findings >= FINDINGS_MAX ||
	    (w->extent == MQS_PAGES_MAIN && w->visited >= MAIN_MAX);
}

/* ---------------------------------------------------------- reading -- */

/* Reads n bytes of the file: 1, 0 if it is too short, -1 if it can't be read. */
static int
read_bytes(struct walk *w, uint64_t at, void *p, size_t n)
{
	size_t done = 0;
	ssize_t got;

	while (done < n) {
		got = pread(w->fd, (char *)p + done, n - done, (off_t)(at + done));
		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1) {
			w->rc = mqs_fail_errno(w->err, "%s", w->name);
			return -1;
		}
		if (got == 0)
			return 0;
		done += (size_t)got;
	}
	return 1;
}

/* Takes a page as used: 1, or 0 and a finding if it can't be. */
static int
take(struct walk *w, uint64_t page, uint64_t from)
{
	uint8_t bit = (uint8_t)(1u << page % 8);

	if (page < 2 || page > w->meta->last_page) {
		tell(w, UNSAFE, from, "refers to page %llu, which is not in the file",
		    (unsigned long long)page);
		return 0;
	}
	w->visited++;
	if (w->met == NULL)
		return 1;
	if (w->met[page / 8] & bit) {
		tell(w, UNSAFE, from, "refers to page %llu, which is in use elsewhere or free",
		    (unsigned long long)page);
		return 0;
	}
	w->met[page / 8] |= bit;
	return 1;
}

static unsigned char *
page_of_level(struct walk *w, unsigned level)
{
	if (w->pages[level] == NULL && (w->pages[level] = malloc(w->page_size)) == NULL)
		w->rc = mqs_fail_errno(w->err, "%s", w->name);
	return w->pages[level];
}

/* Reads a page's header or all of it: 1 if it is what it should be. */
static int
read_page(struct walk *w, uint64_t number, int flags, void *p, size_t n)
{
	struct mqs_page_header header;
	int rc;

	if ((rc = read_bytes(w, number * w->page_size, p, n)) != 1) {
		if (rc == 0)
			tell(w, UNSAFE, number, "lies beyond the end of the file");
		return 0;
	}
	memcpy(&header, p, sizeof(header));
	if (header.number != number) {
		tell(w, UNSAFE, number, "has the number %llu",
		    (unsigned long long)header.number);
		return 0;
	}
	if (header.flags != flags) {
		tell(w, UNSAFE, number, "is of kind %#x, not %#x", header.flags,
		    (unsigned)flags);
		return 0;
	}
	return 1;
}

/* ------------------------------------------------------------ values -- */

/* A run of overflow pages with a value of some size: 1 if it can be read. */
static int
check_overflow(struct walk *w, struct tally *t, uint64_t from, uint64_t number,
    uint64_t size)
{
	uint64_t needed = (MQS_PAGE_HEADER - 1 + size) / w->page_size + 1, i;
	struct mqs_page_header header;

	if (w->extent == MQS_PAGES_MAIN)
		return 0;
	if (!take(w, number, from) ||
	    !read_page(w, number, MQS_PAGE_OVERFLOW, &header, sizeof(header)))
		return 0;
	if (header.pages < needed || header.pages > w->meta->last_page - number + 1) {
		tell(w, UNSAFE, number, "begins a run of %u pages for a value of %llu bytes",
		    header.pages, (unsigned long long)size);
		return 0;
	}
	t->overflow += header.pages;
	for (i = 1; i < header.pages; i++) {
		if (!take(w, number + i, number))
			return 0;
	}
	return 1;
}

/* One number in the list of free pages: 1 to go on. */
static int
check_free_page(struct walk *w, uint64_t from, size_t page, size_t before)
{
	if (page >= before) {
		tell(w, UNSAFE, from, "lists free pages out of order");
		return 0;
	}
	return take(w, page, from);
}

/* The list of free pages at some offset of the file. */
static void
check_free_list(struct walk *w, uint64_t from, uint64_t at, uint64_t size)
{
	size_t list[LIST_CHUNK], before = SIZE_MAX, count, n, i;

	if (size < sizeof(size_t) || read_bytes(w, at, &count, sizeof(count)) != 1 ||
	    count > size / sizeof(size_t) - 1) {
		if (w->rc == MQS_OK)
			tell(w, UNSAFE, from, "has a list of free pages of a wrong size");
		return;
	}
	for (at += sizeof(count); count > 0; count -= n, at += n * sizeof(size_t)) {
		n = count < LIST_CHUNK ? count : LIST_CHUNK;
		if (read_bytes(w, at, list, n * sizeof(size_t)) != 1)
			return;
		for (i = 0; i < n; i++) {
			if (ended(w) || !check_free_page(w, from, list[i], before))
				return;
			before = list[i];
		}
	}
}

static void	check_tree(struct walk *, enum mqs_page_keys, const struct mqs_page_tree *,
		    uint64_t from);

/* The descriptor of a named table, and the tree that it leads to. */
static void
check_table(struct walk *w, const struct tally *t, uint64_t number,
    const struct mqs_page_node *node)
{
	struct mqs_page_tree tree;
	unsigned base = w->base;

	if (t->kind != MQS_KEYS_OF_MAIN || node->size != sizeof(tree)) {
		tell(w, UNSAFE, number, "has a table where none can be");
		return;
	}
	memcpy(&tree, node->value, sizeof(tree));
	if (w->extent == MQS_PAGES_MAIN)
		return;
	w->base += t->depth;
	check_tree(w, MQS_KEYS_OF_TABLE, &tree, number);
	w->base = base;
}

static void
check_value(struct walk *w, struct tally *t, uint64_t number, const unsigned char *page,
    const struct mqs_page_node *node)
{
	uint64_t at = number * w->page_size + (uint64_t)(node->value - page);
	uint64_t first;

	switch (node->flags) {
	case 0:
		break;
	case MQS_NODE_BIG:
		first = mqs_page_word(node->value);
		if (!check_overflow(w, t, number, first, node->size))
			return;
		at = first * w->page_size + MQS_PAGE_HEADER;
		break;
	case MQS_NODE_TREE:
		check_table(w, t, number, node);
		return;
	default:
		tell(w, UNSAFE, number, "has an entry of kind %#x", node->flags);
		return;
	}
	if (t->kind != MQS_KEYS_OF_FREE)
		return;
	if (mqs_page_word(node->key.p) > w->meta->tx)
		tell(w, UNSAFE, number, "has free pages of commit %llu, which is yet to come",
		    (unsigned long long)mqs_page_word(node->key.p));
	check_free_list(w, number, at, node->size);
}

/* ------------------------------------------------------------- trees -- */

static void	check_page(struct walk *, struct tally *, uint64_t number, uint64_t from,
		    unsigned level, struct mqs_page_range);

static void
check_children(struct walk *w, struct tally *t, uint64_t number,
    const unsigned char *page, unsigned level, const struct mqs_page_range *range)
{
	unsigned i, n = mqs_page_count(page);
	struct mqs_page_range part;

	for (i = 0; i < n && !ended(w); i++) {
		part.from = i == 0 ? range->from : mqs_page_node_of(page, i, 0).key;
		part.to = i + 1 == n ? range->to : mqs_page_node_of(page, i + 1, 0).key;
		check_page(w, t, mqs_page_node_of(page, i, 0).child, number, level + 1, part);
	}
}

/* A page of a tree, and all below it. */
static void
check_page(struct walk *w, struct tally *t, uint64_t number, uint64_t from,
    unsigned level, struct mqs_page_range range)
{
	int leaf = level + 1 == t->depth;
	unsigned char *page;
	struct mqs_page_node node;
	char text[MQS_PAGE_TEXT];
	unsigned i, n;

	if ((page = page_of_level(w, w->base + level)) == NULL || !take(w, number, from) ||
	    !read_page(w, number, leaf ? MQS_PAGE_LEAF : MQS_PAGE_BRANCH, page,
	    w->page_size))
		return;
	if (!mqs_page_nodes_fit(page, w->page_size, leaf, t->kind, text)) {
		tell(w, UNSAFE, number, "%s", text);
		return;
	}
	if (!mqs_page_keys_ascend(page, leaf, t->kind, &range, text))
		tell(w, HARMLESS, number, "%s", text);
	n = mqs_page_count(page);
	if (!leaf) {
		t->branch++;
		check_children(w, t, number, page, level, &range);
		return;
	}
	t->leaf++;
	t->entries += n;
	for (i = 0; i < n && !ended(w); i++) {
		node = mqs_page_node_of(page, i, 1);
		if (node.flags != 0 || t->kind == MQS_KEYS_OF_FREE)
			check_value(w, t, number, page, &node);
	}
}

static void
check_tree(struct walk *w, enum mqs_page_keys kind, const struct mqs_page_tree *tree, uint64_t from)
{
	static const struct mqs_page_range all;
	struct tally t = { .kind = kind, .depth = tree->depth };
	unsigned before = w->findings;

	if (kind != MQS_KEYS_OF_FREE && tree->flags != 0) {
		tell(w, UNSAFE, from, "has a table of kind %#x", tree->flags);
		return;
	}
	if (tree->depth > MQS_PAGE_DEPTH_MAX ||
	    (tree->root == MQS_PAGE_NONE) != (tree->depth == 0)) {
		tell(w, UNSAFE, from, "has a tree of depth %u with root %llu", tree->depth,
		    (unsigned long long)tree->root);
		return;
	}
	if (tree->depth > 0)
		check_page(w, &t, tree->root, from, 0, all);
	if (ended(w) || w->findings != before || w->extent == MQS_PAGES_MAIN)
		return;
	if (t.branch != tree->branch || t.leaf != tree->leaf ||
	    t.overflow != tree->overflow || t.entries != tree->entries)
		tell(w, HARMLESS, from, "counts %llu entries in %llu+%llu+%llu pages, "
		    "where there are %llu in %llu+%llu+%llu",
		    (unsigned long long)tree->entries, (unsigned long long)tree->branch,
		    (unsigned long long)tree->leaf, (unsigned long long)tree->overflow,
		    (unsigned long long)t.entries, (unsigned long long)t.branch,
		    (unsigned long long)t.leaf, (unsigned long long)t.overflow);
}

int
mqs_pages_check(int fd, const char *name, const struct mqs_page_meta *meta,
    enum mqs_pages extent, mqs_page_finding_fn *found, void *arg, unsigned *unsafe,
    struct mqs_error *err)
{
	struct walk w = {
		.fd = fd, .name = name, .meta = meta, .extent = extent, .found = found,
		.arg = arg, .err = err, .page_size = meta->trees[MQS_TREE_FREE].page_size
	};
	unsigned i;

	*unsafe = 0;
	if (extent == MQS_PAGES_ALL && (w.met = calloc(meta->last_page / 8 + 1, 1)) == NULL)
		return mqs_fail_errno(err, "%s", name);
	check_tree(&w, MQS_KEYS_OF_MAIN, &meta->trees[MQS_TREE_MAIN], meta->tx % 2);
	if (extent == MQS_PAGES_ALL && !ended(&w))
		check_tree(&w, MQS_KEYS_OF_FREE, &meta->trees[MQS_TREE_FREE], meta->tx % 2);
	for (i = 0; i < LEVELS; i++)
		free(w.pages[i]);
	free(w.met);
	*unsafe = w.unsafe;
	return w.rc != MQS_OK ? w.rc : (int)w.findings;
}
