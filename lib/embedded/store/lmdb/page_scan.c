/*
 * page_scan.c - finding the entries of a damaged LMDB file, without LMDB
 *
 * LMDB never changes a page that is in use: each commit writes new pages and leaves the old
 * ones as they are, until a later commit needs the room.  So a file holds the newest state,
 * to which its newer meta page leads, and remains of earlier states.  Both are found here, in
 * two steps, by reading pages only:
 *
 *	a table		The tree is followed from the meta page: the newer one, or the older
 *			one if the main table of the newer is damaged.  A page that is damaged
 *			is passed over, with what only it leads to.
 *	the rest	Every page that no tree led to, by its number.  An intact leaf is read
 *			as one.  In any other page an entry is supposed wherever one may begin:
 *			that finds those of a page whose header or offsets are gone.  Overflow
 *			pages are passed over, since what they hold is one value.
 *
 * Nothing here is sure: what is found has to be verified by a checksum of its own.
 *
 * A page number is followed if it lies within the file and was not met before (a bitmap), and
 * no tree deeper than 32: so the scan ends, whatever the file holds.  A page that can't be
 * read (EIO) counts as damaged, because a part of a failing disk is no reason to give the rest
 * up.
 */
#include <sys/stat.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "embedded/store/lmdb/page_node.h"
#include "embedded/store/lmdb/page_scan.h"

#define PAGE_USUAL	4096	/* where no meta page says how large a page is */
#define NODE_ALIGN	2

struct mqs_page_scan {
	int		 fd;
	const char	*name;
	size_t		 page_size;
	uint64_t	 pages;		/* in the file, the last one perhaps in part */
	uint8_t		*met;		/* a bit a page: a tree led to it, and it is intact */
	struct mqs_page_meta metas[2];
	unsigned	 intact;	/* bit i: meta page i */
	int		 newest;	/* which one tables are found by; -1: none */
	uint64_t	 unreadable, damaged;
};

/* A table that is being followed. */
struct follow {
	struct mqs_page_scan *scan;
	enum mqs_page_keys kind;
	mqs_page_entry_fn *fn;
	void		*arg;
	int		 whole;
	int		 rc;
	struct mqs_error *err;
};

/* Reads up to n bytes: how many; what can't be read counts as 0. */
static size_t
read_some(struct mqs_page_scan *s, uint64_t at, void *p, size_t n)
{
	size_t done = 0;
	ssize_t got;

	while (done < n) {
		got = pread(s->fd, (char *)p + done, n - done, (off_t)(at + done));
		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			s->unreadable++;
		if (got <= 0)
			break;
		done += (size_t)got;
	}
	return done;
}

static int
is_met(const struct mqs_page_scan *s, uint64_t page)
{
	return s->met[page / 8] >> page % 8 & 1;
}

static void
meet(struct mqs_page_scan *s, uint64_t page)
{
	s->met[page / 8] = (uint8_t)(s->met[page / 8] | 1u << page % 8);
}

/* --------------------------------------------------------- meta pages -- */

static int
read_meta(struct mqs_page_scan *s, uint64_t at, struct mqs_page_meta *m)
{
	uint32_t size;

	if (read_some(s, at, m, sizeof(*m)) < sizeof(*m) || m->magic != MQS_PAGE_MAGIC ||
	    m->version != MQS_PAGE_VERSION || !(m->header.flags & MQS_PAGE_META))
		return 0;
	size = m->trees[0].page_size;
	return size >= 256 && size <= 65536 && (size & (size - 1)) == 0;
}

/* The first meta page says how large pages are; without it, the second one lies at a guess. */
static void
read_metas(struct mqs_page_scan *s)
{
	s->page_size = PAGE_USUAL;
	if (read_meta(s, 0, &s->metas[0])) {
		s->intact |= 1;
		s->page_size = s->metas[0].trees[0].page_size;
	}
	if (read_meta(s, s->page_size, &s->metas[1]) &&
	    s->metas[1].trees[0].page_size == s->page_size)
		s->intact |= 2;
	s->newest = s->intact == 0 ? -1 : s->intact < 3 ? (int)s->intact - 1 :
	    s->metas[1].tx > s->metas[0].tx;
}

