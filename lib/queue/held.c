/*
 * held.c - messages that a group has looked at and that wait for something
 *
 * Two tables say the same from two sides: held, by id, with what is known of the
 * message, and order, by class and sort key.  Both change together; the counters
 * of each class and of the bytes change with them.
 */
#include "base/error.h"
#include "queue/group.h"

#define ORDER_KEY	17

static void
order_key(unsigned char key[ORDER_KEY], const struct mqs_held *h)
{
	key[0] = (unsigned char)h->class;
	mqs_put_be64(key + 1, h->sort);
	mqs_put_be64(key + 9, h->id);
}

static uint64_t *
counter(struct mqs_group_tx *gtx, enum mqs_class class)
{
	switch (class) {
	case MQS_WAITING:
		return &gtx->v[MQS_GROUP_WAITING];
	case MQS_READY:
		return &gtx->v[MQS_GROUP_READY];
	case MQS_PARKED:
		break;
	}
	return &gtx->v[MQS_GROUP_PARKED];
}

int
mqs_group_hold(struct mqs_group_tx *gtx, const struct mqs_held *h,
    struct mqs_error *err)
{
	unsigned char key[ORDER_KEY], value[9 + 2 * MQS_VARINT_MAX], *p;
	int rc;

	order_key(key, h);
	if ((rc = mqs_tx_put(gtx->tx, MQS_GROUP_ORDER, key, sizeof(key), "", 0,
	    err)) != MQS_OK)
		return rc;
	value[0] = (unsigned char)h->class;
	mqs_put_le64(value + 1, h->sort);
	p = mqs_put_varint(value + 9, h->attempts);
	p = mqs_put_varint(p, h->size);
	if ((rc = mqs_tx_put(gtx->tx, MQS_GROUP_HELD, key + 9, 8, value,
	    (size_t)(p - value), err)) != MQS_OK)
		return rc;
	++*counter(gtx, h->class);
	gtx->v[MQS_GROUP_HELD_BYTES] += h->size;
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
		    (unsigned long long)h->id);
	if (rc != MQS_OK)
		return rc;
	--*counter(gtx, h->class);
	gtx->v[MQS_GROUP_HELD_BYTES] -= h->size;
	return MQS_OK;
}

int
mqs_held_decode(struct mqs_held *h, uint64_t id, struct mqs_slice value,
    struct mqs_error *err)
{
	const unsigned char *p = value.p, *end = p + value.n;

	h->id = id;
	if (value.n < 9)
		goto damaged;
	h->class = (enum mqs_class)p[0];
	h->sort = mqs_get_le64(p + 1);
	if ((p = mqs_get_varint(p + 9, end, &h->attempts)) == NULL ||
	    mqs_get_varint(p, end, &h->size) == NULL)
		goto damaged;
	return MQS_OK;
damaged:
	return mqs_fail(err, MQS_EDAMAGED, "held message %llu: damaged entry",
	    (unsigned long long)id);
}

int
mqs_group_first_held(struct mqs_group_tx *gtx, enum mqs_class class,
    struct mqs_held *h, struct mqs_error *err)
{
	struct mqs_slice key, value;
	struct mqs_error why;
	struct mqs_cur *cur;
	unsigned char from[ORDER_KEY] = { 0 };
	uint64_t id;
	int rc;

	if (*counter(gtx, class) == 0)
		return MQS_NOTHING;
	from[0] = (unsigned char)class;
	key.p = from;
	key.n = sizeof(from);
	if ((rc = mqs_cur_new(&cur, gtx->tx, MQS_GROUP_ORDER, err)) != MQS_OK)
		return rc;
	rc = mqs_cur_move(cur, MQS_FROM, &key, &value, err);
	if (rc == MQS_OK && (key.n != ORDER_KEY ||
	    *(const unsigned char *)key.p != class))
		rc = MQS_NOTHING;
	if (rc == MQS_OK) {
		id = mqs_get_be64((const unsigned char *)key.p + 9);
		rc = mqs_tx_get(gtx->tx, MQS_GROUP_HELD,
		    (const unsigned char *)key.p + 9, 8, &value, err);
		if (rc == MQS_OK && mqs_held_decode(h, id, value, &why) != MQS_OK)
			rc = mqs_fail(err, MQS_EDAMAGED, "%s: %s",
			    mqs_tx_label(gtx->tx), why.text);
	}
	mqs_cur_free(cur);
	return rc;
}

int
mqs_group_ripen(struct mqs_group_tx *gtx, int64_t now, size_t max,
    size_t *count, struct mqs_error *err)
{
	struct mqs_held h;
	int rc;

	for (*count = 0; *count < max; ++*count) {
		rc = mqs_group_first_held(gtx, MQS_WAITING, &h, err);
		if (rc == MQS_NOTHING || (rc == MQS_OK && h.sort > (uint64_t)now))
			return MQS_OK;
		if (rc != MQS_OK || (rc = mqs_group_unhold(gtx, &h, err)) != MQS_OK)
			return rc;
		h.class = MQS_READY;
		h.sort = 9;
		if ((rc = mqs_group_hold(gtx, &h, err)) != MQS_OK)
			return rc;
	}
	return MQS_OK;
}
