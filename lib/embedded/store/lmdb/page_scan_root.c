/*
 * page_scan_root.c - which root of the main table of a damaged LMDB file is the newest
 *
 * The newer meta page leads to the newest state.  It has no checksum, so it is believed only if
 * nothing speaks against it:
 *
 *	- both meta pages are intact and of two commits in a row, each where it belongs (LMDB
 *	  flushes a commit before the meta page of the next one is written);
 *	- the main table that it leads to is whole, and tells a state that is not older than
 *	  the one to which the other meta page leads.
 *
 * Otherwise a commit may be lost with its meta page.  But all of its pages are there.  Every
 * commit writes a leaf of the main table, since that has the state, and the state tells its age
 * (the caller's function).  So all pages of the file are read, and the leaf with the newest
 * state wins.  If the main table is so large that a branch leads to its leaves, the root is the
 * branch of which that leaf is a child, and of which all children have the keys that they
 * should.  Overflow pages are passed over: a message may hold what looks like a page.
 *
 * A commit that was interrupted before it wrote its meta page may be found as well.  What it
 * stored was not acknowledged, but is whole: pages that a commit wrote are overwritten by later
 * commits only.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "embedded/store/lmdb/page_scan_root.h"
#include "embedded/store/lmdb/page_scan_tree.h"

/* What is known of the main table from a root. */
struct root {
	uint64_t	 page;
	int		 whole, has_age;
	uint64_t	 age;
};

struct choosing {
	struct mqs_page_scan *scan;
	mqs_page_age_fn	*age_of;
	struct root	 best;
	int		 from_page;	/* no meta page leads to the best one */
	uint64_t	 commit;	/* else the commit of that meta page */
	struct mqs_error *err;
};

/* ---------------------------------------------------------- meta pages -- */

struct looking {
	mqs_page_age_fn	*age_of;
	struct root	*root;
};

static int
look_for_age(void *arg, const struct mqs_page_entry *e)
{
	struct looking *l = arg;
	uint64_t age;

	if (l->age_of(e, &age)) {
		l->root->age = age;
		l->root->has_age = 1;
	}
	return 0;
}

/* Follows the main table from a root. */
static int
look_from(struct choosing *c, uint64_t page, struct root *root)
{
	struct looking looking = { c->age_of, root };
	int rc;

	*root = (struct root){ .page = page };
	c->scan->main = page;
	rc = mqs_page_scan_table(c->scan, NULL, look_for_age, &looking, &root->whole, c->err);
	mqs_page_scan_unmeet(c->scan);
	return rc < 0 ? rc : MQS_OK;
}

/* Which meta page is damaged, going by these alone: its number, 2 for both, -1 for none. */
static int
damaged_meta(const struct mqs_page_scan *s)
{
	uint64_t even = s->metas[0].tx, odd = s->metas[1].tx;

	if (s->intact != 3)
		return s->intact == 0 ? 2 : s->intact == 1;
	if (even == 0 && odd == 0)
		return -1;
	if (even % 2 != 0 || odd % 2 != 1)
		return even % 2 == 0 ? 1 : odd % 2 == 1 ? 0 : 2;
	return odd == even + 1 || even == odd + 1 ? -1 : even < odd;
}

/* Chooses among the meta pages; *sure if the choice needs no other proof. */
static int
choose_meta(struct choosing *c, struct mqs_page_choice *choice, int *sure)
{
	const struct mqs_page_scan *s = c->scan;
	struct root roots[2] = { { .page = MQS_PAGE_NONE }, { .page = MQS_PAGE_NONE } };
	int i, rc, best, newer = s->metas[1].tx > s->metas[0].tx;

	for (i = 0; i < 2; i++)
		if (s->intact >> i & 1 && (rc = look_from(c,
		    s->metas[i].trees[MQS_TREE_MAIN].root, &roots[i])) != MQS_OK)
			return rc;
	choice->damaged = damaged_meta(s);
	*sure = choice->damaged == -1 && roots[newer].whole && roots[newer].has_age &&
	    (!roots[!newer].has_age || roots[newer].age >= roots[!newer].age);
	best = s->intact == 3 ? newer : s->intact == 2;
	if (!*sure && roots[!best].has_age &&
	    (!roots[best].has_age || roots[!best].age > roots[best].age))
		best = !best;
	if (!*sure && choice->damaged == -1 && roots[newer].page != MQS_PAGE_NONE) {
		choice->damaged = newer;
		choice->astray = 1;
	}
	c->best = roots[best];
	c->commit = s->metas[best].tx;
	return MQS_OK;
}

/* ---------------------------------------------------------- other pages -- */