/* --------------------------------------------------------------- trees -- */

static int	follow_page(struct follow *, uint64_t number, unsigned level);

/* An overflow run that a leaf leads to: 1 if it may be what it should be. */
static int
follow_run(struct follow *f, uint64_t first, uint64_t size)
{
	struct mqs_page_scan *s = f->scan;
	uint64_t n = (MQS_PAGE_HEADER + size + s->page_size - 1) / s->page_size, i;

	if (first < 2 || first >= s->pages || n > s->pages - first)
		return 0;
	for (i = 0; i < n; i++)
		meet(s, first + i);
	return 1;
}

/* Where the value of a node is: 0, or -1 if that can't be. */
static int
place_value(const struct mqs_page_scan *s, uint64_t number, const unsigned char *page,
    const struct mqs_page_node *node, struct mqs_page_entry *e)
{
	uint64_t first;

	e->page = number;
	e->key = node->key;
	e->size = node->size;
	e->value = node->value;
	e->at = number * s->page_size + (uint64_t)(node->value - page);
	if (!(node->flags & MQS_NODE_BIG))
		return 0;
	first = mqs_page_word(node->value);
	if (first < 2 || first >= s->pages)
		return -1;
	e->value = NULL;
	e->at = first * s->page_size + MQS_PAGE_HEADER;
	return 0;
}

static int
follow_leaf(struct follow *f, uint64_t number, const unsigned char *page)
{
	struct mqs_page_entry e;
	struct mqs_page_node node;
	unsigned i, n = mqs_page_count(page);

	for (i = 0; i < n && f->rc == MQS_OK; i++) {
		node = mqs_page_node_of(page, i, 1);
		if (place_value(f->scan, number, page, &node, &e) == -1 ||
		    (e.value == NULL && !follow_run(f, mqs_page_word(node.value), e.size))) {
			f->whole = 0;
			continue;
		}
		if (f->kind != MQS_KEYS_OF_MAIN || !(node.flags & MQS_NODE_TREE))
			f->rc = f->fn(f->arg, &e);
	}
	return f->rc;
}

static int
follow_branch(struct follow *f, const unsigned char *page, unsigned level)
{
	unsigned i, n = mqs_page_count(page);

	for (i = 0; i < n && f->rc == MQS_OK; i++)
		(void)follow_page(f, mqs_page_node_of(page, i, 0).child, level + 1);
	return f->rc;
}

/* Reads a page that a tree leads to: 1 leaf, 0 branch, -1 neither. */
static int
read_tree_page(struct mqs_page_scan *s, uint64_t number, enum mqs_page_keys kind,
    unsigned char *page)
{
	struct mqs_page_header header;
	char text[MQS_PAGE_TEXT];
	int leaf;

	if (read_some(s, number * s->page_size, page, s->page_size) < s->page_size)
		return -1;
	memcpy(&header, page, sizeof(header));
	leaf = header.flags == MQS_PAGE_LEAF;
	if (header.number != number || (!leaf && header.flags != MQS_PAGE_BRANCH) ||
	    !mqs_page_nodes_fit(page, s->page_size, leaf, kind, text))
		return -1;
	return leaf;
}

static int
follow_page(struct follow *f, uint64_t number, unsigned level)
{
	struct mqs_page_scan *s = f->scan;
	unsigned char *page;
	int leaf;

	if (number < 2 || number >= s->pages || level >= MQS_PAGE_DEPTH_MAX || is_met(s, number)) {
		f->whole = 0;
		return f->rc;
	}
	if ((page = malloc(s->page_size)) == NULL)
		return f->rc = mqs_fail_errno(f->err, "%s", s->name);
	if ((leaf = read_tree_page(s, number, f->kind, page)) == -1) {
		f->whole = 0;
		s->damaged++;
	} else {
		meet(s, number);
		(void)(leaf ? follow_leaf(f, number, page) : follow_branch(f, page, level));
	}
	free(page);
	return f->rc;
}

/* ---------------------------------------------------- finding a table -- */

struct wanted {
	const char	*table;
	struct mqs_page_tree tree;
	int		 found;
};

