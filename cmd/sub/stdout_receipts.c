/*
 * sub/stdout_receipts.c - mq-sub -m: deliveries to stdout that others settle by receipt
 *
 * A message counts as handed out when it was written: from then on its attempt counts
 * and its lease outlives mq-sub.  It is marked as handed out after the write.  A kill
 * between the two leaves a message that was seen and comes back without a counted
 * attempt: it is delivered twice, and not lost.
 *
 * When the reader goes away, nobody has seen what it left in the pipe.  These messages
 * are released, so that they need not wait for their leases to end.
 *
 * With -l a lease runs from the claim.  Claim and handing-out must then be the same
 * moment: no more is claimed than the pipe has room for, by the average size of messages
 * so far (halved after a claim that did not fit), and what does not fit is given back at
 * once.
 *
 * The library marks messages in the order in which they were read.  Messages that were
 * given back lie in between; they are counted in `skipped' and passed over when
 * everything before them is marked.  They are settled by then, so marking them has no
 * effect.
 */
#include "base/clock.h"
#include "mqspool.h"
#include "sub/consumer.h"
#include "sub/stdout_receipts.h"
#include "sub/stdout_writer.h"
#include "sub/sub.h"

#define GUESS_MAX	((size_t)1000)

int
receipts_mark(struct sub *s, struct stdout_receipts *m, struct stdout_writer *o,
    struct mqs_error *err)
{
	uint64_t written = o->printer->written, taken;
	size_t n = 0;
	int rc;

	while (m->marked + n < o->n && writer_peek(o, m->marked + n)->end <= written)
		n++;
	if (n > 0) {
		if ((rc = mqs_consumer_handed_out(s->consumer, n, err)) != MQS_OK)
			return rc;
		m->marked += n;
		m->messages += n;
		m->bytes = written;
		s->handed_out = mqs_boottime();
		s->delivered += n;
	}
	if (m->skipped > 0 && m->marked == o->n) {
		if ((rc = mqs_consumer_handed_out(s->consumer, m->skipped,
		    err)) != MQS_OK)
			return rc;
		m->skipped = 0;
	}
	taken = o->kind == WRITER_FILE ? written : writer_taken(o);
	while (m->marked > 0 && writer_peek(o, 0)->end <= taken) {
		writer_pop(o, 1);
		m->marked--;
	}
	return MQS_OK;
}

size_t
receipts_room(const struct stdout_receipts *m, const struct stdout_writer *o)
{
	size_t room = writer_room(o), n;
	uint64_t each;

	if (room == 0 || m->messages == 0)
		return room == 0 ? 0 : 1;
	each = m->bytes / m->messages + 1;
	n = each < room ? room / (size_t)each : 1;
	return n < m->most + 1 ? n : m->most + 1;
}

void
receipts_fitted(struct stdout_receipts *m)
{
	m->most = m->most < GUESS_MAX / 2 ? 2 * m->most + 1 : GUESS_MAX;
}

static int
release(struct sub *s, const struct printed *p, struct mqs_error *err)
{
	struct mqs_settlement how = { .verb = MQS_RELEASE, .seq = p->seq,
	    .lease = p->lease };

	return sub_settle(s, &how, err);
}

int
receipts_give_back(struct sub *s, struct stdout_receipts *mine, struct stdout_writer *o,
    struct mqs_error *err)
{
	size_t n = writer_unbegun(o), i;
	struct mqs_message m = MQS_MESSAGE_INIT;
	struct printed p = { 0 };
	int rc;

	for (i = 0; i < n; i++)
		if ((rc = release(s, writer_peek(o, o->n - n + i), err)) != MQS_OK)
			return rc;
	writer_drop(o, n);
	while (s->unread > 0 && (rc = sub_next(s, &m, err)) != MQS_NOTHING) {
		if (rc != MQS_OK)
			return rc;
		p.seq = m.seq;
		p.lease = m.lease;
		if ((rc = release(s, &p, err)) != MQS_OK)
			return rc;
		n++;
	}
	mqs_consumer_rest(s->consumer);
	s->read -= n;
	mine->skipped += n;
	if (n > 0)
		mine->most /= 2;
	return sub_flush(s, err);
}

int
receipts_untaken(struct sub *s, struct stdout_receipts *m, struct stdout_writer *o,
    struct mqs_error *err)
{
	int rc;

	for (; m->marked > 0; m->marked--) {
		if ((rc = release(s, writer_peek(o, 0), err)) != MQS_OK)
			return rc;
		writer_pop(o, 1);
		s->delivered--;
	}
	return MQS_OK;
}
