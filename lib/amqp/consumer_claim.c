/* consumer_claim.c - see consumer.h: claiming, reading, and whether there is nothing */
#include "amqp/consumer.h"
#include "amqp/consumer_copies.h"
#include "amqp/consumer_empty.h"
#include "base/clock.h"
#include "base/error.h"

/* Claims what is here, and asks for the rest.  *fresh: that has begun consuming. */
static int
take_present(struct mqs_consumer *c, size_t max, size_t *count, int *fresh, struct mqs_error *err)
{
	size_t held, n;
	int rc;

	mqs_amqp_lock(c->connection);
	n = c->unread - c->claimed;
	held = mqs_amqp_consumer_outstanding(c);
	if (held >= c->prefetch)
		max = 0;
	else if (max > c->prefetch - held)
		max = c->prefetch - held;
	if (n > max)
		n = max;
	c->claimed += n;
	*count = n;
	rc = mqs_amqp_consumer_want(c, max - n, err);
	*fresh = c->fresh && rc == MQS_OK;
	c->fresh = 0;
	mqs_amqp_unlock(c->connection);
	mqs_amqp_channel_send(c->channel);
	return rc;
}

static int
take(struct mqs_consumer *c, size_t max, size_t *count, struct mqs_error *err)
{
	size_t more = 0;
	int fresh, rc;

	if ((rc = take_present(c, max, count, &fresh, err)) != MQS_OK || !fresh)
		return rc;
	if ((rc = mqs_amqp_consumer_await_first(c, err)) == MQS_OK)
		rc = take_present(c, max - *count, &more, &fresh, err);
	*count += more;
	return rc;
}

/* Whether messages wait for others of their keys, which this consumer has handed out. */
static int
awaited(struct mqs_consumer *c)
{
	int is;

	mqs_amqp_lock(c->connection);
	is = c->parked > 0 && mqs_amqp_consumer_outstanding(c) > 0;
	mqs_amqp_unlock(c->connection);
	return is;
}

static int
is_open(struct mqs_consumer *c)
{
	int open;

	mqs_amqp_lock(c->connection);
	open = c->open;
	mqs_amqp_unlock(c->connection);
	return open;
}

int
mqs_amqp_consumer_claim(struct mqs_consumer *c, size_t max, size_t *count, int *held,
    struct mqs_error *err)
{
	int there = 0, copying, rc;

	*count = 0;
	if (held != NULL)
		*held = 0;
	if (c->closing || max == 0) {
		mqs_amqp_channel_send(c->channel);
		return MQS_OK;
	}
	mqs_amqp_consumer_look_due(c);
	if ((rc = mqs_amqp_consumer_flush(c, err)) != MQS_OK ||
	    (rc = mqs_amqp_consumer_check(c, err)) != MQS_OK ||
	    (rc = take(c, max, count, err)) != MQS_OK || *count > 0)
		return rc;
	if (awaited(c)) {	/* the settling is the caller's own */
		if (held != NULL)
			*held = 1;
		return MQS_NOTHING;
	}
	/* A retry without a delay is there again when its copy is confirmed, which wakes the caller. */
	copying = mqs_amqp_copies_hopeful(c);
	if ((rc = mqs_amqp_consumer_empty(c, &there, err)) != MQS_OK)
		return rc;
	if (there == MQS_AMQP_HERE && ((rc = take(c, max, count, err)) != MQS_OK || *count > 0))
		return rc;
	if (held != NULL)
		*held = !is_open(c) ? MQS_UNREACHABLE : there != MQS_AMQP_NOWHERE || copying;
	return MQS_NOTHING;
}

/* ---------------------------------------------------------- reading -- */

/* The caller is done with the message that it had. */
static void
give_up_borrowed(struct mqs_consumer *c)
{
	mqs_amqp_lock(c->connection);
	if (c->borrowed_gone)
		mqs_amqp_held_free(c->borrowed);
	else if (c->borrowed != NULL && c->borrowed->state != MQS_AMQP_COPYING)
		mqs_amqp_spill_unload(c->borrowed);
	c->borrowed = NULL;
	c->borrowed_gone = 0;
	mqs_amqp_unlock(c->connection);
}

/* The first of the unread becomes the borrowed one; NULL: none is claimed. */
static struct mqs_amqp_held *
borrow(struct mqs_consumer *c)
{
	struct mqs_amqp_held *h = NULL;

	mqs_amqp_lock(c->connection);
	if (c->claimed > 0 &&
	    (h = TAILQ_FIRST(&c->lists[MQS_AMQP_UNREAD])) != NULL) {
		c->claimed--;
		mqs_amqp_consumer_leave_state(c, h);
		mqs_amqp_consumer_enter_state(c, h, MQS_AMQP_READ);
		h->number = ++c->numbers;
		c->borrowed = h;
	}
	mqs_amqp_unlock(c->connection);
	return h;
}

static int
decode(struct mqs_consumer *c, struct mqs_amqp_held *h, struct mqs_error *err)
{
	void *properties = NULL;

	recycle_amqp_pool(&c->pool);
	if (amqp_decode_properties(AMQP_BASIC_CLASS, &c->pool, mqs_amqp_held_properties(h),
	    &properties) != AMQP_STATUS_OK)
		return mqs_fail(err, MQS_ESYSTEM, "%s: a message's properties can't be read",
		    c->group.name);
	return mqs_amqp_properties_read(&c->incoming, properties, mqs_amqp_held_key(h), err);
}

/*
 * A message that waited in the delays may be past its time: the broker could not know.  It is
 * acked, as the broker drops what expires.  MQS_NOTHING: it was.
 */
static int
settle_expired(struct mqs_consumer *c, const struct mqs_message *m, struct mqs_amqp_held *h,
    struct mqs_error *err)
{
	const struct mqs_settlement ack = { .verb = MQS_ACK, .seq = h->tag,
	    .lease = mqs_amqp_held_lease(h) };
	int rc;

	if (m->expires == 0 || m->expires > mqs_now())
		return MQS_OK;
	rc = mqs_amqp_consumer_settle(c, &ack, err);
	return rc == MQS_OK ? MQS_NOTHING : rc;
}

int
mqs_amqp_consumer_next(struct mqs_consumer *c, struct mqs_message *m, struct mqs_error *err)
{
	struct mqs_amqp_held *h;
	int rc;

	do {
		give_up_borrowed(c);
		if ((h = borrow(c)) == NULL)
			return MQS_NOTHING;
		if ((rc = mqs_amqp_spill_load(h, err)) != MQS_OK ||
		    (rc = decode(c, h, err)) != MQS_OK)
			return rc;
		*m = c->incoming.message;
		if ((rc = settle_expired(c, m, h, err)) < 0)
			return rc;
		c->numbers -= rc == MQS_NOTHING;	/* it is not handed out */
	} while (rc == MQS_NOTHING);
	h->attempt = m->attempt += h->retries;
	m->body = mqs_amqp_held_body(h);
	m->body_len = h->body_len;
	m->body_fd = h->body_fd;
	m->seq = h->tag;
	m->lease = mqs_amqp_held_lease(h);
	return MQS_OK;
}

void
mqs_amqp_consumer_rest(struct mqs_consumer *c)
{
	(void)c;	/* nothing is withheld from others by what is in memory */
}
