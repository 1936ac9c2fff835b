/* lease_owner.c - see lease_owner.h */
#include "base/clock.h"
#include "embedded/lease_owner.h"
#include "embedded/queue/lease_extension.h"

const struct mqs_owner_slot *
mqs_lease_owner_slot(const struct mqs_lease_owner *f, uint64_t lease, uint64_t id)
{
	size_t i;

	for (i = 0; i < f->left.nslots; i++)
		if (f->left.slots[i].lease == lease && f->left.slots[i].id == id)
			return &f->left.slots[i];
	return NULL;
}

int
mqs_lease_owner_handed_out(const struct mqs_lease_owner *f, const struct mqs_batch *b, size_t i)
{
	if (!(b->head.flags & MQS_LEASE_MANUAL))
		return 0;
	if (b->head.lease != f->left.handed_lease)
		return b->head.lease < f->left.handed_lease;
	return i < f->left.handed_count;
}

int
mqs_lease_has_deadline(const struct mqs_lease *l)
{
	return (l->flags & (MQS_LEASE_TIMED | MQS_LEASE_GONE)) != 0;
}

int
mqs_lease_has_expired(const struct mqs_lease *l)
{
	return mqs_lease_has_deadline(l) && (l->boot != mqs_boot() ||
	    (l->due != 0 && l->due <= (uint64_t)mqs_boottime()));
}

int
mqs_lease_until(struct mqs_tx *tx, const struct mqs_batch *b, size_t i, int64_t *until,
    struct mqs_error *err)
{
	uint64_t due = 0, more = 0;
	int rc;

	*until = 0;
	if (b->head.boot != mqs_boot())
		return MQS_OK;
	if (mqs_lease_has_deadline(&b->head))
		due = b->head.due;
	if (b->head.flags & MQS_LEASE_EXTENDED && (rc = mqs_lease_extension(tx, b->head.lease,
	    b->entries[i].id, &more, err)) != MQS_OK)
		return rc;
	if (more > due)
		due = more;
	if (due != 0)
		*until = mqs_later(mqs_now(), (int64_t)due - mqs_boottime());
	return MQS_OK;
}
