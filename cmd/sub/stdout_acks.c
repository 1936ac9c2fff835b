/*
 * sub/stdout_acks.c - acking the messages that stdout's reader took
 *
 * Nothing is acked that could still be lost: what lies in a pipe, or in a file's dirty
 * pages.  A file is synced once for all messages of a claim, so that syncing does not
 * cost more than claiming.  Messages that are not acked when mq-sub ends are released.
 */
#include "mqspool.h"
#include "sub/consumer.h"
#include "sub/stdout_acks.h"
#include "sub/stdout_writer.h"
#include "sub/sub.h"

int
stdout_ack(struct sub *s, struct stdout_writer *o, struct mqs_error *err)
{
	const struct printed *last;
	uint64_t taken;
	size_t n;
	int rc;

	if (o->n == 0)
		return MQS_OK;
	if (s->unread == 0 && writer_waiting(o) == 0 &&
	    (rc = writer_sync(o, err)) != MQS_OK)
		return rc;
	taken = writer_taken(o);
	while ((n = writer_done(o, taken)) > 0) {
		last = writer_peek(o, n - 1);
		if ((rc = sub_ack_through(s, last->seq, last->lease, n, err)) != MQS_OK)
			return rc;
		s->delivered += n;
		writer_pop(o, n);
	}
	return MQS_OK;
}
