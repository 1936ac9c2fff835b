/* key_order.c - see key_order.h */
#include "base/hash.h"
#include "engine/key_order.h"

uint64_t
mqs_key_hash(const struct mqs_message *m)
{
	uint64_t hash;

	if (m->key_len == 0)
		return 0;
	hash = XXH3_64bits(m->key, m->key_len);
	return hash == 0 ? 1 : hash;
}

int
mqs_key_order_enter(const struct mqs_key_order *order, void *in, uint64_t key, uint64_t id,
    int *out, struct mqs_error *err)
{
	uint64_t first;
	int rc;

	*out = 1;
	if (key == 0)
		return MQS_OK;
	if ((rc = order->busy(in, key, &first, err)) == MQS_NOTHING)
		return order->set_busy(in, key, id, err);
	if (rc == MQS_OK)
		*out = first == id;
	return rc;
}

int
mqs_key_order_leave(const struct mqs_key_order *order, void *in, uint64_t key, uint64_t id,
    struct mqs_error *err)
{
	uint64_t first, next;
	int rc;

	if (key == 0)
		return MQS_OK;
	rc = order->busy(in, key, &first, err);
	if (rc == MQS_NOTHING || (rc == MQS_OK && first != id))
		return MQS_OK;
	if (rc != MQS_OK)
		return rc;
	if ((rc = order->unpark(in, key, &next, err)) == MQS_NOTHING)
		return order->set_idle(in, key, err);
	return rc == MQS_OK ? order->set_busy(in, key, next, err) : rc;
}
