/*
 * unlocked_read.c - looking up entries of an LMDB file without LMDB's lock file
 *
 * A reader of LMDB writes its snapshot's number into the lock file, so that writers leave the
 * snapshot's pages alone.  Who may not write to the lock file can't ask for that, but can find
 * out afterwards whether the pages were left alone:
 *
 *	- Commit N writes meta page N % 2.  So the meta page of a snapshot S stays as it is
 *	  until commit S + 2 is done.
 *	- A commit writes only new pages and pages that are free.  Pages of S become free by
 *	  commit S + 1 at the earliest, and transaction T uses only what commits before T - 1
 *	  have freed.  So no page of S is written to before transaction S + 3 begins, which is
 *	  after commit S + 2 is done.
 *
 * Hence the invariant: what was read of S is right if afterwards the meta page of S is still
 * the same.  Each look-up reads pages with pread into memory of its own, copies what it found,
 * and then compares the meta page.  If that has changed, the look-up fails with MQS_EBUSY,
 * whatever it found, and the caller begins again with the newest snapshot.  A look-up takes
 * some ten microseconds, and two commits must fall into that time to make it fail.
 *
 * Until the meta page was compared, what was read may be anything.  So nothing is followed
 * before it was verified: a page number lies within the file, a page is what page_node.c
 * accepts, no tree is deeper than MQS_PAGE_DEPTH_MAX, and a look-up reads at most PAGES_MAX
 * pages.
 *
 * Nothing is written and no lock is taken, so a crash leaves nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "embedded/store/lmdb/lmdb_error.h"
#include "embedded/store/lmdb/page_node.h"
#include "embedded/store/lmdb/unlocked_read.h"

#define FOUND_KEPT	16	/* entries that stay readable */
#define PAGES_MAX	4096
#define BEGIN_TRIES	100

struct mqs_unlocked {
	struct mqs_db	*db;
	struct mqs_page_meta meta;
	unsigned char	*pages[MQS_PAGE_DEPTH_MAX];	/* the way from the root, by level */
	struct mqs_buf	 found[FOUND_KEPT];		/* key and value, in turn */
	unsigned	 next;				/* of these */
	unsigned	 looked;			/* pages of this look-up */
};

/* One look-up. */
struct look {
	struct mqs_unlocked *u;
	enum mqs_page_keys kind;
	enum mqs_unlocked_place place;
	struct mqs_slice key;		/* given */
	struct mqs_page_node node;	/* found */
	struct mqs_error *err;
};

/* ------------------------------------------------------------ the file -- */

int
mqs_unlocked_open(struct mqs_db *db, struct mqs_error *err)
{
	int rc;

	db->readonly = 1;
	db->fd = openat(db->spec.dir, db->spec.file, O_RDONLY | O_CLOEXEC | O_NOCTTY |
	    O_NONBLOCK | O_NOFOLLOW);
	if (db->fd == -1)
		return mqs_fail_errno(err, "%s", db->name);
	if ((rc = mqs_dbfile_read(db->fd, db->name, &db->file, err)) != MQS_OK) {
		mqs_unlocked_close(db);
		return mqs_lmdb_advise(db, rc, err);
	}
	db->page_size = db->file.page_size;
	return MQS_OK;
}

void
mqs_unlocked_close(struct mqs_db *db)
{
	if (db->fd != -1)
		close(db->fd);
	db->fd = -1;
}

int
mqs_unlocked_begin(struct mqs_db *db, struct mqs_unlocked **out, struct mqs_error *err)
{
	struct mqs_unlocked *u;
	int rc, try;

	if ((u = calloc(1, sizeof(*u))) == NULL)
		return mqs_fail_errno(err, "%s", db->name);
	u->db = db;
	for (try = 1; ; try++) {
		rc = mqs_dbfile_meta(db->fd, db->name, db->page_size,
		    mqs_dbfile_last_commit(db->fd, db->page_size), &u->meta, err);
		if (rc != MQS_EDAMAGED || try == BEGIN_TRIES)
			break;		/* else it may have been written over in between */
	}
	if (rc != MQS_OK) {
		free(u);
		return rc;
	}
	*out = u;
	return MQS_OK;
}

void
mqs_unlocked_end(struct mqs_unlocked *u)
{
	size_t i;

	if (u == NULL)
		return;
	for (i = 0; i < MQS_PAGE_DEPTH_MAX; i++)
		free(u->pages[i]);
	for (i = 0; i < FOUND_KEPT; i++)
		mqs_buf_free(&u->found[i]);
	free(u);
}

