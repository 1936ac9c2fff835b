/* consume_collect.c - see consume_collect.h */
#include <stdlib.h>

#include "base/error.h"
#include "embedded/consume_collect.h"

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
mqs_collect_ack_through(struct mqs_consumer *c, uint64_t lease, uint64_t id, size_t n,
    struct mqs_error *err)
{
	struct mqs_ack *last;
	int rc = MQS_OK;

	if (c->nacks > 0 && (last = &c->acks[c->nacks - 1])->through &&
	    last->lease == lease)
		last->id = id;
	else
		rc = add(c, lease, id, 1, err);
	if (rc == MQS_OK)
		c->acked += n;
	return rc;
}

static int
collect_ack(struct mqs_consumer *c, uint64_t lease, uint64_t id, struct mqs_error *err)
{
	int rc = add(c, lease, id, 0, err);

	if (rc == MQS_OK)
		c->acked++;
	return rc;
}

int
mqs_embedded_consumer_settle(struct mqs_consumer *c, const struct mqs_settlement *s,
    struct mqs_error *err)
{
	struct mqs_settle_request *requests;
	size_t cap;
	int rc;

	/* Once there is a request, order counts: the first settling of a delivery wins. */
	if (s->verb == MQS_ACK && c->nrequests == 0)
		return collect_ack(c, s->lease, s->seq, err);
	if (c->nrequests == c->requests_cap) {
		cap = c->requests_cap == 0 ? 64 : 2 * c->requests_cap;
		requests = reallocarray(c->requests, cap, sizeof(*requests));
		if (requests == NULL)
			return mqs_fail_errno(err, "settling");
		c->requests = requests;
		c->requests_cap = cap;
	}
	rc = mqs_settle_request_set(&c->requests[c->nrequests], s, s->seq, s->lease, err);
	if (rc == MQS_OK)
		c->nrequests++;
	return rc;
}

size_t
mqs_collected(const struct mqs_consumer *c)
{
	return c->acked + c->nrequests;
}

void
mqs_collected_drop(struct mqs_consumer *c)
{
	size_t i;

	for (i = 0; i < c->nrequests; i++)
		mqs_settle_request_free(&c->requests[i]);
	c->nrequests = c->nacks = c->acked = 0;
}
