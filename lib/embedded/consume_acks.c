/*
 * consume_acks.c - the settlings that a stream makes: plain acks, of one or of all up to one
 *
 * They are by far the most, so one takes 24 bytes and no strings, and one that covers
 * all of its lease up to a message takes the place of the one before it.  If that
 * message is the last of the lease, the lease goes without being decoded.
 *
 * In memory until a transaction carries them out: a death before that repeats.  They
 * are carried out before all other settlings, so none may be collected after one.
 */
#include <stdlib.h>

#include "base/error.h"
#include "embedded/consume.h"
#include "embedded/queue/group_key_order.h"

/* --------------------------------------------------------- collecting -- */

static int
add(struct mqs_consumer *c, uint64_t lease, uint64_t id, int through,
    struct mqs_error *err)
{
	struct mqs_ack *acks;
	size_t cap;

	if (c->nacks == c->acks_cap) {
		cap = c->acks_cap == 0 ? 64 : 2 * c->acks_cap;
		acks = reallocarray(c->acks, cap, sizeof(*acks));
		if (acks == NULL)
			return mqs_fail_errno(err, "settling");
		c->acks = acks;
		c->acks_cap = cap;
	}
	c->acks[c->nacks++] = (struct mqs_ack){ lease, id, through };
	return MQS_OK;
}

int
mqs_ack_add(struct mqs_consumer *c, uint64_t lease, uint64_t id,
    struct mqs_error *err)
{
	int rc = add(c, lease, id, 0, err);

	if (rc == MQS_OK)
		c->acked++;
	return rc;
}

int
mqs_embedded_consumer_ack_through(struct mqs_consumer *c, uint64_t seq, uint64_t lease,
    size_t n, struct mqs_error *err)
{
	struct mqs_ack *last;
	int rc = MQS_OK;

	if (n == 0)
		return MQS_OK;
	/* The first settling of a delivery wins. */
	if (c->nwants > 0 && (rc = mqs_embedded_consumer_flush(c, err)) != MQS_OK)
		return rc;
	if (c->nacks > 0 && (last = &c->acks[c->nacks - 1])->through &&
	    last->lease == lease)
		last->id = seq;
	else
		rc = add(c, lease, seq, 1, err);
	if (rc == MQS_OK)
		c->acked += n;
	return rc;
}

void
mqs_acks_drop(struct mqs_consumer *c)
{
	c->nacks = c->acked = 0;
}

/* ------------------------------------------------------- carrying out -- */

static int
compare_own(const void *key, const void *member)
{
	uint64_t lease = *(const uint64_t *)key;
	const struct mqs_own_lease *own = member;

	return lease < own->lease ? -1 : lease > own->lease;
}

/* Whether a lease ends with that message. */
static int
is_last(const struct mqs_consumer *c, const struct mqs_ack *a)
{
	const struct mqs_own_lease *own;

	if (c->nown == 0)
		return 0;
	own = bsearch(&a->lease, c->own, c->nown, sizeof(*c->own), compare_own);
	return own != NULL && own->last == a->id;
}

/* One by one, since each lets another of its key go; up to `last' of the loaded batch. */
static int
settle_in_order(struct mqs_group_tx *gtx, size_t first, size_t last, size_t *n,
    struct mqs_error *err)
{
	size_t i;
	int rc;

	for (i = first; i <= last; i++) {
		if (mqs_batch_settled(gtx->batch, i))
			continue;
		mqs_batch_mark(gtx, i);
		++*n;
		if ((rc = mqs_group_key_leave(gtx, &gtx->batch->entries[i], err)) != MQS_OK)
			return rc;
	}
	return MQS_OK;
}

/* *n: how many were acked; others were settled elsewhere meanwhile. */
static int
settle(const struct mqs_consumer *c, struct mqs_group_tx *gtx,
    const struct mqs_ack *a, size_t *n, struct mqs_error *err)
{
	const int ordered = gtx->group->settings.ordered != 0;
	long at;
	int rc;

	*n = 0;
	if (a->through && !ordered && is_last(c, a))
		return mqs_batch_finish(gtx, a->lease, n, err);
	if ((rc = mqs_batch_load(gtx, a->lease, err)) != MQS_OK)
		return rc;
	at = a->through ? mqs_batch_place(gtx->batch, a->id) :
	    mqs_batch_find(gtx->batch, a->id);
	if (at < 0)
		return MQS_OK;
	if (ordered)
		return settle_in_order(gtx, a->through ? 0 : (size_t)at, (size_t)at,
		    n, err);
	if (a->through) {
		*n = mqs_batch_mark_through(gtx, (size_t)at);
	} else {
		mqs_batch_mark(gtx, (size_t)at);
		*n = 1;
	}
	return MQS_OK;
}

int
mqs_acks_settle(const struct mqs_consumer *c, struct mqs_group_tx *gtx,
    struct mqs_error *err)
{
	const struct mqs_ack *a = c->acks, *end = a + c->nacks;
	size_t n;
	int rc;

	for (; a < end; a++) {
		if ((rc = settle(c, gtx, a, &n, err)) < 0)
			return rc;
		gtx->v[MQS_GROUP_ACKED] += n;
	}
	return MQS_OK;
}
