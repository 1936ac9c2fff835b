/*
 * page_scan_tree.c - the entries of a table in a damaged LMDB file
 *
 * A page that is damaged is passed over, with what only it leads to.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "embedded/store/lmdb/page_scan_tree.h"

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
		mqs_page_scan_meet(s, first + i);
	return 1;
}

static int
follow_leaf(struct follow *f, uint64_t number, const unsigned char *page)
{
	struct mqs_page_entry e;
	struct mqs_page_node node;
	unsigned i, n = mqs_page_count(page);

	for (i = 0; i < n && f->rc == MQS_OK; i++) {
		node = mqs_page_node_of(page, i, 1);
		if (mqs_page_scan_place(f->scan, number, page, &node, &e) == -1 ||
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

static int
follow_page(struct follow *f, uint64_t number, unsigned level)
{
	struct mqs_page_scan *s = f->scan;
	unsigned char *page;
	int leaf;

	if (number < 2 || number >= s->pages || level >= MQS_PAGE_DEPTH_MAX || mqs_page_scan_is_met(s, number)) {
		f->whole = 0;
		return f->rc;
	}
	if ((page = malloc(s->page_size)) == NULL)
		return f->rc = mqs_fail_errno(f->err, "%s", s->name);
	if ((leaf = mqs_page_scan_page(s, number, f->kind, page)) == -1) {
		f->whole = 0;
		s->damaged++;
	} else {
		mqs_page_scan_meet(s, number);
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
	leaf = mqs_page_scan_page(s, number, MQS_KEYS_OF_MAIN, page);
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
	struct wanted w = { .table = table, .tree = { .root = s->main } };

	*whole = 0;
	if (s->main == MQS_PAGE_NONE)
		return MQS_NOTHING;
	if (table != NULL) {
		find_table(s, s->main, 0, &w);
		if (!w.found)
			return MQS_NOTHING;
	}
	if (w.tree.root != MQS_PAGE_NONE)
		(void)follow_page(&f, w.tree.root, 0);
	*whole = f.whole;
	return f.rc;
}

