/*
 * lease_batch.c - see lease_batch.h for the layout
 *
 * Invariants: a lease has an entry in batch, one in lease and one in first, or in
 * none of them; unsettled is the number of clear bits and never 0 once stored;
 * MQS_GROUP_LEASED is the sum of unsettled.  One batch is loaded at a time and
 * written back when another is loaded or the transaction commits, so settling a
 * batch one by one decodes and stores it once; settling the whole of it decodes
 * nothing.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "embedded/queue/lease_batch.h"

#define BATCH_PLAIN	1
#define BATCH_KEYED	2
#define ENTRY_MAX	(3 * MQS_VARINT_MAX + 8)
#define LEASE_FIXED	40

static int
damaged(const struct mqs_tx *tx, uint64_t lease, struct mqs_error *err)
{
	return mqs_fail(err, MQS_EDAMAGED, "%s: lease %llu: damaged entry",
	    mqs_tx_label(tx), (unsigned long long)lease);
}

/* ----------------------------------------------------------- encoding -- */

static size_t
encode_lease(const struct mqs_batch *b, unsigned char *p)
{
	mqs_put_le64(p, b->head.owner);
	mqs_put_le64(p + 8, b->head.boot);
	mqs_put_le64(p + 16, b->head.due);
	mqs_put_le64(p + 24, b->head.unsettled_bytes);
	mqs_put_le32(p + 32, b->head.unsettled);
	mqs_put_le32(p + 36, b->head.flags);
	memcpy(p + LEASE_FIXED, b->bits, (b->n + 7) / 8);
	return LEASE_FIXED + (b->n + 7) / 8;
}

static int
decode_head(struct mqs_lease *l, struct mqs_slice value)
{
	const unsigned char *p = value.p;

	if (value.n < LEASE_FIXED)
		return -1;
	l->owner = mqs_get_le64(p);
	l->boot = mqs_get_le64(p + 8);
	l->due = mqs_get_le64(p + 16);
	l->unsettled_bytes = mqs_get_le64(p + 24);
	l->unsettled = mqs_get_le32(p + 32);
	l->flags = mqs_get_le32(p + 36);
	return 0;
}

static int
decode_lease(struct mqs_batch *b, struct mqs_slice value)
{
	if (value.n != LEASE_FIXED + (b->n + 7) / 8 || decode_head(&b->head, value) == -1)
		return -1;
	memcpy(b->bits, (const unsigned char *)value.p + LEASE_FIXED,
	    value.n - LEASE_FIXED);
	return 0;
}

/* The version and number of a batch; returns where its entries begin, or NULL. */
static const unsigned char *
decode_start(struct mqs_batch *b, struct mqs_slice value)
{
	const unsigned char *p = value.p;
	uint64_t n;

	if (value.n < 2 || (*p != BATCH_PLAIN && *p != BATCH_KEYED))
		return NULL;
	b->keyed = *p == BATCH_KEYED;
	p = mqs_get_varint(p + 1, p + value.n, &n);
	if (p == NULL || n == 0 || n > MQS_BATCH_MAX)
		return NULL;
	b->n = n;
	return p;
}

