/*
 * page_node.c - verifying one page of a tree in an LMDB file, and its nodes
 *
 * Nothing is read outside the page, whatever it holds.  The nodes must fill the space above
 * `upper' exactly: that finds nodes that overlap, and most changes of a size.
 */
#include <stdio.h>
#include <string.h>

#include "embedded/store/lmdb/page_node.h"

static uint16_t
get16(const unsigned char *p)
{
	uint16_t n;

	memcpy(&n, p, sizeof(n));
	return n;
}

size_t
mqs_page_word(const void *p)
{
	size_t n;

	memcpy(&n, p, sizeof(n));
	return n;
}

unsigned
mqs_page_count(const unsigned char *page)
{
	struct mqs_page_header header;

	memcpy(&header, page, sizeof(header));
	return (header.lower - MQS_PAGE_HEADER) / 2u;
}

/* A number from its halves as they lie: the machine's order says which is the lower one. */
static uint32_t
join(uint16_t first, uint16_t second)
{
	const uint16_t one = 1;

	return *(const unsigned char *)&one == 1 ?
	    first | (uint32_t)second << 16 : second | (uint32_t)first << 16;
}

struct mqs_page_node
mqs_page_node_at(const unsigned char *p, int leaf)
{
	struct mqs_page_node n = { .flags = get16(p + 4) };
	uint32_t low = join(get16(p), get16(p + 2));

	n.key.p = p + MQS_NODE_HEADER;
	n.key.n = get16(p + 6);
	if (leaf) {
		n.size = low;
		n.value = p + MQS_NODE_HEADER + n.key.n;
	} else
		n.child = low | (SIZE_MAX > UINT32_MAX ? (uint64_t)n.flags << 32 : 0);
	return n;
}

struct mqs_page_node
mqs_page_node_of(const unsigned char *page, unsigned i, int leaf)
{
	return mqs_page_node_at(page + get16(page + MQS_PAGE_HEADER + (size_t)2 * i), leaf);
}

/* Bytes of a node within its page. */
static uint64_t
node_bytes(const struct mqs_page_node *n, int leaf)
{
	uint64_t bytes = MQS_NODE_HEADER + n->key.n;

	if (leaf)
		bytes += n->flags & MQS_NODE_BIG ? sizeof(size_t) : n->size;
	return bytes + bytes % 2;
}

static int
key_fits(const struct mqs_page_node *n, enum mqs_page_keys keys)
{
	return keys == MQS_KEYS_OF_FREE ? n->key.n == sizeof(size_t) :
	    n->key.n > 0 && n->key.n <= MQS_PAGE_KEY_MAX;
}

static int	wrong(char text[MQS_PAGE_TEXT], const char *fmt, unsigned a, unsigned b)
		    __attribute__((format(printf, 2, 0)));

static int
wrong(char text[MQS_PAGE_TEXT], const char *fmt, unsigned a, unsigned b)
{
	(void)snprintf(text, MQS_PAGE_TEXT, fmt, a, b);
	return 0;
}

int
mqs_page_nodes_fit(const unsigned char *page, size_t page_size, int leaf,
    enum mqs_page_keys keys, char text[MQS_PAGE_TEXT])
{
	struct mqs_page_header header;
	struct mqs_page_node node;
	uint64_t sum = 0;
	unsigned i, n, at;

	memcpy(&header, page, sizeof(header));
	if (header.lower < MQS_PAGE_HEADER || header.lower % 2 != 0 ||
	    header.lower > header.upper || header.upper > page_size)
		return wrong(text, "has impossible bounds %u and %u", header.lower,
		    header.upper);
	n = mqs_page_count(page);
	if (n < (leaf ? 1 : 2))
		return wrong(text, "has %u entries, of at least %u", n, leaf ? 1 : 2);
	for (i = 0; i < n; i++) {
		at = get16(page + MQS_PAGE_HEADER + (size_t)2 * i);
		if (at < header.upper || at % 2 != 0 || at + MQS_NODE_HEADER > page_size)
			return wrong(text, "has entry %u at %u, where none can be", i, at);
		node = mqs_page_node_of(page, i, leaf);
		if (at + node_bytes(&node, leaf) > page_size)
			return wrong(text, "has entry %u of %u reach beyond its end", i, n);
		if ((leaf || i > 0) && !key_fits(&node, keys))
			return wrong(text, "has at entry %u a key of %u bytes", i,
			    (unsigned)node.key.n);
		sum += node_bytes(&node, leaf);
	}
	if (sum != page_size - header.upper)
		return wrong(text, "has entries of %u bytes where there should be %u",
		    (unsigned)sum, (unsigned)(page_size - header.upper));
	return 1;
}

static int
compare(enum mqs_page_keys keys, struct mqs_slice a, struct mqs_slice b)
{
	size_t x, y;
	int c;

	if (keys == MQS_KEYS_OF_FREE) {
		x = mqs_page_word(a.p);
		y = mqs_page_word(b.p);
		return (x > y) - (x < y);
	}
	c = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
	return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}

int
mqs_page_keys_ascend(const unsigned char *page, int leaf, enum mqs_page_keys keys,
    const struct mqs_page_range *range, char text[MQS_PAGE_TEXT])
{
	unsigned i, n = mqs_page_count(page), first = leaf ? 0 : 1;
	struct mqs_slice before = range->from, key;
	int c;

	for (i = first; i < n; i++) {
		key = mqs_page_node_of(page, i, leaf).key;
		c = before.p == NULL ? 1 : compare(keys, key, before);
		/* The first key of a page may be the one that led to it. */
		if (c < 0 || (c == 0 && i > first))
			return wrong(text, "has keys that do not ascend, at entry %u of %u",
			    i, n);
		before = key;
	}
	if (range->to.p != NULL && compare(keys, before, range->to) >= 0)
		return wrong(text, "has keys that belong to a later page (%u of %u)", n, n);
	return 1;
}