/* Takes a leaf as the root if its state is newer than the best one. */
static void
try_leaf(struct choosing *c, uint64_t number, const unsigned char *page)
{
	static const struct mqs_page_range all;
	unsigned i, n = mqs_page_count(page);
	struct mqs_page_entry e;
	struct mqs_page_node node;
	char text[MQS_PAGE_TEXT];
	uint64_t age;

	for (i = 0; i < n; i++) {
		node = mqs_page_node_of(page, i, 1);
		if (node.flags & MQS_NODE_TREE ||
		    mqs_page_scan_place(c->scan, number, page, &node, &e) == -1 ||
		    !c->age_of(&e, &age))
			continue;
		if ((!c->best.has_age || age > c->best.age) &&
		    mqs_page_keys_ascend(page, 1, MQS_KEYS_OF_MAIN, &all, text)) {
			c->best = (struct root){ number, 1, 1, age };
			c->from_page = 1;
		}
		return;
	}
}

/* 1 if a branch leads to the best leaf, and to intact leaves with the keys that they should have. */
static int
is_root_of_best(struct choosing *c, const unsigned char *branch, unsigned char *leaf)
{
	unsigned i, n = mqs_page_count(branch);
	struct mqs_page_range range = { { NULL, 0 }, { NULL, 0 } };
	char text[MQS_PAGE_TEXT];
	uint64_t child;
	int found = 0;

	for (i = 0; i < n && !found; i++)
		found = mqs_page_node_of(branch, i, 0).child == c->best.page;
	for (i = 0; i < n && found; i++) {
		child = mqs_page_node_of(branch, i, 0).child;
		if (i > 0)
			range.from = mqs_page_node_of(branch, i, 0).key;
		range.to = i + 1 < n ? mqs_page_node_of(branch, i + 1, 0).key :
		    (struct mqs_slice){ NULL, 0 };
		found = child >= 2 && child < c->scan->pages &&
		    mqs_page_scan_page(c->scan, child, MQS_KEYS_OF_MAIN, leaf) == 1 &&
		    mqs_page_keys_ascend(leaf, 1, MQS_KEYS_OF_MAIN, &range, text);
	}
	return found;
}

enum kind { LEAVES, BRANCHES };

/* One page: how many pages behind it belong to it. */
static uint64_t
try_page(struct choosing *c, enum kind kind, uint64_t number, unsigned char *pages)
{
	struct mqs_page_scan *s = c->scan;
	struct mqs_page_header header;
	int leaf;

	if (mqs_page_scan_read(s, number * s->page_size, &header, sizeof(header)) <
	    sizeof(header) || header.number != number)
		return 0;
	if (header.flags == MQS_PAGE_OVERFLOW && header.pages > 0 &&
	    header.pages <= s->pages - number)
		return header.pages - 1;
	if (header.flags != (kind == LEAVES ? MQS_PAGE_LEAF : MQS_PAGE_BRANCH) ||
	    (leaf = mqs_page_scan_page(s, number, MQS_KEYS_OF_MAIN, pages)) == -1)
		return 0;
	if (leaf)
		try_leaf(c, number, pages);
	else if (is_root_of_best(c, pages, pages + s->page_size))
		c->best.page = number;
	return 0;
}

static int
try_all(struct choosing *c, enum kind kind)
{
	const struct mqs_page_scan *s = c->scan;
	unsigned char *pages;
	uint64_t number;

	if ((pages = malloc(2 * s->page_size)) == NULL)
		return mqs_fail_errno(c->err, "%s", s->name);
	for (number = 2; number < s->pages; number++)
		number += try_page(c, kind, number, pages);
	free(pages);
	return MQS_OK;
}

int
mqs_page_scan_choose(struct mqs_page_scan *s, mqs_page_age_fn *age_of,
    struct mqs_page_choice *choice, struct mqs_error *err)
{
	struct choosing c = { .scan = s, .age_of = age_of, .err = err };
	int rc, sure;

	memset(choice, 0, sizeof(*choice));
	if ((rc = choose_meta(&c, choice, &sure)) != MQS_OK ||
	    (!sure && (rc = try_all(&c, LEAVES)) != MQS_OK) ||
	    (c.from_page && (rc = try_all(&c, BRANCHES)) != MQS_OK))
		return rc;
	s->main = c.best.page;
	s->unreadable = 0;		/* each page is read once more */
	choice->found = sure ? MQS_ROOT_SURE : s->main == MQS_PAGE_NONE ? MQS_ROOT_NONE :
	    c.from_page ? MQS_ROOT_PAGE : MQS_ROOT_META;
	choice->commit = c.commit;
	choice->page = c.best.page;
	return MQS_OK;
}
