/*
 * page_scan.c - a damaged LMDB file that is read page by page, without LMDB
 *
 * LMDB never changes a page that is in use: each commit writes new pages and leaves the old
 * ones as they are, until a later commit needs the room.  So a file holds the newest state and
 * remains of earlier ones.  Its entries are found in three steps:
 *
 *	page_scan_root.c	which root of the main table is the newest, going by the meta
 *				pages and, if these are damaged, by what the pages hold;
 *	page_scan_tree.c	what the trees from that root lead to;
 *	page_scan_rest.c	what lies in the pages to which no tree led.
 *
 * Nothing that is found is sure: it has to be verified by a checksum of its own.
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
#include "embedded/store/lmdb/page_scan.h"

#define PAGE_USUAL	4096	/* where no meta page says how large a page is */

size_t
mqs_page_scan_read(struct mqs_page_scan *s, uint64_t at, void *p, size_t n)
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

int
mqs_page_scan_is_met(const struct mqs_page_scan *s, uint64_t page)
{
	return s->met[page / 8] >> page % 8 & 1;
}

void
mqs_page_scan_meet(struct mqs_page_scan *s, uint64_t page)
{
	s->met[page / 8] = (uint8_t)(s->met[page / 8] | 1u << page % 8);
}

void
mqs_page_scan_unmeet(struct mqs_page_scan *s)
{
	memset(s->met, 0, s->pages / 8 + 1);
	s->damaged = 0;
}

int
mqs_page_scan_page(struct mqs_page_scan *s, uint64_t number, enum mqs_page_keys kind,
    unsigned char *page)
{
	struct mqs_page_header header;
	char text[MQS_PAGE_TEXT];
	int leaf;

	if (mqs_page_scan_read(s, number * s->page_size, page, s->page_size) < s->page_size)
		return -1;
	memcpy(&header, page, sizeof(header));
	leaf = header.flags == MQS_PAGE_LEAF;
	if (header.number != number || (!leaf && header.flags != MQS_PAGE_BRANCH) ||
	    !mqs_page_nodes_fit(page, s->page_size, leaf, kind, text))
		return -1;
	return leaf;
}

int
mqs_page_scan_place(const struct mqs_page_scan *s, uint64_t number, const unsigned char *page,
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

/* ---------------------------------------------------- opening, closing -- */

static int
read_meta(struct mqs_page_scan *s, uint64_t at, struct mqs_page_meta *m)
{
	uint32_t size;

	if (mqs_page_scan_read(s, at, m, sizeof(*m)) < sizeof(*m) ||
	    m->magic != MQS_PAGE_MAGIC || m->version != MQS_PAGE_VERSION ||
	    !(m->header.flags & MQS_PAGE_META))
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
}

int
mqs_page_scan_new(struct mqs_page_scan **out, int fd, const char *name, struct mqs_error *err)
{
	struct mqs_page_scan *s;
	struct stat st;
	int rc;

	if (fstat(fd, &st) == -1 || (s = calloc(1, sizeof(*s))) == NULL)
		return mqs_fail_errno(err, "%s", name);
	s->fd = fd;
	s->name = name;
	s->main = MQS_PAGE_NONE;
	read_metas(s);
	s->pages = ((uint64_t)st.st_size + s->page_size - 1) / s->page_size;
	if ((s->met = calloc(s->pages / 8 + 1, 1)) == NULL) {
		rc = mqs_fail_errno(err, "%s", name);
		free(s);
		return rc;
	}
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
