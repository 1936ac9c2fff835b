/* lease_encode.c - see lease_encode.h */
#include <string.h>

#include "base/checksum.h"
#include "embedded/queue/lease_encode.h"

#define BATCH_PLAIN	1
#define BATCH_KEYED	2
#define LEASE_FIXED	40

/* Puts the checksum behind n bytes of a lease; returns how many there are then. */
static size_t
seal(unsigned char *p, size_t n, uint64_t lease)
{
	mqs_put_le32(p + n, mqs_checksum(lease, p, n));
	return n + MQS_CHECKSUM_SIZE;
}

/* Takes the checksum off the end of a value: 0, or -1 if it is wrong. */
static int
unseal(struct mqs_slice *value, uint64_t lease)
{
	const unsigned char *p = value->p;

	if (value->n < MQS_CHECKSUM_SIZE)
		return -1;
	value->n -= MQS_CHECKSUM_SIZE;
	return mqs_get_le32(p + value->n) == mqs_checksum(lease, p, value->n) ? 0 : -1;
}

size_t
mqs_lease_encode(const struct mqs_batch *b, unsigned char *p)
{
	mqs_put_le64(p, b->head.owner);
	mqs_put_le64(p + 8, b->head.boot);
	mqs_put_le64(p + 16, b->head.due);
	mqs_put_le64(p + 24, b->head.unsettled_bytes);
	mqs_put_le32(p + 32, b->head.unsettled);
	mqs_put_le32(p + 36, b->head.flags);
	memcpy(p + LEASE_FIXED, b->bits, (b->n + 7) / 8);
	return seal(p, LEASE_FIXED + (b->n + 7) / 8, b->head.lease);
}

int
mqs_lease_decode_head(struct mqs_lease *l, uint64_t lease, struct mqs_slice value)
{
	const unsigned char *p = value.p;

	if (unseal(&value, lease) == -1 || value.n < LEASE_FIXED)
		return -1;
	l->owner = mqs_get_le64(p);
	l->boot = mqs_get_le64(p + 8);
	l->due = mqs_get_le64(p + 16);
	l->unsettled_bytes = mqs_get_le64(p + 24);
	l->unsettled = mqs_get_le32(p + 32);
	l->flags = mqs_get_le32(p + 36);
	return 0;
}

int
mqs_lease_decode(struct mqs_batch *b, uint64_t lease, struct mqs_slice value)
{
	size_t bits = (b->n + 7) / 8;

	if (value.n != LEASE_FIXED + bits + MQS_CHECKSUM_SIZE ||
	    mqs_lease_decode_head(&b->head, lease, value) == -1)
		return -1;
	memcpy(b->bits, (const unsigned char *)value.p + LEASE_FIXED, bits);
	return 0;
}

void
mqs_lease_encode_first(unsigned char key[16], unsigned char value[4], uint64_t id, uint64_t lease)
{
	mqs_put_be64(key, id);
	mqs_put_be64(key + 8, lease);
	mqs_put_le32(value, mqs_checksum(lease, key, 16));
}

int
mqs_lease_first_id(struct mqs_slice key, struct mqs_slice value, uint64_t *id)
{
	if (key.n != 16 || value.n != MQS_CHECKSUM_SIZE || mqs_get_le32(value.p) !=
	    mqs_checksum(mqs_get_be64((const unsigned char *)key.p + 8), key.p, 16))
		return -1;
	*id = mqs_get_be64(key.p);
	return 0;
}

/* The version and number of a whole batch; returns where its entries begin, or NULL. */
static const unsigned char *
decode_start(struct mqs_batch *b, uint64_t lease, struct mqs_slice *value)
{
	const unsigned char *p = value->p;
	uint64_t n;

	if (unseal(value, lease) == -1 || value->n < 2 ||
	    (*p != BATCH_PLAIN && *p != BATCH_KEYED))
		return NULL;
	b->keyed = *p == BATCH_KEYED;
	p = mqs_get_varint(p + 1, p + value->n, &n);
	if (p == NULL || n == 0 || n > MQS_BATCH_MAX)
		return NULL;
	b->n = n;
	return p;
}

int
mqs_lease_decode_entries(struct mqs_batch *b, uint64_t lease, struct mqs_slice value)
{
	const unsigned char *p = decode_start(b, lease, &value);
	const unsigned char *end = (const unsigned char *)value.p + value.n;
	uint64_t id = 0, delta;
	struct mqs_entry *e = b->entries;
	size_t i;

	if (p == NULL)
		return -1;
	for (i = 0; i < b->n; i++, e++) {
		if ((p = mqs_get_varint(p, end, &delta)) == NULL ||
		    (p = mqs_entry_get(p, end, e)) == NULL ||
		    (b->keyed && end - p < 8))
			return -1;
		id += delta;
		e->id = id;
		e->key = 0;
		if (b->keyed) {
			e->key = mqs_get_le64(p);
			p += 8;
		}
	}
	return 0;
}

int
mqs_lease_decode_first(struct mqs_batch *b, uint64_t lease, struct mqs_slice value)
{
	const unsigned char *p = decode_start(b, lease, &value);
	const unsigned char *end = (const unsigned char *)value.p + value.n;

	return p == NULL || mqs_get_varint(p, end, &b->entries[0].id) == NULL ? -1 : 0;
}

size_t
mqs_lease_encode_entries(unsigned char *value, uint64_t lease, const struct mqs_entry *entries,
    size_t n)
{
	const struct mqs_entry *e, *end = entries + n;
	unsigned char *p;
	uint64_t before = 0;
	int keyed = 0;

	for (e = entries; e < end && !keyed; e++)
		keyed = e->key != 0;
	value[0] = keyed ? BATCH_KEYED : BATCH_PLAIN;
	p = mqs_put_varint(value + 1, n);
	for (e = entries; e < end; e++) {
		p = mqs_put_varint(p, e->id - before);
		p = mqs_entry_put(p, e);
		if (keyed) {
			mqs_put_le64(p, e->key);
			p += 8;
		}
		before = e->id;
	}
	return seal(value, (size_t)(p - value), lease);
}
