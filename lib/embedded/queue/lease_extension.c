/* lease_extension.c - see lease_extension.h */
#include "base/checksum.h"
#include "base/error.h"
#include "embedded/queue/group.h"
#include "embedded/queue/lease_extension.h"

static void
extension_key(unsigned char key[16], uint64_t lease, uint64_t id)
{
	mqs_put_be64(key, lease);
	mqs_put_be64(key + 8, id);
}

int
mqs_lease_extension_put(struct mqs_tx *tx, uint64_t lease, uint64_t id, uint64_t due,
    struct mqs_error *err)
{
	unsigned char key[16], value[8 + MQS_CHECKSUM_SIZE];

	extension_key(key, lease, id);
	mqs_put_le64(value, due);
	mqs_put_le32(value + 8, mqs_checksum(lease ^ id, value, 8));
	return mqs_tx_put(tx, MQS_GROUP_EXTENDED, key, sizeof(key), value, sizeof(value),
	    err);
}

int
mqs_lease_extension(struct mqs_tx *tx, uint64_t lease, uint64_t id,
    uint64_t *due, struct mqs_error *err)
{
	struct mqs_slice value;
	unsigned char key[16];
	int rc;

	*due = 0;
	extension_key(key, lease, id);
	rc = mqs_tx_get(tx, MQS_GROUP_EXTENDED, key, sizeof(key), &value, err);
	if (rc != MQS_OK)
		return rc < 0 ? rc : MQS_OK;
	if (value.n != 8 + MQS_CHECKSUM_SIZE || mqs_get_le32((const unsigned char *)value.p + 8) !=
	    mqs_checksum(lease ^ id, value.p, 8))
		return mqs_fail(err, MQS_EDAMAGED, "%s: lease %llu: damaged extension",
		    mqs_tx_label(tx), (unsigned long long)lease);
	*due = mqs_get_le64(value.p);
	return MQS_OK;
}

int
mqs_lease_extensions_drop(struct mqs_tx *tx, uint64_t lease, struct mqs_error *err)
{
	struct mqs_slice key, value;
	struct mqs_cur *cur;
	unsigned char from[16];
	int rc;

	if ((rc = mqs_cur_new(&cur, tx, MQS_GROUP_EXTENDED, err)) != MQS_OK)
		return rc;
	for (;;) {
		extension_key(from, lease, 0);
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
