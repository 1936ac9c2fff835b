/*
 * sub_stdout.c - acknowledging what stdout's reader took
 *
 * Nothing is acked that could still be lost: what lies in a pipe, or in a file's dirty
 * pages.  A file is synced once for all that a claim brought, so that syncing does not
 * cost more than claiming.  What is not acked when mq-sub ends is released.
 */
#include "sub_policy.h"

int
stdout_settle(struct sub *s, struct outlet *o, struct mqs_error *err)
{
	struct mqs_settlement ack = { .verb = MQS_ACK };
	uint64_t taken;
	int rc;

	if (o->n == 0)
		return MQS_OK;
	if (s->unread == 0 && outlet_waiting(o) == 0 &&
	    (rc = outlet_sync(o, err)) != MQS_OK)
		return rc;
	taken = outlet_taken(o);
	while (o->n > 0 && outlet_peek(o, 0)->end <= taken) {
		ack.seq = outlet_peek(o, 0)->seq;
		ack.lease = outlet_peek(o, 0)->lease;
		if ((rc = sub_settle(s, &ack, err)) != MQS_OK)
			return rc;
		s->delivered++;
		outlet_pop(o);
	}
	return MQS_OK;
}
