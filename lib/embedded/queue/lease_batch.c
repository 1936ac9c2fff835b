/*
 * lease_batch.c - see lease_batch.h for the layout
 *
 * Invariants: a lease has one entry in each of the tables batch, lease and first, or in
 * none of them.  `unsettled' is the number of clear bits, and never 0 once stored.
 * MQS_GROUP_LEASED is the sum of `unsettled' over all leases.
 *
 * One batch at a time is loaded.  It is written back when another one is loaded or the
 * transaction commits.  So settling the messages of a batch one by one decodes and stores
 * it once, and settling all of it at once decodes nothing.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "embedded/queue/lease_batch.h"
#include "embedded/queue/lease_encode.h"
#include "embedded/queue/lease_extension.h"

static int
damaged(const struct mqs_tx *tx, uint64_t lease, struct mqs_error *err)
{
	return mqs_fail(err, MQS_EDAMAGED, "%s: lease %llu: damaged entry",
	    mqs_tx_label(tx), (unsigned long long)lease);
}

/* ------------------------------------------------------------- taking -- */

static int
put_batch(struct mqs_group_tx *gtx, uint64_t lease,
    const struct mqs_entry *entries, size_t n, struct mqs_error *err)
{
	unsigned char key[8], *value;
	size_t size;
	int rc;

	if ((value = malloc(MQS_LEASE_ENTRIES_SIZE(n))) == NULL)
		return mqs_fail_errno(err, "lease");
	size = mqs_lease_encode_entries(value, lease, entries, n);
	mqs_put_be64(key, lease);
	rc = mqs_tx_put(gtx->tx, MQS_GROUP_BATCH, key, sizeof(key), value, size, err);
	free(value);
	return rc;
}

static int
put_lease(struct mqs_group_tx *gtx, const struct mqs_batch *b,
    struct mqs_error *err)
{
	unsigned char key[8], value[MQS_LEASE_SIZE];
	size_t n = mqs_lease_encode(b, value);

	mqs_put_be64(key, b->head.lease);
	return mqs_tx_put(gtx->tx, MQS_GROUP_LEASE, key, sizeof(key), value, n,
	    err);
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
	unsigned char key[16], value[4];
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
	mqs_lease_encode_first(key, value, entries[0].id, *lease);
	if ((rc = put_batch(gtx, *lease, entries, b->n, err)) != MQS_OK ||
	    (rc = put_lease(gtx, b, err)) != MQS_OK ||
	    (rc = mqs_tx_put(gtx->tx, MQS_GROUP_FIRST, key, sizeof(key), value,
	    sizeof(value), err)) != MQS_OK)
		return rc;
	gtx->v[MQS_GROUP_LAST_LEASE] = *lease;
	gtx->v[MQS_GROUP_LEASED] += b->n;
	gtx->v[MQS_GROUP_LEASED_BYTES] += b->head.unsettled_bytes;
	gtx->v[MQS_GROUP_DELIVERED] += b->n;
	gtx->v[MQS_GROUP_DELIVERED_BYTES] += b->head.unsettled_bytes;
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
	if (mqs_lease_decode_entries(b, lease, value) == -1)
		return damaged(tx, lease, err);
	if ((rc = mqs_tx_get(tx, MQS_GROUP_LEASE, key, sizeof(key), &value,
	    err)) < 0)
		return rc;
	if (rc == MQS_NOTHING || mqs_lease_decode(b, lease, value) == -1)
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
	if (mqs_lease_decode_head(l, lease, value) == -1)
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
		/* One that is not behind is out of order: nobody may go round in circles. */
		if (key.n == 8 && mqs_get_be64(key.p) > *lease)
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

static int
drop(struct mqs_group_tx *gtx, const struct mqs_batch *b, struct mqs_error *err)
{
	unsigned char key[16], value[4];
	int rc;

	mqs_put_be64(key, b->head.lease);
	if ((rc = mqs_tx_del(gtx->tx, MQS_GROUP_BATCH, key, 8, err)) < 0 ||
	    (rc = mqs_tx_del(gtx->tx, MQS_GROUP_LEASE, key, 8, err)) < 0)
		return rc;
	mqs_lease_encode_first(key, value, b->entries[0].id, b->head.lease);
	if ((rc = mqs_tx_del(gtx->tx, MQS_GROUP_FIRST, key, 16, err)) != MQS_OK)
		return rc < 0 ? rc : damaged(gtx->tx, b->head.lease, err);
	return b->head.flags & MQS_LEASE_EXTENDED ?
	    mqs_lease_extensions_drop(gtx->tx, b->head.lease, err) : MQS_OK;
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

int
mqs_batch_finish(struct mqs_group_tx *gtx, uint64_t lease, uint64_t n, uint64_t *bytes,
    struct mqs_error *err)
{
	struct mqs_slice value;
	struct mqs_batch *b;
	unsigned char key[8];
	int rc;

	if ((rc = mqs_batch_store(gtx, err)) != MQS_OK ||
	    (rc = need_room(gtx, err)) != MQS_OK)
		return rc;
	b = gtx->batch;
	b->head.lease = 0;
	rc = mqs_batch_head(gtx->tx, lease, &b->head, err);
	b->head.lease = 0;		/* not loaded */
	if (rc != MQS_OK || b->head.unsettled != n)
		return rc < 0 ? rc : MQS_NOTHING;
	mqs_put_be64(key, lease);
	rc = mqs_tx_get(gtx->tx, MQS_GROUP_BATCH, key, sizeof(key), &value, err);
	if (rc >= 0 && (rc == MQS_NOTHING || mqs_lease_decode_first(b, lease, value) == -1))
		rc = damaged(gtx->tx, lease, err);
	b->head.lease = lease;
	if (rc == MQS_OK && (rc = drop(gtx, b, err)) == MQS_OK) {
		*bytes = b->head.unsettled_bytes;
		gtx->v[MQS_GROUP_LEASED] -= n;
		gtx->v[MQS_GROUP_LEASED_BYTES] -= *bytes;
	}
	b->head.lease = 0;		/* and gone */
	return rc;
}

/* ---------------------------------------------------------- extending -- */

int
mqs_batch_extend(struct mqs_group_tx *gtx, uint64_t lease, uint64_t id,
    uint64_t due, struct mqs_error *err)
{
	int rc;

	if ((rc = mqs_batch_load(gtx, lease, err)) != MQS_OK)
		return rc;
	gtx->batch->head.flags |= MQS_LEASE_EXTENDED;
	gtx->batch->changed = 1;
	return mqs_lease_extension_put(gtx->tx, lease, id, due, err);
}