uint64_t
mqs_unlocked_number(const struct mqs_unlocked *u)
{
	return u->meta.tx;
}

/* 1 while nothing of the snapshot can have been written over. */
static int
stands(const struct mqs_unlocked *u)
{
	struct mqs_page_meta now;

	return mqs_dbfile_meta(u->db->fd, u->db->name, u->db->page_size, u->meta.tx, &now,
	    NULL) == MQS_OK && memcmp(&now, &u->meta, sizeof(now)) == 0;
}

/* Ends a look-up with its result, which counts only if the snapshot still stands. */
static int
judge(const struct mqs_unlocked *u, int rc, struct mqs_error *err)
{
	if (!stands(u))
		return mqs_fail(err, MQS_EBUSY, "%s: written to while it was read",
		    u->db->spec.label);
	return rc == MQS_EDAMAGED ? mqs_lmdb_advise(u->db, rc, err) : rc;
}

/* ------------------------------------------------------------ reading -- */

static int
fail_page(const struct mqs_unlocked *u, uint64_t number, const char *what,
    struct mqs_error *err)
{
	return mqs_fail(err, MQS_EDAMAGED, "%s: damaged: page %llu %s", u->db->name,
	    (unsigned long long)number, what);
}

/* Reads all n bytes at a place of the file, or fails. */
static int
read_all(const struct mqs_unlocked *u, uint64_t at, void *p, size_t n, struct mqs_error *err)
{
	size_t done = 0;
	ssize_t got;

	while (done < n) {
		got = pread(u->db->fd, (char *)p + done, n - done, (off_t)(at + done));
		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			return mqs_fail_errno(err, "%s", u->db->name);
		if (got == 0)
			return fail_page(u, at / u->db->page_size, "lies beyond the end", err);
		done += (size_t)got;
	}
	return MQS_OK;
}

/* Reads and verifies a page of a tree. */
static int
read_page(struct look *l, uint64_t number, unsigned level, int *leaf)
{
	struct mqs_unlocked *u = l->u;
	struct mqs_page_header header;
	char text[MQS_PAGE_TEXT];
	int rc;

	if (number < 2 || number > u->meta.last_page || level >= MQS_PAGE_DEPTH_MAX ||
	    u->looked++ >= PAGES_MAX)
		return fail_page(u, number, "can't be part of a tree", l->err);
	if (u->pages[level] == NULL && (u->pages[level] = malloc(u->db->page_size)) == NULL)
		return mqs_fail_errno(l->err, "%s", u->db->name);
	if ((rc = read_all(u, number * u->db->page_size, u->pages[level], u->db->page_size,
	    l->err)) != MQS_OK)
		return rc;
	memcpy(&header, u->pages[level], sizeof(header));
	*leaf = header.flags == MQS_PAGE_LEAF;
	if (header.number != number || (!*leaf && header.flags != MQS_PAGE_BRANCH))
		return fail_page(u, number, "is not what led to it", l->err);
	if (!mqs_page_nodes_fit(u->pages[level], u->db->page_size, *leaf, l->kind, text))
		return fail_page(u, number, text, l->err);
	return MQS_OK;
}

/* ---------------------------------------------------------- searching -- */

static int
compare(struct mqs_slice a, struct mqs_slice b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n == 0 ? 0 : memcmp(a.p, b.p, n);

	return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}

