/* consumer_copies_send.c - see consumer_copies.h: what the thread does */
#include <sys/mman.h>

#include <string.h>

#include "amqp/answer.h"
#include "amqp/consumer_copies.h"
#include "amqp/properties_copy.h"
#include "amqp/reply_error.h"
#include "amqp/table.h"
#include "base/clock.h"
#include "base/error.h"

static int
set_up(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	struct mqs_consumer *c = arg;
	struct mqs_amqp_copies *s = c->copies;

	mqs_amqp_lock(c->connection);
	s->channel = link->channel;
	s->published = 0;
	mqs_amqp_unlock(c->connection);
	(void)amqp_confirm_select(link->state, link->number);
	return mqs_amqp_answer(link, c->group.name, err);
}

/* ---------------------------------------------------------- sending -- */

static int
body_of(struct mqs_amqp_copy *k, amqp_bytes_t *body, struct mqs_error *err)
{
	const struct mqs_amqp_held *h = k->held;
	const size_t n = (size_t)h->body_len;

	if (h->body_fd != -1 && k->map == NULL) {
		k->map = mmap(NULL, n, PROT_READ, MAP_SHARED, h->body_fd, 0);
		if (k->map == MAP_FAILED) {
			k->map = NULL;
			return mqs_fail_errno(err, "a large message");
		}
		k->map_len = n;
	}
	*body = mqs_amqp_bytes(h->body_fd != -1 ? k->map : mqs_amqp_held_body(h), n);
	return MQS_OK;
}

static int
make_properties(struct mqs_consumer *c, const struct mqs_amqp_copy *k, uint32_t frame_max,
    struct mqs_error *err)
{
	struct mqs_amqp_copies *s = c->copies;
	struct mqs_amqp_retry retry = { .queue = c->group.queue, .group = c->group.group,
	    .attempt = k->held->attempt + 1, .delay = k->delay, .now = mqs_now(),
	    .frame_max = frame_max };
	struct mqs_amqp_dead dead = { .id = k->id, .death = k->text.p, .death_len = k->text.n,
	    .frame_max = frame_max };
	struct mqs_amqp_redrive redrive = { .queue = k->text.p, .frame_max = frame_max };
	void *from = NULL;

	recycle_amqp_pool(&s->pool);
	if (amqp_decode_properties(AMQP_BASIC_CLASS, &s->pool,
	    mqs_amqp_held_properties(k->held), &from) != AMQP_STATUS_OK)
		return mqs_fail(err, MQS_ESYSTEM, "a message's properties can't be read");
	switch (k->kind) {
	case MQS_AMQP_COPY_DEAD:
		return mqs_amqp_properties_dead(&s->properties, from, &dead, err);
	case MQS_AMQP_COPY_REDRIVE:
		redrive.group = redrive.queue + strlen(redrive.queue) + 1;
		redrive.id = redrive.group + strlen(redrive.group) + 1;
		return mqs_amqp_properties_redrive(&s->properties, from, &redrive, err);
	case MQS_AMQP_COPY_RETRY:
	default:
		return mqs_amqp_properties_retry(&s->properties, from, &retry, err);
	}
}

static int
publish(struct mqs_consumer *c, struct mqs_amqp_copy *k, const struct mqs_amqp_link *link,
    size_t *sent, struct mqs_error *err)
{
	struct mqs_amqp_copies *s = c->copies;
	const char *exchange;
	amqp_bytes_t body;
	int rc;

	if ((rc = body_of(k, &body, err)) != MQS_OK ||
	    (rc = make_properties(c, k, (uint32_t)amqp_get_frame_max(link->state), err)) != MQS_OK)
		return rc;
	exchange = k->kind == MQS_AMQP_COPY_DEAD ? s->dead_queue : s->properties.exchange;
	return mqs_amqp_publish(link, mqs_amqp_text(exchange), mqs_amqp_held_key(k->held),
	    1, &s->properties.basic, body, sent, err);
}