static int
decode_batch(struct mqs_batch *b, struct mqs_slice value)
{
	const unsigned char *p = decode_start(b, value);
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

/* ------------------------------------------------------------- taking -- */

static int
put_batch(struct mqs_group_tx *gtx, uint64_t lease,
    const struct mqs_entry *entries, size_t n, struct mqs_error *err)
{
	unsigned char key[8], *value, *p;
	const struct mqs_entry *e, *end = entries + n;
	uint64_t before = 0;
	int rc, keyed = 0;

	if ((value = malloc(1 + MQS_VARINT_MAX + n * ENTRY_MAX)) == NULL)
		return mqs_fail_errno(err, "lease");
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
	mqs_put_be64(key, lease);
	rc = mqs_tx_put(gtx->tx, MQS_GROUP_BATCH, key, sizeof(key), value,
	    (size_t)(p - value), err);
	free(value);
	return rc;
}

static int
put_lease(struct mqs_group_tx *gtx, const struct mqs_batch *b,
    struct mqs_error *err)
{
	unsigned char key[8], value[LEASE_FIXED + MQS_BATCH_MAX / 8];
	size_t n = encode_lease(b, value);

	mqs_put_be64(key, b->head.lease);
	return mqs_tx_put(gtx->tx, MQS_GROUP_LEASE, key, sizeof(key), value, n,
	    err);
}

static void
first_key(unsigned char key[16], uint64_t id, uint64_t lease)
{
	mqs_put_be64(key, id);
	mqs_put_be64(key + 8, lease);
}

/* The loaded batch's memory is the group transaction's, made when needed. */
static int
need_room(struct mqs_group_tx *gtx, struct mqs_error *err)
{
	if (gtx->batch == NULL &&
	    (gtx->batch = calloc(1, sizeof(*gtx->batch))) == NULL)
		return mqs_fail_errno(err, "lease");
	return MQS_OK;
}

int
mqs_batch_take(struct mqs_group_tx *gtx, const struct mqs_entry *entries,
    size_t n, uint64_t owner, unsigned flags, uint64_t due, uint64_t *lease,
    struct mqs_error *err)
{
	struct mqs_batch *b;
	unsigned char key[16];
	uint64_t now = (uint64_t)mqs_now();
	int rc;

	if ((rc = mqs_batch_store(gtx, err)) != MQS_OK ||
	    (rc = need_room(gtx, err)) != MQS_OK)
		return rc;
	b = gtx->batch;
	*lease = gtx->v[MQS_GROUP_LAST_LEASE] + 1;
	if (*lease < now)
		*lease = now;
	b->head.lease = *lease;
	b->head.owner = owner;
	b->head.boot = mqs_boot();
	b->head.due = due;
	b->head.flags = flags;
	b->n = n;
	b->head.unsettled = (uint32_t)n;
	b->head.unsettled_bytes = 0;
	b->changed = 0;
	memset(b->bits, 0, sizeof(b->bits));
	while (n-- > 0)
		b->head.unsettled_bytes += entries[n].size;
	first_key(key, entries[0].id, *lease);
	if ((rc = put_batch(gtx, *lease, entries, b->n, err)) != MQS_OK ||
	    (rc = put_lease(gtx, b, err)) != MQS_OK ||
	    (rc = mqs_tx_put(gtx->tx, MQS_GROUP_FIRST, key, sizeof(key), "", 0,
	    err)) != MQS_OK)
		return rc;
	gtx->v[MQS_GROUP_LAST_LEASE] = *lease;
	gtx->v[MQS_GROUP_LEASED] += b->n;
	gtx->v[MQS_GROUP_LEASED_BYTES] += b->head.unsettled_bytes;
	b->head.lease = 0;		/* without entries, it is not one that is loaded */
	return MQS_OK;
}

/* ------------------------------------------------------------ loading -- */

int
mqs_batch_read(struct mqs_tx *tx, uint64_t lease, struct mqs_batch *b,
    struct mqs_error *err)
{
	struct mqs_slice value;
	unsigned char key[8];
	int rc;

	b->head.lease = 0;
	b->changed = 0;
	b->hint = 0;
	mqs_put_be64(key, lease);
	if ((rc = mqs_tx_get(tx, MQS_GROUP_BATCH, key, sizeof(key), &value,
	    err)) != MQS_OK)
		return rc;
	if (decode_batch(b, value) == -1)
		return damaged(tx, lease, err);
	if ((rc = mqs_tx_get(tx, MQS_GROUP_LEASE, key, sizeof(key), &value,
	    err)) < 0)
		return rc;
	if (rc == MQS_NOTHING || decode_lease(b, value) == -1)
		return damaged(tx, lease, err);
	b->head.lease = lease;
	return MQS_OK;
}

int
mqs_batch_load(struct mqs_group_tx *gtx, uint64_t lease, struct mqs_error *err)
{
	int rc;

	if (gtx->batch != NULL && gtx->batch->head.lease == lease && lease != 0)
		return gtx->batch->head.unsettled == 0 ? MQS_NOTHING : MQS_OK;
	if ((rc = mqs_batch_store(gtx, err)) != MQS_OK ||
	    (rc = need_room(gtx, err)) != MQS_OK)
		return rc;
	return mqs_batch_read(gtx->tx, lease, gtx->batch, err);
}

int
mqs_batch_head(struct mqs_tx *tx, uint64_t lease, struct mqs_lease *l,
    struct mqs_error *err)
{
	struct mqs_slice value;
	unsigned char key[8];
	int rc;

	mqs_put_be64(key, lease);
	if ((rc = mqs_tx_get(tx, MQS_GROUP_LEASE, key, sizeof(key), &value,
	    err)) != MQS_OK)
		return rc;
	if (decode_head(l, value) == -1)
		return damaged(tx, lease, err);
	l->lease = lease;
	return MQS_OK;
}

int
mqs_batch_next(struct mqs_tx *tx, uint64_t *lease, struct mqs_error *err)
{
	struct mqs_slice key, value;
	struct mqs_cur *cur;
	unsigned char from[8];
	int rc;

	if (*lease == UINT64_MAX)
		return MQS_NOTHING;
	mqs_put_be64(from, *lease + 1);
	key.p = from;
	key.n = sizeof(from);
	if ((rc = mqs_cur_new(&cur, tx, MQS_GROUP_LEASE, err)) != MQS_OK)
		return rc;
	rc = mqs_cur_move(cur, MQS_FROM, &key, &value, err);
	if (rc == MQS_OK) {
		if (key.n == 8)
			*lease = mqs_get_be64(key.p);
		else
			rc = damaged(tx, *lease, err);
	}
	mqs_cur_free(cur);
	return rc;
}

/* ----------------------------------------------------------- settling -- */

long
mqs_batch_place(const struct mqs_batch *b, uint64_t id)
{
	size_t low = 0, high = b->n, mid;

	/* Most are settled in the order in which they were handed out. */
	if (b->hint < b->n && b->entries[b->hint].id == id)
		low = high = b->hint;
	while (low < high) {
		mid = low + (high - low) / 2;
		if (b->entries[mid].id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low == b->n || b->entries[low].id != id ? -1 : (long)low;
}

long
mqs_batch_find(struct mqs_batch *b, uint64_t id)
{
	long at = mqs_batch_place(b, id);

	if (at < 0 || mqs_batch_settled(b, (size_t)at))
		return -1;
	b->hint = (size_t)at + 1;
	return at;
}

int
mqs_batch_settled(const struct mqs_batch *b, size_t i)
{
	return b->bits[i / 8] >> i % 8 & 1;
}

void
mqs_batch_mark(struct mqs_group_tx *gtx, size_t i)
{
	struct mqs_batch *b = gtx->batch;

	b->bits[i / 8] = (unsigned char)(b->bits[i / 8] | 1u << i % 8);
	b->head.unsettled--;
	b->head.unsettled_bytes -= b->entries[i].size;
	b->changed = 1;
	gtx->v[MQS_GROUP_LEASED]--;
	gtx->v[MQS_GROUP_LEASED_BYTES] -= b->entries[i].size;
}

size_t
mqs_batch_mark_through(struct mqs_group_tx *gtx, size_t last)
{
	size_t i, n = 0;

	for (i = 0; i <= last; i++) {
		if (mqs_batch_settled(gtx->batch, i))
			continue;
		mqs_batch_mark(gtx, i);
		n++;
	}
	return n;
}

/* Removes what was extended in a lease that goes. */
static int
drop_extended(struct mqs_group_tx *gtx, uint64_t lease, struct mqs_error *err)
{
	struct mqs_slice key, value;
	struct mqs_cur *cur;
	unsigned char from[16];
	int rc;

	if ((rc = mqs_cur_new(&cur, gtx->tx, MQS_GROUP_EXTENDED, err)) != MQS_OK)
		return rc;
	for (;;) {
		first_key(from, lease, 0);
		key.p = from;
		key.n = sizeof(from);
		rc = mqs_cur_move(cur, MQS_FROM, &key, &value, err);
		if (rc != MQS_OK || key.n != sizeof(from) ||
		    mqs_get_be64(key.p) != lease)
			break;
		if ((rc = mqs_cur_del(cur, err)) != MQS_OK)
			break;
	}
	mqs_cur_free(cur);
	return rc == MQS_NOTHING ? MQS_OK : rc;
}

static int
drop(struct mqs_group_tx *gtx, const struct mqs_batch *b, struct mqs_error *err)
{
	unsigned char key[16];
	int rc;

	mqs_put_be64(key, b->head.lease);
	if ((rc = mqs_tx_del(gtx->tx, MQS_GROUP_BATCH, key, 8, err)) < 0 ||
	    (rc = mqs_tx_del(gtx->tx, MQS_GROUP_LEASE, key, 8, err)) < 0)
		return rc;
	first_key(key, b->entries[0].id, b->head.lease);
	if ((rc = mqs_tx_del(gtx->tx, MQS_GROUP_FIRST, key, 16, err)) < 0)
		return rc;
	return b->head.flags & MQS_LEASE_EXTENDED ?
	    drop_extended(gtx, b->head.lease, err) : MQS_OK;
}

int
mqs_batch_store(struct mqs_group_tx *gtx, struct mqs_error *err)
{
	struct mqs_batch *b = gtx->batch;
	int rc;

	if (b == NULL || !b->changed)
		return MQS_OK;
	rc = b->head.unsettled == 0 ? drop(gtx, b, err) : put_lease(gtx, b, err);
	b->changed = 0;
	return rc;
}

/* Of a batch only what its removal needs: the first id. */
static int
decode_first(struct mqs_batch *b, struct mqs_slice value)
{
	const unsigned char *p = decode_start(b, value);
	const unsigned char *end = (const unsigned char *)value.p + value.n;

	return p == NULL || mqs_get_varint(p, end, &b->entries[0].id) == NULL ? -1 : 0;
}

int
mqs_batch_finish(struct mqs_group_tx *gtx, uint64_t lease, size_t *count,
    struct mqs_error *err)
{
	struct mqs_slice value;
	struct mqs_batch *b;
	unsigned char key[8];
	int rc;

	*count = 0;
	if ((rc = mqs_batch_store(gtx, err)) != MQS_OK ||
	    (rc = need_room(gtx, err)) != MQS_OK)
		return rc;
	b = gtx->batch;
	b->head.lease = 0;
	if ((rc = mqs_batch_head(gtx->tx, lease, &b->head, err)) != MQS_OK)
		return rc;
	mqs_put_be64(key, lease);
	rc = mqs_tx_get(gtx->tx, MQS_GROUP_BATCH, key, sizeof(key), &value, err);
	if (rc >= 0 && (rc == MQS_NOTHING || decode_first(b, value) == -1))
		rc = damaged(gtx->tx, lease, err);
	if (rc == MQS_OK && (rc = drop(gtx, b, err)) == MQS_OK) {
		*count = b->head.unsettled;
		gtx->v[MQS_GROUP_LEASED] -= b->head.unsettled;
		gtx->v[MQS_GROUP_LEASED_BYTES] -= b->head.unsettled_bytes;
	}
	b->head.lease = 0;		/* not loaded, and gone */
	return rc;
}

/* ---------------------------------------------------------- extending -- */

int
mqs_batch_extend(struct mqs_group_tx *gtx, uint64_t lease, uint64_t id,
    uint64_t due, struct mqs_error *err)
{
	unsigned char key[16], value[8];
	int rc;

	if ((rc = mqs_batch_load(gtx, lease, err)) != MQS_OK)
		return rc;
	gtx->batch->head.flags |= MQS_LEASE_EXTENDED;
	gtx->batch->changed = 1;
	first_key(key, lease, id);
	mqs_put_le64(value, due);
	return mqs_tx_put(gtx->tx, MQS_GROUP_EXTENDED, key, sizeof(key), value,
	    sizeof(value), err);
}

int
mqs_batch_extended(struct mqs_tx *tx, uint64_t lease, uint64_t id,
    uint64_t *due, struct mqs_error *err)
{
	struct mqs_slice value;
	unsigned char key[16];
	int rc;

	*due = 0;
	first_key(key, lease, id);
	rc = mqs_tx_get(tx, MQS_GROUP_EXTENDED, key, sizeof(key), &value, err);
	if (rc == MQS_OK && value.n == 8)
		*due = mqs_get_le64(value.p);
	return rc < 0 ? rc : MQS_OK;
}
