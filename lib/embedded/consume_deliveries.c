/* consume_deliveries.c - see consume_deliveries.h */
#include <stdlib.h>

#include "base/error.h"
#include "embedded/consume_deliveries.h"
#include "embedded/queue/lease_batch.h"

/* Drops deliveries that were read (and, under MQS_MANUAL, handed out). */
static void
compact(struct mqs_consumer *c)
{
	size_t done = c->flags & MQS_MANUAL ? c->handed : c->next;

	if (c->flags & MQS_MANUAL && done > 0)
		done--;		/* handed_of needs the last one */
	if (done == 0)
		return;
	memmove(c->deliveries, c->deliveries + done,
	    (c->ndeliveries - done) * sizeof(*c->deliveries));
	c->ndeliveries -= done;
	c->next -= done;
	c->handed -= c->flags & MQS_MANUAL ? done : c->handed;
}

int
mqs_deliveries_reserve(struct mqs_consumer *c, size_t more, size_t leases,
    struct mqs_error *err)
{
	struct mqs_delivery *d;
	struct mqs_own_lease *own;

	compact(c);
	if (c->ndeliveries + more > c->cap) {
		d = reallocarray(c->deliveries, c->ndeliveries + more, sizeof(*d));
		if (d == NULL)
			return mqs_fail_errno(err, "claim");
		c->deliveries = d;
		c->cap = c->ndeliveries + more;
	}
	if (c->nown + leases > c->own_cap) {
		own = reallocarray(c->own, c->nown + leases + 16, sizeof(*own));
		if (own == NULL)
			return mqs_fail_errno(err, "claim");
		c->own = own;
		c->own_cap = c->nown + leases + 16;
	}
	return MQS_OK;
}

void
mqs_deliveries_add(struct mqs_consumer *c, uint64_t lease, uint64_t generation,
    const struct mqs_entry *e, size_t n)
{
	struct mqs_own_lease *own = &c->own[c->nown++];
	struct mqs_delivery *d;
	size_t i;

	own->lease = lease;
	own->generation = generation;
	own->unsettled = (uint32_t)n;
	mqs_sum_ids(&own->ids, e, n);
	for (i = 0; i < n; i++, e++) {
		d = &c->deliveries[c->ndeliveries++];
		d->id = e->id;
		d->lease = lease;
		d->index = (uint32_t)i;
		d->attempts = e->attempts & 0x7fffffff;
		d->gone = 0;
	}
	c->held += n;
}

int
mqs_deliveries_recount(struct mqs_consumer *c, struct mqs_error *err)
{
	struct mqs_lease head;
	struct mqs_tx *tx;
	size_t i, kept = 0;
	int rc = MQS_OK;

	if (c->nown > 0 && (rc = mqs_tx_read(c->group->db, &tx, err)) != MQS_OK)
		return rc;
	c->look_own = 0;
	c->held = 0;
	if (c->nown == 0)
		return MQS_OK;
	for (i = 0; i < c->nown; i++) {
		/* After an error, the rest is as it was known before. */
		if (rc >= 0)
			rc = mqs_batch_head(tx, c->own[i].lease, &head, err);
		if (rc == MQS_NOTHING)
			continue;
		if (rc == MQS_OK)
			c->own[i].unsettled = head.unsettled;
		c->held += c->own[i].unsettled;
		c->own[kept++] = c->own[i];
	}
	mqs_tx_abort(tx);
	c->nown = kept;
	if (rc < 0)
		c->look_own = 1;
	return rc < 0 ? rc : MQS_OK;
}
