/*
 * sub/stdout_acks.c - acknowledging what stdout's reader took
 *
 * Nothing is acked that could still be lost: what lies in a pipe, or in a file's dirty
 * pages.  A file is synced once for all that a claim brought, so that syncing does not
 * cost more than claiming.  What is not acked when mq-sub ends is released.
 */
#include "mqspool.h"
#include "sub/stdout_policy.h"

int
stdout_settle(struct sub *s, struct outlet *o, struct mqs_error *err)
{
	const struct printed *last;
	uint64_t taken;
	size_t n;
	int rc;

	if (o->n == 0)
		return MQS_OK;
	if (s->unread == 0 && outlet_waiting(o) == 0 &&
	    (rc = outlet_sync(o, err)) != MQS_OK)
		return rc;
	taken = outlet_taken(o);
	while ((n = outlet_done(o, taken)) > 0) {
		last = outlet_peek(o, n - 1);
		if ((rc = sub_ack_through(s, last->seq, last->lease, n, err)) != MQS_OK)
			return rc;
		s->delivered += n;
		outlet_pop(o, n);
	}
	return MQS_OK;
}
