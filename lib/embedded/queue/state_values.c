/* state_values.c - see state_values.h */
#include "base/error.h"
#include "base/hash.h"
#include "embedded/queue/state_values.h"

#define SUMMED	((size_t)8 * MQS_STATE_USABLE)	/* bytes that the checksum covers */

static const char key[] = "state";

int
mqs_state_put(struct mqs_tx *tx, const uint64_t *v, unsigned n,
    struct mqs_error *err)
{
	unsigned char bytes[8 * MQS_STATE_MAX] = { 0 };
	unsigned i;

	for (i = 0; i < n; i++)
		mqs_put_le64(bytes + 8 * i, v[i]);
	mqs_put_le64(bytes + SUMMED, XXH3_64bits(bytes, SUMMED));
	return mqs_tx_put(tx, MQS_DB_MAIN, key, sizeof(key) - 1, bytes,
	    sizeof(bytes), err);
}

int
mqs_state_decode(struct mqs_slice row, uint64_t *v, unsigned n)
{
	const unsigned char *p = row.p;
	unsigned i;

	if (row.n != (size_t)8 * MQS_STATE_MAX ||
	    mqs_get_le64(p + SUMMED) != XXH3_64bits(p, SUMMED))
		return -1;
	for (i = 0; i < n; i++)
		v[i] = mqs_get_le64(p + 8 * i);
	return 0;
}

int
mqs_state_get(struct mqs_tx *tx, uint64_t *v, unsigned n, struct mqs_error *err)
{
	struct mqs_slice value;
	int rc;

	if ((rc = mqs_tx_get(tx, MQS_DB_MAIN, key, sizeof(key) - 1, &value,
	    err)) < 0)
		return rc;
	if (rc == MQS_NOTHING)
		return mqs_tx_fail_damaged(tx, "it has no state", err);
	if (mqs_state_decode(value, v, n) == -1)
		return mqs_tx_fail_damaged(tx, "the state has a wrong checksum", err);
	return MQS_OK;
}
