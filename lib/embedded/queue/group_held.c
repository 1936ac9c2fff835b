/* group_held.c - see group_held.h */
#include "base/checksum.h"
#include "base/error.h"
#include "embedded/queue/group_held.h"

#define ORDER_KEY	17

static void
order_key(unsigned char key[ORDER_KEY], const struct mqs_held *h)
{
	key[0] = (unsigned char)h->class;
	mqs_put_be64(key + 1, h->sort);
	mqs_put_be64(key + 9, h->entry.id);
}

static uint64_t *
counter(struct mqs_group_tx *gtx, enum mqs_class class)
{
	switch (class) {
	case MQS_WAITING:
		return &gtx->v[MQS_GROUP_WAITING];
	case MQS_READY:
		return &gtx->v[MQS_GROUP_READY];
	case MQS_SKIPPED:
		return &gtx->v[MQS_GROUP_SKIPPED];
	case MQS_PARKED:
		break;
	}
	return &gtx->v[MQS_GROUP_PARKED];
}

int
mqs_group_hold(struct mqs_group_tx *gtx, const struct mqs_held *h,
    struct mqs_error *err)
{
	unsigned char key[ORDER_KEY], value[17 + 2 * MQS_VARINT_MAX + MQS_CHECKSUM_SIZE], *p;
	int rc;

	order_key(key, h);
	if ((rc = mqs_tx_put(gtx->tx, MQS_GROUP_ORDER, key, sizeof(key), "", 0,
	    err)) != MQS_OK)
		return rc;
	value[0] = (unsigned char)h->class;
	mqs_put_le64(value + 1, h->sort);
	p = mqs_entry_put(value + 9, &h->entry);
	if (h->entry.key != 0) {
		mqs_put_le64(p, h->entry.key);
		p += 8;
	}
	mqs_put_le32(p, mqs_checksum(h->entry.id, value, (size_t)(p - value)));
	p += MQS_CHECKSUM_SIZE;
	if ((rc = mqs_tx_put(gtx->tx, MQS_GROUP_HELD, key + 9, 8, value,
	    (size_t)(p - value), err)) != MQS_OK)
		return rc;
	++*counter(gtx, h->class);
	gtx->v[MQS_GROUP_HELD_BYTES] += h->entry.size;
	return MQS_OK;
}

int
mqs_group_unhold(struct mqs_group_tx *gtx, const struct mqs_held *h,
    struct mqs_error *err)
{
	unsigned char key[ORDER_KEY];
	int rc;

	order_key(key, h);
	if ((rc = mqs_tx_del(gtx->tx, MQS_GROUP_ORDER, key, sizeof(key), err)) < 0)
		return rc;
	if (rc == MQS_OK)
		rc = mqs_tx_del(gtx->tx, MQS_GROUP_HELD, key + 9, 8, err);
	if (rc == MQS_NOTHING)
		return mqs_fail(err, MQS_EDAMAGED,
		    "%s/%s: held message %llu is not where it should be",
		    gtx->group->log->dir.name, gtx->group->name,
		    (unsigned long long)h->entry.id);
	if (rc != MQS_OK)
		return rc;
	--*counter(gtx, h->class);
	gtx->v[MQS_GROUP_HELD_BYTES] -= h->entry.size;
	return MQS_OK;
}

int
mqs_held_decode(struct mqs_held *h, uint64_t id, struct mqs_slice value,
    struct mqs_error *err)
{
	const unsigned char *p = value.p, *end;

	h->entry.id = id;
	h->entry.key = 0;
	if (value.n < 9 + MQS_CHECKSUM_SIZE)
		goto damaged;
	value.n -= MQS_CHECKSUM_SIZE;
	end = p + value.n;
	if (mqs_get_le32(end) != mqs_checksum(id, p, value.n))
		goto damaged;
	h->class = (enum mqs_class)p[0];
	h->sort = mqs_get_le64(p + 1);
	if ((p = mqs_entry_get(p + 9, end, &h->entry)) == NULL ||
	    (p != end && end - p != 8))
		goto damaged;
	if (p != end)
		h->entry.key = mqs_get_le64(p);
	return MQS_OK;
damaged:
	return mqs_fail(err, MQS_EDAMAGED, "held message %llu: damaged entry",
	    (unsigned long long)id);
}

int
mqs_group_held(struct mqs_group_tx *gtx, uint64_t id, struct mqs_held *h,
    struct mqs_error *err)
{
	struct mqs_slice value;
	struct mqs_error why;
	unsigned char key[8];
	int rc;

