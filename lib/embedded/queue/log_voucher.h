/*
 * log_voucher.h - one verified record that tells of all those in front of it
 *
 * What has an id below a floor may be removed, but the key of a record may be damaged, and
 * lie.  To verify the checksum of each would be a good part of the work.  Instead, one record
 * is verified, whose id is below the floor: the voucher.  Damage to keys does not change the
 * order of records in the tree, and their ids ascend.  So all in front of the voucher are
 * below the floor, whatever their keys say.
 *
 * A record is vouched for if it is plain, its ordinal is the one expected, which is less than
 * the voucher's, and its key lies between the key before it and the voucher's.  Then it can
 * be removed unverified.  All others must be looked at one by one.  Its own key may still be
 * wrong, within those bounds.
 */
#ifndef MQS_EMBEDDED_QUEUE_LOG_VOUCHER_H
#define MQS_EMBEDDED_QUEUE_LOG_VOUCHER_H

#include "embedded/store/lmdb/cursor.h"
#include "message/record.h"

struct mqs_voucher {
	uint64_t	 id, ordinal;	/* 0: there is none, and no record is vouched for */
};

/* Finds the last intact record below a floor, or one a little in front of it; moves the cursor. */
int	mqs_voucher_find(struct mqs_voucher *, struct mqs_cur *, uint64_t floor, struct mqs_error *err);

/*
 * 1 if a record is vouched for, where `before' is the key before it.  Then its id, ordinal,
 * time, flags and size are set in *r, nothing else.
 */
static inline int
mqs_voucher_covers(const struct mqs_voucher *v, struct mqs_slice key, struct mqs_slice value,
    uint64_t before, uint64_t expected, struct mqs_record *r)
{
	uint64_t ordinal, behind, body_len, id;

	if (expected >= v->ordinal || key.n != 8 ||
	    !mqs_record_plain(value, &ordinal, &behind, &body_len) || ordinal != expected)
		return 0;
	id = mqs_get_be64(key.p);
	if (id <= before || id >= v->id)
		return 0;
	r->flags = 0;
	r->ordinal = ordinal;
	r->message.seq = id;
	r->message.time = (int64_t)(id - behind);
	r->message.body_len = body_len;
	return 1;
}

#endif
