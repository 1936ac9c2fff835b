/*
 * consume_ack_through.c - acks all messages of a lease up to one, for consumers that write
 * a stream
 */
#include "embedded/consume_collect.h"

int
mqs_embedded_consumer_ack_through(struct mqs_consumer *c, uint64_t seq, uint64_t lease,
    size_t n, struct mqs_error *err)
{
	int rc;

	if (n == 0)
		return MQS_OK;
	/* The first settling of a delivery wins. */
	if (c->nrequests > 0 && (rc = mqs_embedded_consumer_flush(c, err)) != MQS_OK)
		return rc;
	return mqs_collect_ack_through(c, lease, seq, n, err);
}
