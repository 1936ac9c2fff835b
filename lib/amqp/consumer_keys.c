/* consumer_keys.c - see consumer_keys.h */
#include "amqp/consumer_keys.h"
#include "base/clock.h"
#include "base/error.h"
#include "engine/key_order.h"

/* ------------------------------------------------- the table of busy keys -- */

static struct mqs_amqp_held **
place_of(struct mqs_consumer *c, uint64_t key)
{
	struct mqs_amqp_held **at = &c->busy[key % MQS_AMQP_BUSY_PLACES];

	while (*at != NULL && (*at)->key != key)
		at = &(*at)->next_busy;
	return at;
}

static int
busy(void *in, uint64_t key, uint64_t *id, struct mqs_error *err)
{
	const struct mqs_amqp_held *h = *place_of(in, key);

	(void)err;
	if (h == NULL)
		return MQS_NOTHING;
	*id = h->tag;
	return MQS_OK;
}

static int
set_idle(void *in, uint64_t key, struct mqs_error *err)
{
	struct mqs_amqp_held **at = place_of(in, key);

	(void)err;
	*at = (*at)->next_busy;
	return MQS_OK;
}

/* The parked ones go over from the delivery that the key was busy with before. */
static int
set_busy(void *in, uint64_t key, uint64_t id, struct mqs_error *err)
{
	struct mqs_consumer *c = in;
	struct mqs_amqp_held *h = mqs_amqp_deliveries_find(&c->deliveries, id);
	struct mqs_amqp_held **at = place_of(c, key), *before = *at;

	(void)err;
	TAILQ_INIT(&h->parked);
	if (before != NULL)
		TAILQ_CONCAT(&h->parked, &before->parked, entry);
	h->next_busy = before == NULL ? NULL : before->next_busy;
	*at = h;
	return MQS_OK;
}

static int
unpark(void *in, uint64_t key, uint64_t *id, struct mqs_error *err)
{
	struct mqs_consumer *c = in;
	struct mqs_amqp_held *busy_with = *place_of(c, key);
	struct mqs_amqp_held *h = TAILQ_FIRST(&busy_with->parked);

	(void)err;
	if (h == NULL)
		return MQS_NOTHING;
	TAILQ_REMOVE(&busy_with->parked, h, entry);
	c->parked--;
	mqs_amqp_consumer_enter_state(c, h, MQS_AMQP_UNREAD);
	*id = h->tag;
	return MQS_OK;
}

static const struct mqs_key_order order = {
	.busy = busy,
	.set_busy = set_busy,
	.set_idle = set_idle,
	.unpark = unpark
};

static uint64_t
key_of(const struct mqs_amqp_held *h)
{
	amqp_bytes_t key = mqs_amqp_held_key(h);
	const struct mqs_message m = { .key = key.bytes, .key_len = key.len };

	return mqs_key_hash(&m);
}

/* Adds it to what is here, in memory or in the file. */
static int
add(struct mqs_consumer *c, struct mqs_amqp_held **h, struct mqs_error *err)
{
	int full = c->bytes + mqs_amqp_held_size(*h) > MQS_AMQP_AHEAD_BYTES ||
	    ((*h)->body_fd != -1 && c->files >= MQS_AMQP_AHEAD_FILES), rc;

	(*h)->key = key_of(*h);
	if (full && (rc = mqs_amqp_spill_put(&c->spill, h, err)) != MQS_OK)
		return rc;
	if (mqs_amqp_deliveries_add(&c->deliveries, *h) == -1)
		return mqs_fail_errno(err, "a message");
	c->bytes += mqs_amqp_held_size(*h);
	c->files += (*h)->body_fd != -1;
	return MQS_OK;
}

int
mqs_amqp_keys_admit(struct mqs_consumer *c, struct mqs_amqp_held *h, struct mqs_error *err)
{
	int out, rc;

	if ((rc = add(c, &h, err)) != MQS_OK) {
		mqs_amqp_held_free(h);
		return rc;
	}
	/* The functions above do not fail. */
	(void)mqs_key_order_enter(&order, c, h->key, h->tag, &out, err);
	if (out) {
		mqs_amqp_consumer_enter_state(c, h, MQS_AMQP_UNREAD);
		return MQS_OK;
	}
	h->state = MQS_AMQP_PARKED;
	TAILQ_INSERT_TAIL(&(*place_of(c, h->key))->parked, h, entry);
	c->parked++;
	return MQS_OK;
}

void
mqs_amqp_keys_leave(struct mqs_consumer *c, struct mqs_amqp_held *h)
{
	c->bytes -= mqs_amqp_held_size(h);
	c->files -= h->spill == NULL && h->body_fd != -1;
	if (h->state != MQS_AMQP_PARKED) {
		(void)mqs_key_order_leave(&order, c, h->key, h->tag, NULL);
		return;
	}
	TAILQ_REMOVE(&(*place_of(c, h->key))->parked, h, entry);
	c->parked--;
}

/* ------------------------------------------------- again, by this consumer -- */

/* Sorted by when they are due; of the same moment, as they came. */
void
mqs_amqp_keys_retry(struct mqs_consumer *c, struct mqs_amqp_held *h, int64_t delay)
{
	struct mqs_amqp_held_list *list = &c->lists[MQS_AMQP_RETRYING];
	struct mqs_amqp_held *before;

	h->retries++;
	h->handed_out++;
	h->due = mqs_later(mqs_boottime(), delay);
	mqs_amqp_consumer_leave_state(c, h);
	h->state = MQS_AMQP_RETRYING;
	c->waiting++;
	before = TAILQ_LAST(list, mqs_amqp_held_list);
	while (before != NULL && before->due > h->due)
		before = TAILQ_PREV(before, mqs_amqp_held_list, entry);
	if (before == NULL)
		TAILQ_INSERT_HEAD(list, h, entry);
	else
		TAILQ_INSERT_AFTER(list, before, h, entry);
}

/* What was read is before the rest, in the order in which it was read. */
void
mqs_amqp_keys_release(struct mqs_consumer *c, struct mqs_amqp_held *h)
{
	struct mqs_amqp_held_list *list = &c->lists[MQS_AMQP_UNREAD];
	struct mqs_amqp_held *behind;

	h->handed_out++;
	mqs_amqp_consumer_leave_state(c, h);
	mqs_amqp_consumer_enter_state(c, h, MQS_AMQP_UNREAD);
	TAILQ_REMOVE(list, h, entry);
	behind = TAILQ_FIRST(list);
	while (behind != NULL && behind->number != 0 && behind->number < h->number)
		behind = TAILQ_NEXT(behind, entry);
	if (behind == NULL)
		TAILQ_INSERT_TAIL(list, h, entry);
	else
		TAILQ_INSERT_BEFORE(behind, h, entry);
}

int64_t
mqs_amqp_keys_due(struct mqs_consumer *c)
{
	struct mqs_amqp_held *h;

	while ((h = TAILQ_FIRST(&c->lists[MQS_AMQP_RETRYING])) != NULL) {
		if (h->due > mqs_boottime())
			return h->due;
		mqs_amqp_consumer_leave_state(c, h);
		h->number = 0;
		mqs_amqp_consumer_enter_state(c, h, MQS_AMQP_UNREAD);
	}
	return 0;
}