/* How many nodes of a page, from the one on, have keys that are less; or, if `also', equal. */
static unsigned
count_below(const unsigned char *page, int leaf, unsigned from, struct mqs_slice key, int also)
{
	unsigned low = from, high = mqs_page_count(page), middle;
	int c;

	while (low < high) {
		middle = low + (high - low) / 2;
		c = compare(mqs_page_node_of(page, middle, leaf).key, key);
		if (c < 0 || (also && c == 0))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int	search(struct look *, uint64_t number, unsigned level);

static int
search_leaf(struct look *l, const unsigned char *page)
{
	unsigned n = mqs_page_count(page), i;

	if (l->place == MQS_UNLOCKED_BEFORE) {
		i = l->key.p == NULL ? n : count_below(page, 1, 0, l->key, 0);
		if (i == 0)
			return MQS_NOTHING;
		i--;
	} else if ((i = count_below(page, 1, 0, l->key, l->place == MQS_UNLOCKED_AFTER)) == n)
		return MQS_NOTHING;
	l->node = mqs_page_node_of(page, i, 1);
	return MQS_OK;
}

/* The child that the key leads to, and then its neighbours, until one has such an entry. */
static int
search_branch(struct look *l, const unsigned char *page, unsigned level)
{
	const int back = l->place == MQS_UNLOCKED_BEFORE;
	unsigned n = mqs_page_count(page), i;
	int rc = MQS_NOTHING;

	/* The first node has no key: what is less than that of the second is in its child. */
	i = back && l->key.p == NULL ? n - 1 : count_below(page, 0, 1, l->key, 1) - 1;
	while (rc == MQS_NOTHING && i < n) {
		rc = search(l, mqs_page_node_of(page, i, 0).child, level + 1);
		i += back ? -1u : 1u;		/* before the first one: no less than n */
	}
	return rc;
}

static int
search(struct look *l, uint64_t number, unsigned level)
{
	int rc, leaf = 0;

	if ((rc = read_page(l, number, level, &leaf)) != MQS_OK)
		return rc;
	return leaf ? search_leaf(l, l->u->pages[level]) :
	    search_branch(l, l->u->pages[level], level);
}

/* ------------------------------------------------------------- tables -- */

static int
find_tree(struct mqs_unlocked *u, unsigned table, struct mqs_page_tree *tree,
    struct mqs_error *err)
{
	const char *name = table == MQS_DB_MAIN ? "" : u->db->spec.tables[table - 1];
	struct look l = { .u = u, .kind = MQS_KEYS_OF_MAIN, .key = { name, strlen(name) },
	    .err = err };
	int rc;

	*tree = u->meta.trees[MQS_TREE_MAIN];
	if (table == MQS_DB_MAIN)
		return MQS_OK;
	rc = tree->root == MQS_PAGE_NONE ? MQS_NOTHING : search(&l, tree->root, 0);
	if (rc < 0)
		return rc;
	if (rc != MQS_OK || compare(l.node.key, l.key) != 0 ||
	    !(l.node.flags & MQS_NODE_TREE) || l.node.size != sizeof(*tree))
		return mqs_fail(err, MQS_EDAMAGED, "%s: no table \"%s\": not a file of mq",
		    u->db->name, name);
	memcpy(tree, l.node.value, sizeof(*tree));
	return MQS_OK;
}

/* Copies the entry that was found, its value from pages of its own if it is there. */
static int
copy(struct look *l, struct mqs_slice *key, struct mqs_slice *value)
{
	struct mqs_unlocked *u = l->u;
	struct mqs_buf *to = &u->found[u->next++ % FOUND_KEPT];
	const struct mqs_page_node *node = &l->node;
	uint64_t first;
	int rc = MQS_OK;

	to->n = 0;
	if (mqs_buf_reserve(to, node->key.n + node->size) == -1)
		return mqs_fail_errno(l->err, "%s", u->db->name);
	memcpy(to->p, node->key.p, node->key.n);
	if (node->flags & MQS_NODE_BIG) {
		first = mqs_page_word(node->value);
		if (first < 2 || first > u->meta.last_page ||
		    node->size > (u->meta.last_page - first + 1) * u->db->page_size)
			return fail_page(u, first, "can't have a value", l->err);
		if (!stands(u))		/* the size may be anything */
			return MQS_EBUSY;
		rc = read_all(u, first * u->db->page_size + MQS_PAGE_HEADER,
		    to->p + node->key.n, node->size, l->err);
	} else
		memcpy(to->p + node->key.n, node->value, node->size);
	*key = (struct mqs_slice){ to->p, node->key.n };
	*value = (struct mqs_slice){ to->p + node->key.n, node->size };
	return rc;
}

int
mqs_unlocked_find(struct mqs_unlocked *u, unsigned table, enum mqs_unlocked_place place,
    struct mqs_slice *key, struct mqs_slice *value, struct mqs_error *err)
{
	struct look l = { .u = u, .place = place, .key = *key, .err = err,
	    .kind = table == MQS_DB_MAIN ? MQS_KEYS_OF_MAIN : MQS_KEYS_OF_TABLE };
	struct mqs_page_tree tree;
	int rc;

	u->looked = 0;
	if ((rc = find_tree(u, table, &tree, err)) == MQS_OK)
		rc = tree.root == MQS_PAGE_NONE ? MQS_NOTHING : search(&l, tree.root, 0);
	if (rc == MQS_OK)
		rc = copy(&l, key, value);
	return judge(u, rc, err);
}

int
mqs_unlocked_count(struct mqs_unlocked *u, unsigned table, uint64_t *entries,
    struct mqs_error *err)
{
	struct mqs_page_tree tree;
	int rc;

	u->looked = 0;
	if ((rc = find_tree(u, table, &tree, err)) == MQS_OK)
		*entries = tree.entries;
	return judge(u, rc, err);
}
