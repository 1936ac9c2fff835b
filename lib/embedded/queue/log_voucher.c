/* log_voucher.c - see log_voucher.h */
#include "embedded/queue/log_voucher.h"

#define TRIED	4u			/* records */
#define LONG	((size_t)4096)		/* bytes of a record that would take long to verify */

int
mqs_voucher_find(struct mqs_voucher *v, struct mqs_cur *cur, uint64_t floor, struct mqs_error *err)
{
	unsigned char at[8];
	struct mqs_slice key = { at, sizeof(at) }, value;
	struct mqs_record r;
	unsigned i;
	int rc;

	v->id = v->ordinal = 0;
	mqs_put_be64(at, floor);
	if ((rc = mqs_cur_move(cur, MQS_FROM, &key, &value, err)) == MQS_NOTHING)
		rc = mqs_cur_move(cur, MQS_LAST, &key, &value, err);
	for (i = 0; rc == MQS_OK && i < TRIED; i++) {
		if (key.n == 8 && mqs_get_be64(key.p) < floor && value.n <= LONG &&
		    mqs_record_decode(&r, mqs_get_be64(key.p), value, 1, NULL) == MQS_OK) {
			v->id = r.message.seq;
			v->ordinal = r.ordinal;
			break;
		}
		rc = mqs_cur_move(cur, MQS_PREV, &key, &value, err);
	}
	return rc < 0 ? rc : MQS_OK;
}