/* The reason is told as the group's.  With the lock held. */
static void
break_it(struct mqs_amqp_copies *s, const char *group, const struct mqs_error *why)
{
	const size_t n = strlen(group);

	s->broken = 1;
	if (strncmp(why->text, group, n) == 0 && why->text[n] == ':')
		s->why = *why;
	else
		(void)mqs_fail(&s->why, why->code, "%s: a copy: %s", group, mqs_amqp_closed_text(why));
	mqs_amqp_channel_wake(s->channel);
}

/* What is to be sent next; NULL: nothing now.  With the lock held. */
static struct mqs_amqp_copy *
choose(struct mqs_amqp_copies *s)
{
	struct mqs_amqp_copy *k;

	if (s->broken || (s->careful && !TAILQ_EMPTY(&s->sent)))
		return NULL;
	s->careful = s->careful && !TAILQ_EMPTY(&s->unsent);
	if (s->careful)
		TAILQ_FOREACH(k, &s->unsent, entry)
			if (!k->closes)
				return k;
	return TAILQ_FIRST(&s->unsent);
}

static struct mqs_amqp_copy *
next_copy(struct mqs_consumer *c)
{
	struct mqs_amqp_copies *s = c->copies;
	struct mqs_amqp_copy *k = NULL;

	mqs_amqp_lock(c->connection);
	while (k == NULL && (k = choose(s)) != NULL) {
		TAILQ_REMOVE(&s->unsent, k, entry);
		if (k->held->gone) {
			TAILQ_INSERT_TAIL(&s->done, k, entry);
			k = NULL;
		} else {
			k->tag = ++s->published;
			TAILQ_INSERT_TAIL(&s->sent, k, entry);
		}
	}
	mqs_amqp_unlock(c->connection);
	return k;
}

static int
send_some(void *arg, const struct mqs_amqp_link *link, size_t *sent, struct mqs_error *err)
{
	struct mqs_consumer *c = arg;
	struct mqs_amqp_copy *k = next_copy(c);
	struct mqs_error why;
	int rc;

	if (k == NULL)
		return MQS_NOTHING;
	if ((rc = publish(c, k, link, sent, &why)) == MQS_OK)
		return MQS_OK;
	if (rc < 0) {	/* not the connection, but this message: nothing of it was sent */
		mqs_amqp_lock(c->connection);
		c->copies->published--;
		k->refused = 1;
		break_it(c->copies, c->group.name, &why);
		mqs_amqp_unlock(c->connection);
		return MQS_NOTHING;
	}
	if (err != NULL)
		*err = why;
	return rc;
}

/* -------------------------------------------------------- outcomes -- */

/* Moves what is to be sent again from what was sent to a list. */
static void
take_back(struct mqs_amqp_copies *s, int all, struct mqs_amqp_copy_list *again)
{
	struct mqs_amqp_copy *k, *next;

	for (k = TAILQ_FIRST(&s->sent); k != NULL; k = next) {
		next = TAILQ_NEXT(k, entry);
		if (!all && !k->refused)
			continue;
		k->tag = 0;
		k->refused = 0;
		TAILQ_REMOVE(&s->sent, k, entry);
		TAILQ_INSERT_TAIL(again, k, entry);
	}
}

/* Those that were refused come last, so that one that never succeeds holds up no others. */
void
mqs_amqp_copies_unsend(struct mqs_amqp_copies *s, int all)
{
	struct mqs_amqp_copy_list again = TAILQ_HEAD_INITIALIZER(again);

	take_back(s, all, &again);
	if (all)
		TAILQ_CONCAT(&again, &s->unsent, entry);
	else
		TAILQ_CONCAT(&s->unsent, &again, entry);
	TAILQ_CONCAT(&s->unsent, &again, entry);
}

