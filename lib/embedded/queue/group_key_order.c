/* group_key_order.c - see group_key_order.h */
#include "base/error.h"
#include "base/hash.h"
#include "embedded/queue/group_key_order.h"

uint64_t
mqs_key_order_hash(const struct mqs_message *m)
{
	uint64_t hash;

	if (m->key_len == 0)
		return 0;
	hash = XXH3_64bits(m->key, m->key_len);
	return hash == 0 ? 1 : hash;
}

/* Who is out of a key: MQS_NOTHING if nobody is. */
static int
busy(struct mqs_group_tx *gtx, const unsigned char key[8], uint64_t *id,
    struct mqs_error *err)
{
	struct mqs_slice value;
	int rc;

	rc = mqs_tx_get(gtx->tx, MQS_GROUP_BUSY, key, 8, &value, err);
	if (rc == MQS_OK && value.n != 8)
		return mqs_fail(err, MQS_EDAMAGED, "%s: busy key: damaged entry",
		    mqs_tx_label(gtx->tx));
	if (rc == MQS_OK)
		*id = mqs_get_le64(value.p);
	return rc;
}

static int
put_busy(struct mqs_group_tx *gtx, const unsigned char key[8], uint64_t id,
    struct mqs_error *err)
{
	unsigned char value[8];

	mqs_put_le64(value, id);
	return mqs_tx_put(gtx->tx, MQS_GROUP_BUSY, key, 8, value, sizeof(value), err);
}

int
mqs_key_order_enter(struct mqs_group_tx *gtx, const struct mqs_entry *e, int *out,
    struct mqs_error *err)
{
	const struct mqs_held h = { *e, MQS_PARKED, e->key };
	unsigned char key[8];
	uint64_t id;
	int rc;

	*out = 1;
	if (e->key == 0)
		return MQS_OK;
	mqs_put_be64(key, e->key);
	if ((rc = busy(gtx, key, &id, err)) == MQS_NOTHING)
		return put_busy(gtx, key, e->id, err);
	if (rc != MQS_OK || id == e->id)
		return rc;
	*out = 0;
	return mqs_group_hold(gtx, &h, err);
}

int
mqs_key_order_leave(struct mqs_group_tx *gtx, const struct mqs_entry *e,
    struct mqs_error *err)
{
	unsigned char key[8];
	struct mqs_held next;
	uint64_t id;
	int rc;

	if (e->key == 0)
		return MQS_OK;
	mqs_put_be64(key, e->key);
	rc = busy(gtx, key, &id, err);
	if (rc == MQS_NOTHING || (rc == MQS_OK && id != e->id))
		return MQS_OK;
	if (rc != MQS_OK)
		return rc;
	rc = mqs_group_held_with(gtx, MQS_PARKED, e->key, &next, err);
	if (rc == MQS_NOTHING)
		return mqs_tx_del(gtx->tx, MQS_GROUP_BUSY, key, sizeof(key), err);
	if (rc != MQS_OK || (rc = mqs_group_unhold(gtx, &next, err)) != MQS_OK ||
	    (rc = mqs_group_hold_ready(gtx, &next.entry, err)) != MQS_OK)
		return rc;
	return put_busy(gtx, key, next.entry.id, err);
}

int
mqs_key_order_ripen(struct mqs_group_tx *gtx, int64_t now, size_t max, size_t *count,
    struct mqs_error *err)
{
	struct mqs_held h;
	int rc, out;

	for (*count = 0; *count < max; ++*count) {
		rc = mqs_group_first_held(gtx, MQS_WAITING, &h, err);
		if (rc == MQS_NOTHING || (rc == MQS_OK && h.sort > (uint64_t)now))
			return MQS_OK;
		if (rc != MQS_OK || (rc = mqs_group_unhold(gtx, &h, err)) != MQS_OK ||
		    (rc = mqs_key_order_enter(gtx, &h.entry, &out, err)) != MQS_OK)
			return rc;
		if (out && (rc = mqs_group_hold_ready(gtx, &h.entry, err)) != MQS_OK)
			return rc;
	}
	return MQS_OK;
}