/* Looks for the descriptor of a table in a leaf of the main table. */
static void
find_in_leaf(const unsigned char *page, struct wanted *w)
{
	struct mqs_page_node node;
	unsigned i, n = mqs_page_count(page);

	for (i = 0; i < n; i++) {
		node = mqs_page_node_of(page, i, 1);
		if (!(node.flags & MQS_NODE_TREE) || node.size != sizeof(w->tree) ||
		    node.key.n != strlen(w->table) ||
		    memcmp(node.key.p, w->table, node.key.n) != 0)
			continue;
		memcpy(&w->tree, node.value, sizeof(w->tree));
		w->found = 1;
	}
}

/* The main table is small: its pages are read once more for each table. */
static void
find_table(struct mqs_page_scan *s, uint64_t number, unsigned level, struct wanted *w)
{
	unsigned char *page;
	unsigned i;
	int leaf;

	if (number < 2 || number >= s->pages || level >= MQS_PAGE_DEPTH_MAX || w->found ||
	    (page = malloc(s->page_size)) == NULL)
		return;
	leaf = read_tree_page(s, number, MQS_KEYS_OF_MAIN, page);
	if (leaf == 1)
		find_in_leaf(page, w);
	for (i = 0; leaf == 0 && level < 2 && i < mqs_page_count(page); i++)
		find_table(s, mqs_page_node_of(page, i, 0).child, level + 1, w);
	free(page);
}

int
mqs_page_scan_table(struct mqs_page_scan *s, const char *table, mqs_page_entry_fn *fn,
    void *arg, int *whole, struct mqs_error *err)
{
	struct follow f = {
		.scan = s, .kind = table == NULL ? MQS_KEYS_OF_MAIN : MQS_KEYS_OF_TABLE,
		.fn = fn, .arg = arg, .whole = 1, .rc = MQS_OK, .err = err
	};
	struct wanted w = { .table = table };

	*whole = 0;
	if (s->newest == -1)
		return MQS_NOTHING;
	w.tree = s->metas[s->newest].trees[MQS_TREE_MAIN];
	if (table != NULL) {
		find_table(s, w.tree.root, 0, &w);
		if (!w.found)
			return MQS_NOTHING;
	}
	if (w.tree.root != MQS_PAGE_NONE)
		(void)follow_page(&f, w.tree.root, 0);
	*whole = f.whole;
	return f.rc;
}

/* ------------------------------------------------------------ the rest -- */

/* An entry that may begin at an offset of a page: 1 and what it is, or 0. */
static int
supposed(const struct mqs_page_scan *s, uint64_t number, const unsigned char *page, size_t at,
    struct mqs_page_entry *e)
{
	struct mqs_page_node node = mqs_page_node_at(page + at, 1);

	if (node.key.n == 0 || node.key.n > MQS_PAGE_KEY_MAX || (node.flags & ~MQS_NODE_BIG) != 0)
		return 0;
	if (at + MQS_NODE_HEADER + node.key.n + (node.flags & MQS_NODE_BIG ? sizeof(size_t) :
	    node.size) > s->page_size)
		return 0;
	return place_value(s, number, page, &node, e) == 0;
}

/* Tells what may be entries in a page of which nothing is believed. */
static int
tell_supposed(const struct mqs_page_scan *s, uint64_t number, const unsigned char *page,
    mqs_page_entry_fn *fn, void *arg)
{
	struct mqs_page_entry e;
	size_t at;
	int rc = 0;

	for (at = 0; rc == 0 && at + MQS_NODE_HEADER < s->page_size; at += NODE_ALIGN)
		if (supposed(s, number, page, at, &e))
			rc = fn(arg, &e);
	return rc;
}

static int
tell_leaf(const struct mqs_page_scan *s, uint64_t number, const unsigned char *page,
    mqs_page_entry_fn *fn, void *arg)
{
	struct mqs_page_entry e;
	struct mqs_page_node node;
	unsigned i, n = mqs_page_count(page);
	int rc = 0;

	for (i = 0; rc == 0 && i < n; i++) {
		node = mqs_page_node_of(page, i, 1);
		if (!(node.flags & MQS_NODE_TREE) && place_value(s, number, page, &node, &e) == 0)
			rc = fn(arg, &e);
	}
	return rc;
}