	mqs_put_be64(key, id);
	rc = mqs_tx_get(gtx->tx, MQS_GROUP_HELD, key, sizeof(key), &value, err);
	if (rc == MQS_OK && mqs_held_decode(h, id, value, &why) != MQS_OK)
		rc = mqs_fail(err, MQS_EDAMAGED, "%s: %s",
		    mqs_tx_label(gtx->tx), why.text);
	return rc;
}

/* The first entry of order that begins with so much of `from'. */
static int
first_from(struct mqs_group_tx *gtx, const unsigned char from[ORDER_KEY],
    size_t prefix, struct mqs_held *h, struct mqs_error *err)
{
	struct mqs_slice key = { from, ORDER_KEY }, value;
	struct mqs_cur *cur;
	uint64_t id = 0;
	int rc;

	if ((rc = mqs_cur_new(&cur, gtx->tx, MQS_GROUP_ORDER, err)) != MQS_OK)
		return rc;
	rc = mqs_cur_move(cur, MQS_FROM, &key, &value, err);
	if (rc == MQS_OK && key.n == ORDER_KEY && memcmp(key.p, from, ORDER_KEY) < 0)
		rc = mqs_fail(err, MQS_EDAMAGED, "%s: damaged: held messages out of order",
		    mqs_tx_label(gtx->tx));
	else if (rc == MQS_OK && (key.n != ORDER_KEY || memcmp(key.p, from, prefix) != 0))
		rc = MQS_NOTHING;
	if (rc == MQS_OK)
		id = mqs_get_be64((const unsigned char *)key.p + 9);
	mqs_cur_free(cur);
	return rc == MQS_OK ? mqs_group_held(gtx, id, h, err) : rc;
}

int
mqs_group_first_held(struct mqs_group_tx *gtx, enum mqs_class class,
    struct mqs_held *h, struct mqs_error *err)
{
	const unsigned char from[ORDER_KEY] = { (unsigned char)class };
	int rc;

	if (*counter(gtx, class) == 0)
		return MQS_NOTHING;
	if ((rc = first_from(gtx, from, 1, h, err)) == MQS_NOTHING)
		return mqs_fail(err, MQS_EDAMAGED, "%s: damaged: %llu held messages are missing",
		    mqs_tx_label(gtx->tx), (unsigned long long)*counter(gtx, class));
	return rc;
}

int
mqs_group_held_with(struct mqs_group_tx *gtx, enum mqs_class class, uint64_t sort,
    struct mqs_held *h, struct mqs_error *err)
{
	unsigned char from[ORDER_KEY] = { (unsigned char)class };

	if (*counter(gtx, class) == 0)
		return MQS_NOTHING;
	mqs_put_be64(from + 1, sort);
	return first_from(gtx, from, 9, h, err);
}

int
mqs_group_next_held(struct mqs_group_tx *gtx, enum mqs_class class, uint64_t sort,
    uint64_t id, struct mqs_held *h, struct mqs_error *err)
{
	unsigned char from[ORDER_KEY] = { (unsigned char)class };

	if (*counter(gtx, class) == 0 || id == UINT64_MAX)
		return MQS_NOTHING;
	mqs_put_be64(from + 1, sort);
	mqs_put_be64(from + 9, id + 1);
	return first_from(gtx, from, 1, h, err);
}

int
mqs_group_hold_ready(struct mqs_group_tx *gtx, const struct mqs_entry *e,
    struct mqs_error *err)
{
	const struct mqs_held h = { *e, MQS_READY, 9 - e->priority };

	return mqs_group_hold(gtx, &h, err);
}

int
mqs_group_count_due(struct mqs_tx *tx, int64_t now, uint64_t *n, struct mqs_error *err)
{
	const unsigned char first = MQS_WAITING;
	struct mqs_slice key = { &first, 1 }, value;
	struct mqs_cur *cur;
	int rc;

	*n = 0;
	if ((rc = mqs_cur_new(&cur, tx, MQS_GROUP_ORDER, err)) != MQS_OK)
		return rc;
	for (rc = mqs_cur_move(cur, MQS_FROM, &key, &value, err); rc == MQS_OK;
	    rc = mqs_cur_move(cur, MQS_NEXT, &key, &value, err)) {
		if (key.n != ORDER_KEY || *(const unsigned char *)key.p != MQS_WAITING ||
		    mqs_get_be64((const unsigned char *)key.p + 1) > (uint64_t)now)
			break;
		++*n;
	}
	mqs_cur_free(cur);
	return rc == MQS_NOTHING ? MQS_OK : rc;
}
