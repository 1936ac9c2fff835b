/* group_bindings.c - see group_bindings.h */
#include "base/error.h"
#include "embedded/queue/group.h"
#include "embedded/queue/group_bindings.h"

int
mqs_bindings_load(struct mqs_bindings *set, struct mqs_tx *tx,
    struct mqs_error *err)
{
	struct mqs_binding binding;
	struct mqs_slice key, value;
	struct mqs_error why;
	struct mqs_cur *cur;
	int rc;

	mqs_bindings_free(set);
	if ((rc = mqs_cur_new(&cur, tx, MQS_GROUP_BINDINGS, err)) != MQS_OK)
		return rc;
	while ((rc = mqs_cur_move(cur, MQS_NEXT, &key, &value, err)) == MQS_OK) {
		if ((rc = mqs_binding_decode(&binding, value, &why)) != MQS_OK ||
		    (rc = mqs_bindings_add(set, &binding, &why)) != MQS_OK) {
			rc = mqs_fail(err, rc == MQS_EINVAL ? MQS_EDAMAGED : rc,
			    "%s: bindings: %s", mqs_tx_label(tx), why.text);
			break;
		}
	}
	mqs_cur_free(cur);
	if (rc == MQS_NOTHING)
		return MQS_OK;
	mqs_bindings_free(set);
	return rc;
}

static int
clear(struct mqs_tx *tx, struct mqs_error *err)
{
	struct mqs_slice key, value;
	struct mqs_cur *cur;
	int rc;

	if ((rc = mqs_cur_new(&cur, tx, MQS_GROUP_BINDINGS, err)) != MQS_OK)
		return rc;
	while ((rc = mqs_cur_move(cur, MQS_NEXT, &key, &value, err)) == MQS_OK)
		if ((rc = mqs_cur_del(cur, err)) != MQS_OK)
			break;
	mqs_cur_free(cur);
	return rc == MQS_NOTHING ? MQS_OK : rc;
}

int
mqs_bindings_store(const struct mqs_bindings *set, struct mqs_tx *tx,
    struct mqs_error *err)
{
	unsigned char number[8];
	const struct mqs_buf *normal;
	size_t i;
	int rc;

	if ((rc = clear(tx, err)) != MQS_OK)
		return rc;
	for (i = 0; i < set->n; i++) {
		mqs_put_be64(number, i);
		normal = &set->list[i].normal;
		if ((rc = mqs_tx_put(tx, MQS_GROUP_BINDINGS, number, sizeof(number),
		    normal->p, normal->n, err)) != MQS_OK)
			return rc;
	}
	return MQS_OK;
}
