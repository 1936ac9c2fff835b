/* owner_file.c - the layout of an owner file; see owner_file.h */
#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "embedded/store/owner_file.h"

static const unsigned char magic[8] = { 'm', 'q', 'o', 'w', 'n', 'e', 'r', 1 };

/* A part ends in the checksum of what is before it. */
static void
seal(unsigned char *b, size_t size)
{
	mqs_put_le64(b + size - 8, XXH3_64bits(b, size - 8));
}

static int
verifies(const unsigned char *b, size_t size)
{
	return mqs_get_le64(b + size - 8) == XXH3_64bits(b, size - 8);
}

void
mqs_owner_header_put(unsigned char b[MQS_OWNER_HEADER],
    const struct mqs_owner_header *h)
{
	memset(b, 0, MQS_OWNER_HEADER);
	memcpy(b, magic, sizeof(magic));
	mqs_put_le64(b + 8, h->boot);
	mqs_put_le64(b + 16, h->pid);
	mqs_put_le64(b + 24, h->start);
	mqs_put_le64(b + 32, h->since);
	seal(b, MQS_OWNER_HEADER);
}

int
mqs_owner_header_get(const unsigned char b[MQS_OWNER_HEADER],
    struct mqs_owner_header *h)
{
	if (memcmp(b, magic, sizeof(magic)) != 0 ||
	    !verifies(b, MQS_OWNER_HEADER))
		return 0;
	h->boot = mqs_get_le64(b + 8);
	h->pid = mqs_get_le64(b + 16);
	h->start = mqs_get_le64(b + 24);
	h->since = mqs_get_le64(b + 32);
	return 1;
}

void
mqs_owner_mark_put(unsigned char b[MQS_OWNER_MARK],
    const struct mqs_owner_mark *m)
{
	mqs_put_le64(b, m->lease);
	mqs_put_le64(b + 8, m->count);
	seal(b, MQS_OWNER_MARK);
}

int
mqs_owner_mark_get(const unsigned char b[MQS_OWNER_MARK],
    struct mqs_owner_mark *m)
{
	if (!verifies(b, MQS_OWNER_MARK))
		return 0;
	m->lease = mqs_get_le64(b);
	m->count = mqs_get_le64(b + 8);
	return 1;
}

void
mqs_owner_entry_put(unsigned char b[MQS_OWNER_SLOT], const struct mqs_owner_entry *r)
{
	memset(b, 0, MQS_OWNER_SLOT);
	mqs_put_le64(b, r->lease);
	mqs_put_le64(b + 8, r->id);
	mqs_put_le64(b + 16, r->pid);
	mqs_put_le64(b + 24, r->start);
	mqs_put_le64(b + 32, r->started);
	seal(b, MQS_OWNER_SLOT);
}

int
mqs_owner_entry_get(const unsigned char b[MQS_OWNER_SLOT], struct mqs_owner_entry *r)
{
	if (!verifies(b, MQS_OWNER_SLOT))
		return 0;
	r->lease = mqs_get_le64(b);
	r->id = mqs_get_le64(b + 8);
	r->pid = mqs_get_le64(b + 16);
	r->start = mqs_get_le64(b + 24);
	r->started = mqs_get_le64(b + 32);
	return 1;
}
