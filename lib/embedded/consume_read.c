/*
 * consume_read.c - reading the messages that a consumer has claimed
 *
 * The life of a delivery: claimed (consume_claim.c: one transaction, one batch under one
 * lease) - read (here: from the log, checksum verified, borrowed from the map) - handed
 * out by the command - its settling collected (consume_collect.c) and carried out with
 * the next claim (consume_settle.c).  The consumer's death at any of these steps leaves
 * a lease whose owner file is not locked any more; consume_reclaim.c tells from the
 * owner file what had started.
 */
#include <unistd.h>

#include "base/error.h"
#include "embedded/consume_state.h"
#include "embedded/damaged_message.h"
#include "embedded/queue/log_large_body.h"
#include "embedded/receipt.h"

static void
close_body(struct mqs_consumer *c)
{
	if (c->body != -1)
		close(c->body);
	c->body = -1;
}

/*
 * Opens a large body: MQS_NOTHING if the message was removed meanwhile.  Whoever removes it
 * unlinks the body after the commit, which a new snapshot shows.
 */
static int
open_body(struct mqs_consumer *c, struct mqs_record *r, struct mqs_message *m,
    struct mqs_error *err)
{
	const uint64_t id = r->message.seq;
	int rc;

	rc = mqs_log_body(c->group->log, r, 1, &c->body, err);
	if (rc == MQS_OK)
		m->body_fd = c->body;
	if (rc != MQS_NOTHING)
		return rc;
	mqs_log_reader_rest(&c->reader);
	if ((rc = mqs_log_reader_at(&c->reader, id, 1, r, err)) != MQS_OK)
		return rc;
	return mqs_fail(err, MQS_EDAMAGED, "%s: message %llu: damaged: its body %016llx is gone",
	    c->group->log->dir.name, (unsigned long long)id, (unsigned long long)r->blob_name);
}

/* Reads a message that was claimed: MQS_NOTHING if it was removed meanwhile. */
static int
read_claimed(struct mqs_consumer *c, uint64_t id, struct mqs_message *m, struct mqs_error *err)
{
	struct mqs_error why;
	struct mqs_record r;
	int rc;

	if ((rc = mqs_log_reader_at(&c->reader, id, 1, &r, &why)) == MQS_OK) {
		*m = r.message;
		if (!(r.flags & MQS_RECORD_LARGE))
			return MQS_OK;
		rc = open_body(c, &r, m, &why);
	}
	if (rc == MQS_EDAMAGED)
		return mqs_tell_skip(c->group, id, &why, err);
	if (rc < 0 && err != NULL)
		*err = why;
	return rc;
}

int
mqs_embedded_consumer_next(struct mqs_consumer *c, struct mqs_message *m,
    struct mqs_error *err)
{
	struct mqs_settlement gone = { .verb = MQS_ACK };
	struct mqs_delivery *d;
	int rc;

	close_body(c);
	while (c->next < c->ndeliveries) {
		d = &c->deliveries[c->next];
		if ((rc = read_claimed(c, d->id, m, err)) < 0)
			return rc;
		c->next++;
		if (rc == MQS_OK) {
			m->lease = d->lease;
			m->attempt = d->attempts + 1;
			return MQS_OK;
		}
		d->gone = 1;
		gone.seq = d->id;
		gone.lease = d->lease;
		if ((rc = mqs_embedded_consumer_settle(c, &gone, err)) != MQS_OK)
			return rc;
	}
	return MQS_NOTHING;
}

void
mqs_embedded_consumer_rest(struct mqs_consumer *c)
{
	mqs_log_reader_rest(&c->reader);
}

char *
mqs_embedded_consumer_receipt(const struct mqs_consumer *c, const struct mqs_message *m,
    char buf[MQS_RECEIPT_SIZE])
{
	return mqs_receipt_format(c->group->log->dir.name, c->group->name,
	    m->seq, m->lease, buf);
}

size_t
mqs_embedded_consumer_held(const struct mqs_consumer *c)
{
	return c->held;
}

int
mqs_embedded_consumer_handed_out(struct mqs_consumer *c, size_t n, struct mqs_error *err)
{
	const struct mqs_delivery *last;
	size_t handed = c->handed;

	if (n == 0)
		return MQS_OK;
	for (; n > 0 && handed < c->next; handed++)
		if (!c->deliveries[handed].gone)	/* else passed over */
			n--;
	if (n > 0)
		return mqs_fail(err, MQS_EINVAL, "%s/%s: handed out more than read",
		    c->group->log->dir.name, c->group->name);
	c->handed = handed;
	last = &c->deliveries[c->handed - 1];
	return mqs_owner_handed_out(c->owner, last->lease, last->index + 1, err);
}
