/*
 * page_scan_rest.c - what lies in the pages of a damaged LMDB file to which no tree leads
 *
 * Every page that no tree led to is read, by its number.  An intact leaf is read as one.  In any
 * other page an entry is supposed wherever one may begin: that finds those of a page whose
 * header or offsets are gone.  Overflow pages are passed over, since what they hold is one value.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "embedded/store/lmdb/page_scan_rest.h"

#define NODE_ALIGN	2

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
	return mqs_page_scan_place(s, number, page, &node, e) == 0;
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
		if (!(node.flags & MQS_NODE_TREE) && mqs_page_scan_place(s, number, page, &node, &e) == 0)
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
		if ((number < 2 && s->intact >> number & 1) || mqs_page_scan_is_met(s, number))
			continue;
		n = mqs_page_scan_read(s, number * s->page_size, page, s->page_size);
		memset(page + n, 0, s->page_size - n);
		rc = tell_page(s, number, page, &skip, fn, arg);
		number += skip;
	}
	free(page);
	return rc;
}