/* Tells the entries of a page; *skip: pages after it that are of the same value. */
static int
tell_page(struct mqs_page_scan *s, uint64_t number, const unsigned char *page, uint64_t *skip,
    mqs_page_entry_fn *fn, void *arg)
{
	struct mqs_page_header header;
	char text[MQS_PAGE_TEXT];

	*skip = 0;
	memcpy(&header, page, sizeof(header));
	if (header.number == number && header.flags == MQS_PAGE_OVERFLOW &&
	    header.pages > 0 && header.pages <= s->pages - number) {
		*skip = header.pages - 1;
		return 0;
	}
	if (header.number == number && header.flags == MQS_PAGE_BRANCH)
		return 0;
	if (header.number == number && header.flags == MQS_PAGE_LEAF &&
	    mqs_page_nodes_fit(page, s->page_size, 1, MQS_KEYS_OF_TABLE, text))
		return tell_leaf(s, number, page, fn, arg);
	return tell_supposed(s, number, page, fn, arg);
}

int
mqs_page_scan_rest(struct mqs_page_scan *s, mqs_page_entry_fn *fn, void *arg,
    struct mqs_error *err)
{
	unsigned char *page;
	uint64_t number, skip;
	size_t n;
	int rc = 0;

	if ((page = malloc(s->page_size)) == NULL)
		return mqs_fail_errno(err, "%s", s->name);
	for (number = 0; rc == 0 && number < s->pages; number++) {
		if ((number < 2 && s->intact >> number & 1) || is_met(s, number))
			continue;
		n = read_some(s, number * s->page_size, page, s->page_size);
		memset(page + n, 0, s->page_size - n);
		rc = tell_page(s, number, page, &skip, fn, arg);
		number += skip;
	}
	free(page);
	return rc;
}

/* ------------------------------------------------------ opening, closing -- */

static int
ignore(void *arg, const struct mqs_page_entry *e)
{
	(void)arg;
	(void)e;
	return 0;
}

/* Goes by the older meta page if only its main table is whole. */
static int
choose_meta(struct mqs_page_scan *s, struct mqs_error *err)
{
	int rc, whole, newest = s->newest;

	if (s->intact != 3)
		return MQS_OK;
	rc = mqs_page_scan_table(s, NULL, ignore, NULL, &whole, err);
	if (rc == MQS_OK && !whole) {
		memset(s->met, 0, s->pages / 8 + 1);
		s->newest = !newest;
		rc = mqs_page_scan_table(s, NULL, ignore, NULL, &whole, err);
		if (!whole)
			s->newest = newest;
	}
	memset(s->met, 0, s->pages / 8 + 1);
	s->damaged = 0;
	return rc;
}

int
mqs_page_scan_new(struct mqs_page_scan **out, int fd, const char *name, unsigned *metas,
    struct mqs_error *err)
{
	struct mqs_page_scan *s;
	struct stat st;
	int rc;

	if (fstat(fd, &st) == -1 || (s = calloc(1, sizeof(*s))) == NULL)
		return mqs_fail_errno(err, "%s", name);
	s->fd = fd;
	s->name = name;
	read_metas(s);
	s->pages = ((uint64_t)st.st_size + s->page_size - 1) / s->page_size;
	if ((s->met = calloc(s->pages / 8 + 1, 1)) == NULL) {
		rc = mqs_fail_errno(err, "%s", name);
		free(s);
		return rc;
	}
	if ((rc = choose_meta(s, err)) != MQS_OK) {
		mqs_page_scan_free(s);
		return rc;
	}
	*metas = (s->intact & 1) + (s->intact >> 1);
	*out = s;
	return MQS_OK;
}

void
mqs_page_scan_free(struct mqs_page_scan *s)
{
	if (s == NULL)
		return;
	free(s->met);
	free(s);
}

uint64_t
mqs_page_scan_unreadable(const struct mqs_page_scan *s)
{
	return s->unreadable;
}

uint64_t
mqs_page_scan_damaged(const struct mqs_page_scan *s)
{
	return s->damaged;
}