/* The copy is safe: the original goes, unless it was lost meanwhile. */
static void
finish(struct mqs_consumer *c, struct mqs_amqp_copy *k)
{
	struct mqs_amqp_held *h = k->held;

	c->copies->told = 0;
	if (!h->gone) {
		if (mqs_amqp_consumer_order(c, MQS_AMQP_ORDER_ACK, h->tag, NULL) != MQS_OK)
			return;		/* no memory: it stays, and is delivered again */
		k->order = c->ordered;
		mqs_amqp_consumer_enter_state(c, h, MQS_AMQP_READ);
		k->held = NULL;
		c->copies->pending--;
		c->copies->acked++;
		mqs_amqp_consumer_drop(c, h);
		mqs_amqp_channel_send_more(c->channel);
	}
	TAILQ_REMOVE(&c->copies->sent, k, entry);
	TAILQ_INSERT_TAIL(&c->copies->done, k, entry);
	if (c->copies->careful)
		mqs_amqp_channel_send_more(c->copies->channel);
}

static void
confirmed(void *arg, uint64_t tag, int multiple, int refused)
{
	struct mqs_consumer *c = arg;
	struct mqs_amqp_copy *k, *next;
	struct mqs_error why;

	/* They come almost in the order of tags. */
	for (k = TAILQ_FIRST(&c->copies->sent); k != NULL && k->tag <= tag; k = next) {
		next = TAILQ_NEXT(k, entry);
		if (k->tag != tag && !multiple)
			continue;
		if (refused)
			k->refused = 1;
		else if (!k->refused)
			finish(c, k);
	}
	if (refused) {
		(void)mqs_fail(&why, MQS_EFULL, "%s: RabbitMQ refused a copy", c->group.name);
		break_it(c->copies, c->group.name, &why);
	}
}

/* 1 if it may be what was returned. */
static int
may_be(const struct mqs_amqp_copies *s, const struct mqs_amqp_copy *k,
    const struct mqs_amqp_delivery *d)
{
	amqp_bytes_t key = mqs_amqp_held_key(k->held);

	return (k->kind == MQS_AMQP_COPY_DEAD) == mqs_amqp_bytes_are(d->exchange, s->dead_queue) &&
	    k->held->body_len == d->body_len && key.len == d->routing_key.len &&
	    (key.len == 0 || memcmp(key.bytes, d->routing_key.bytes, key.len) == 0);
}

static void
returned(void *arg, struct mqs_amqp_delivery *d)
{
	struct mqs_consumer *c = arg;
	struct mqs_amqp_copy *k;
	struct mqs_error why;

	/* Its confirm comes later. */
	TAILQ_FOREACH(k, &c->copies->sent, entry)
		if (may_be(c->copies, k, d))
			k->refused = 1;
	(void)mqs_fail(&why, MQS_ECONFIG, "%s: a copy was returned: %.*s has nowhere to put it", c->group.name,
	    (int)d->exchange.len, (const char *)d->exchange.bytes);
	break_it(c->copies, c->group.name, &why);
}

static void
closed(void *arg, int number, const struct mqs_error *why)
{
	struct mqs_consumer *c = arg;
	struct mqs_amqp_copy *only = TAILQ_FIRST(&c->copies->sent);

	if (number != 0 && c->copies->careful && only != NULL)
		only->closes = 1;
	c->copies->careful = number != 0;
	c->copies->closed = 1;
	break_it(c->copies, c->group.name, why);
}

/* Originals are lost, too (drop_all), so nothing is to be sent again. */
static void
lost(void *arg)
{
	struct mqs_consumer *c = arg;

	c->copies->careful = 0;
	mqs_amqp_copies_unsend(c->copies, 1);
}

const struct mqs_amqp_events mqs_amqp_copies_events = {
	.set_up = set_up,
	.send = send_some,
	.confirmed = confirmed,
	.returned = returned,
	.closed = closed,
	.lost = lost
};
