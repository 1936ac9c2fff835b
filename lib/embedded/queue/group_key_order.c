/* group_key_order.c - see group_key_order.h */
#include "base/error.h"
#include "embedded/queue/group_key_order.h"

/* The tables, as engine/key_order.h asks for them; `in' is a struct mqs_group_tx. */
static int
busy(void *in, uint64_t hash, uint64_t *id, struct mqs_error *err)
{
	struct mqs_group_tx *gtx = in;
	struct mqs_slice value;
	unsigned char key[8];
	int rc;

	mqs_put_be64(key, hash);
	rc = mqs_tx_get(gtx->tx, MQS_GROUP_BUSY, key, sizeof(key), &value, err);
	if (rc == MQS_OK && value.n != 8)
		return mqs_fail(err, MQS_EDAMAGED, "%s: busy key: damaged entry",
		    mqs_tx_label(gtx->tx));
	if (rc == MQS_OK)
		*id = mqs_get_le64(value.p);
	return rc;
}

static int
set_busy(void *in, uint64_t hash, uint64_t id, struct mqs_error *err)
{
	struct mqs_group_tx *gtx = in;
	unsigned char key[8], value[8];

	mqs_put_be64(key, hash);
	mqs_put_le64(value, id);
	return mqs_tx_put(gtx->tx, MQS_GROUP_BUSY, key, sizeof(key), value, sizeof(value), err);
}

static int
set_idle(void *in, uint64_t hash, struct mqs_error *err)
{
	struct mqs_group_tx *gtx = in;
	unsigned char key[8];

	mqs_put_be64(key, hash);
	return mqs_tx_del(gtx->tx, MQS_GROUP_BUSY, key, sizeof(key), err);
}

static int
unpark(void *in, uint64_t hash, uint64_t *id, struct mqs_error *err)
{
	struct mqs_group_tx *gtx = in;
	struct mqs_held next;
	int rc;

	if ((rc = mqs_group_held_with(gtx, MQS_PARKED, hash, &next, err)) != MQS_OK ||
	    (rc = mqs_group_unhold(gtx, &next, err)) != MQS_OK)
		return rc;
	*id = next.entry.id;
	return mqs_group_hold_ready(gtx, &next.entry, err);
}

static const struct mqs_key_order tables = { busy, set_busy, set_idle, unpark };

int
mqs_group_key_enter(struct mqs_group_tx *gtx, const struct mqs_entry *e, int *out,
    struct mqs_error *err)
{
	const struct mqs_held h = { *e, MQS_PARKED, e->key };
	int rc;

	rc = mqs_key_order_enter(&tables, gtx, e->key, e->id, out, err);
	return rc == MQS_OK && !*out ? mqs_group_hold(gtx, &h, err) : rc;
}

int
mqs_group_key_leave(struct mqs_group_tx *gtx, const struct mqs_entry *e,
    struct mqs_error *err)
{
	return mqs_key_order_leave(&tables, gtx, e->key, e->id, err);
}

int
mqs_group_key_ripen(struct mqs_group_tx *gtx, int64_t now, size_t max, size_t *count,
    struct mqs_error *err)
{
	struct mqs_held h;
	int rc, out;

	for (*count = 0; *count < max; ++*count) {
		rc = mqs_group_first_held(gtx, MQS_WAITING, &h, err);
		if (rc == MQS_NOTHING || (rc == MQS_OK && h.sort > (uint64_t)now))
			return MQS_OK;
		if (rc != MQS_OK || (rc = mqs_group_unhold(gtx, &h, err)) != MQS_OK ||
		    (rc = mqs_group_key_enter(gtx, &h.entry, &out, err)) != MQS_OK)
			return rc;
		if (out && (rc = mqs_group_hold_ready(gtx, &h.entry, err)) != MQS_OK)
			return rc;
	}
	return MQS_OK;
}
