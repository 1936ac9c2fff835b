/* connection_frames.c - see connection.h: frames become events */
#include "amqp/connection_state.h"
#include "amqp/reply_error.h"
#include "base/clock.h"
#include "base/error.h"

/*
 * The broker has closed the channel: it wants to hear that we know.  In the middle of a body it
 * hears that only behind the body; connection_send.c comes back here then.
 */
static int
take_close(struct mqs_amqp_channel *ch, const amqp_channel_close_t *m, struct mqs_error *err)
{
	struct mqs_error why;
	int rc = mqs_amqp_fail_closed(&why, "channel", m->reply_code, m->reply_text);

	ch->close_number = m->reply_code;
	/* Out of sight (reply_error.h): another node may see it; to the owner it is never missing. */
	if (rc == MQS_EBUSY && m->reply_code == AMQP_NOT_FOUND) {
		if (!mqs_amqp_once_too_often(ch->connection, &ch->out_of_sight)) {
			*err = why;
			err->code = MQS_AMQP_LOST;
			return MQS_AMQP_LOST;
		}
		ch->close_number = AMQP_RESOURCE_ERROR;
	}
	ch->error = why;
	return ch->rest_n > 0 ? MQS_OK : mqs_amqp_channel_close_ok(ch, err);
}

int
mqs_amqp_channel_close_ok(struct mqs_amqp_channel *ch, struct mqs_error *err)
{
	amqp_channel_close_ok_t ok = { 0 };
	struct mqs_error why = ch->error;
	int number = ch->close_number, status;

	ch->close_number = 0;
	status = amqp_send_method(ch->connection->state, ch->number,
	    AMQP_CHANNEL_CLOSE_OK_METHOD, &ok);
	if (status != AMQP_STATUS_OK)
		return mqs_amqp_fail_status(err, "channel", status);
	mqs_amqp_channel_closed(ch, number, &why);
	return MQS_OK;
}

static void
confirm(struct mqs_amqp_channel *ch, uint64_t tag, int multiple, int refused)
{
	if (ch->events->confirmed != NULL)
		ch->events->confirmed(ch->arg, tag, multiple, refused);
	mqs_amqp_wake(ch->fd);
}

static int
take_method(struct mqs_amqp_channel *ch, const amqp_method_t *method, struct mqs_error *err)
{
	if (ch->questions > 0 && (method->id == AMQP_BASIC_CONSUME_OK_METHOD ||
	    method->id == AMQP_QUEUE_DECLARE_OK_METHOD)) {
		ch->questions--;
		ch->out_of_sight.n = 0;
	}
	switch (method->id) {
	case AMQP_BASIC_ACK_METHOD: {
		const amqp_basic_ack_t *m = method->decoded;

		confirm(ch, m->delivery_tag, m->multiple != 0, 0);
		break;
	}
	case AMQP_BASIC_NACK_METHOD: {
		const amqp_basic_nack_t *m = method->decoded;

		confirm(ch, m->delivery_tag, m->multiple != 0, 1);
		break;
	}
	case AMQP_BASIC_DELIVER_METHOD:
		mqs_amqp_begin_delivery(ch, method->decoded);
		break;
	case AMQP_BASIC_RETURN_METHOD:
		mqs_amqp_begin_return(ch, method->decoded);
		break;
	case AMQP_BASIC_CANCEL_METHOD:
		if (ch->events->cancelled != NULL)
			ch->events->cancelled(ch->arg,
			    ((const amqp_basic_cancel_t *)method->decoded)->consumer_tag);
		mqs_amqp_wake(ch->fd);
		break;
	case AMQP_BASIC_CONSUME_OK_METHOD:
		if (ch->events->consuming != NULL)
			ch->events->consuming(ch->arg,
			    ((const amqp_basic_consume_ok_t *)method->decoded)->consumer_tag);
		mqs_amqp_wake(ch->fd);
		break;
	case AMQP_QUEUE_DECLARE_OK_METHOD:
		if (ch->events->counted != NULL)
			ch->events->counted(ch->arg, method->decoded);
		mqs_amqp_wake(ch->fd);
		break;
	case AMQP_CHANNEL_CLOSE_METHOD:
		return take_close(ch, method->decoded, err);
	default:
		break;	/* answers that nobody waits for any more */
	}
	return MQS_OK;
}

static void
take_blocked(struct mqs_amqp_connection *c, int blocked, amqp_bytes_t reason)
{
	const char *host = c->address->hosts[c->host].shown;

	if (blocked && !c->blocked)
		mqs_amqp_note(c, "%s: the broker takes no messages (%.*s); waiting", host,
		    (int)(reason.len > 100 ? 100 : reason.len), (const char *)reason.bytes);
	else if (!blocked && c->blocked)
		mqs_amqp_note(c, "%s: the broker takes messages again", host);
	c->blocked = blocked;
}

/* What is about the connection itself. */
static int
take_connection_method(struct mqs_amqp_connection *c, const amqp_method_t *method,
    struct mqs_error *err)
{
	amqp_connection_close_ok_t ok = { 0 };
	const amqp_connection_close_t *closed;

	if (method->id == AMQP_CONNECTION_BLOCKED_METHOD) {
		take_blocked(c, 1, ((const amqp_connection_blocked_t *)method->decoded)->reason);
	} else if (method->id == AMQP_CONNECTION_UNBLOCKED_METHOD) {
		take_blocked(c, 0, amqp_empty_bytes);
	} else if (method->id == AMQP_CONNECTION_CLOSE_METHOD) {
		closed = method->decoded;
		(void)amqp_send_method(c->state, 0, AMQP_CONNECTION_CLOSE_OK_METHOD, &ok);
		return mqs_fail(err, MQS_AMQP_LOST, "connection: closed by RabbitMQ: %.*s",
		    (int)(closed->reply_text.len > 200 ? 200 : closed->reply_text.len),
		    (const char *)closed->reply_text.bytes);
	}
	return MQS_OK;
}

static struct mqs_amqp_channel *
find_channel(struct mqs_amqp_connection *c, amqp_channel_t number)
{
	struct mqs_amqp_channel *ch;

	for (ch = c->channels; ch != NULL; ch = ch->next)
		if (ch->number == number &&
		    (ch->phase == MQS_AMQP_OPEN || ch->phase == MQS_AMQP_CLOSING))
			return ch;
	return NULL;
}

int
mqs_amqp_frame(struct mqs_amqp_connection *c, const amqp_frame_t *frame, struct mqs_error *err)
{
	struct mqs_amqp_channel *ch = NULL;
	int rc = MQS_OK;

	mqs_amqp_lock(c);
	if ((ch = find_channel(c, frame->channel)) != NULL && ch->questions > 0)
		ch->heard = mqs_boottime();
	if (frame->channel == 0 && frame->frame_type == AMQP_FRAME_METHOD)
		rc = take_connection_method(c, &frame->payload.method, err);
	else if (ch == NULL)
		;	/* it was closed meanwhile */
	else if (frame->frame_type == AMQP_FRAME_METHOD)
		rc = take_method(ch, &frame->payload.method, err);
	else if (frame->frame_type == AMQP_FRAME_HEADER)
		mqs_amqp_take_header(ch, frame);
	else if (frame->frame_type == AMQP_FRAME_BODY)
		mqs_amqp_take_body(ch, frame);
	if (rc == MQS_OK && (ch == NULL || ch->phase == MQS_AMQP_GONE ||
	    ch->in.begun == 0 || ch->in.own))
		amqp_maybe_release_buffers_on_channel(c->state, frame->channel);
	mqs_amqp_unlock(c);
	return rc;
}
