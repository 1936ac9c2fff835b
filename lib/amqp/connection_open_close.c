/* connection_open_close.c - see connection.h: the thread opens and closes channels for their owners */
#include "amqp/answer.h"
#include "amqp/connection_state.h"
#include "amqp/reply_error.h"
#include "base/clock.h"
#include "base/error.h"

/* A request ends when its connection was of no use for it so often, and for so many heartbeats. */
#define REFUSALS	20
#define REFUSED_BEATS	6

int
mqs_amqp_once_too_often(struct mqs_amqp_connection *c, struct mqs_amqp_refusals *r)
{
	const int64_t now = mqs_boottime();

	if (r->n++ == 0)
		r->since = now;
	else
		c->untold = 1;
	return r->n >= REFUSALS &&
	    now - r->since >= REFUSED_BEATS * c->configuration->heartbeat * MQS_SECOND;
}

int
mqs_amqp_refused(struct mqs_amqp_connection *c, struct mqs_amqp_refusals *r, int rc,
    struct mqs_error *err)
{
	int number = 0, last;

	if (rc == MQS_AMQP_LOST)
		number = mqs_amqp_reply_number(amqp_get_rpc_reply(c->state));
	else
		r->n = 0;
	/* 404: out of sight (answer.h). */
	if (number != AMQP_RESOURCE_ERROR && number != AMQP_INTERNAL_ERROR && number != AMQP_NOT_FOUND)
		return 0;
	mqs_amqp_lock(c);
	last = mqs_amqp_once_too_often(c, r);
	mqs_amqp_unlock(c);
	if (!last)
		return 0;
	err->code = MQS_EBUSY;
	return 1;
}

struct mqs_amqp_link
mqs_amqp_link_of(const struct mqs_amqp_connection *c, struct mqs_amqp_channel *ch)
{
	return (struct mqs_amqp_link){ .state = c->state, .epoch = c->epoch, .channel = ch,
	    .number = ch == NULL ? MQS_AMQP_JOB_CHANNEL : ch->number };
}

/* Opens a channel and lets its owner set it up. */
static int
open_and_set_up(struct mqs_amqp_connection *c, struct mqs_amqp_channel *ch,
    struct mqs_error *why)
{
	struct mqs_amqp_link link = mqs_amqp_link_of(c, ch);
	int rc;

	(void)amqp_channel_open(c->state, ch->number);
	if ((rc = mqs_amqp_answer(&link, "channel", why)) != MQS_OK)
		return rc;
	if ((rc = ch->events->set_up(ch->arg, &link, why)) == MQS_OK || rc == MQS_AMQP_LOST)
		return rc;
	/* It failed; the channel is open (answer.h). */
	if (amqp_channel_close(c->state, ch->number, AMQP_REPLY_SUCCESS).reply_type !=
	    AMQP_RESPONSE_NORMAL)
		return mqs_fail(why, MQS_AMQP_LOST, "%s", why->text);
	return rc;
}

/* What became of opening a channel.  With the lock held. */
static void
opened(struct mqs_amqp_channel *ch, int rc, const struct mqs_error *why)
{
	ch->begun = rc == MQS_OK;
	if (rc != MQS_OK && ch->phase == MQS_AMQP_CLOSING) {
		mqs_amqp_channel_remove(ch);
	} else if (rc != MQS_OK && !ch->asked) {
		mqs_amqp_channel_closed(ch, 0, why);
	} else if (ch->phase == MQS_AMQP_OPENING) {
		ch->phase = rc == MQS_OK ? MQS_AMQP_OPEN : MQS_AMQP_CLOSED;
		ch->error = *why;
		ch->asked = 0;
	}
	mqs_amqp_wake(ch->connection->told_fd);
}

static int
open_channel(struct mqs_amqp_connection *c, struct mqs_amqp_channel *ch, struct mqs_error *err)
{
	struct mqs_error why = { 0 };
	int rc = open_and_set_up(c, ch, &why);
	int refused = mqs_amqp_refused(c, &ch->refusals, rc, &why);

	amqp_maybe_release_buffers_on_channel(c->state, ch->number);
	if (rc == MQS_AMQP_LOST)
		*err = why;
	if (rc != MQS_AMQP_LOST || refused) {
		mqs_amqp_lock(c);
		opened(ch, rc, &why);
		mqs_amqp_unlock(c);
	}
	return rc == MQS_AMQP_LOST ? rc : MQS_OK;
}

/* Closes a channel for its owner, who frees it then. */
static int
close_channel(struct mqs_amqp_connection *c, struct mqs_amqp_channel *ch, struct mqs_error *err)
{
	amqp_rpc_reply_t reply = amqp_channel_close(c->state, ch->number, AMQP_REPLY_SUCCESS);
	int rc = mqs_amqp_fail_reply(err, "channel", reply);

	amqp_maybe_release_buffers_on_channel(c->state, ch->number);
	return rc == MQS_AMQP_LOST ? rc : MQS_OK;
}

static void
forget_channel(struct mqs_amqp_connection *c, struct mqs_amqp_channel *ch)
{
	mqs_amqp_lock(c);
	mqs_amqp_channel_remove(ch);
	mqs_amqp_wake(c->told_fd);
	mqs_amqp_unlock(c);
}

int
mqs_amqp_change_channel(struct mqs_amqp_connection *c, struct mqs_error *err)
{
	struct mqs_amqp_channel *ch;
	enum mqs_amqp_channel_phase phase = MQS_AMQP_OPEN;
	int begun = 0, rc;

	mqs_amqp_lock(c);
	for (ch = c->channels; ch != NULL; ch = ch->next)
		if (ch->phase == MQS_AMQP_OPENING || ch->phase == MQS_AMQP_CLOSING) {
			phase = ch->phase;
			begun = ch->begun;
			break;
		}
	mqs_amqp_unlock(c);
	if (ch == NULL)
		return MQS_NOTHING;
	if (phase == MQS_AMQP_OPENING)
		return open_channel(c, ch, err);
	/* One that was not opened is none to the broker, who would end the connection (504). */
	if (begun && (rc = close_channel(c, ch, err)) != MQS_OK)
		return rc;
	forget_channel(c, ch);
	return MQS_OK;
}
