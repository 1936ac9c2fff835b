/*
 * connection_frames.c - see connection.h: frames become events
 *
 * A message comes as a method (basic.deliver or basic.return), a header, and frames of the body
 * until it is complete; nothing else comes on its channel in between.  What has come is kept in
 * the channel's assembly.  Texts and properties lie in the library's memory for the channel,
 * which is released when the message is complete.  That memory has the frames of the body, too: so
 * of a body that goes to a file, they are copied, and each frame is released at once.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "amqp/connection_state.h"
#include "amqp/reply_error.h"
#include "amqp/temporary_file.h"
#include "base/error.h"

void
mqs_amqp_assembly_reset(struct mqs_amqp_assembly *in)
{
	if (in->delivery.body_fd != -1)
		(void)close(in->delivery.body_fd);
	memset(&in->delivery, 0, sizeof(in->delivery));
	in->delivery.body_fd = -1;
	in->begun = 0;
	in->have = 0;
	in->body.n = 0;
	in->own = 0;
	recycle_amqp_pool(&in->pool);
	in->failed.code = 0;
}

void
mqs_amqp_channel_closed(struct mqs_amqp_channel *ch, int number, const struct mqs_error *why)
{
	mqs_amqp_assembly_reset(&ch->in);
	ch->rest_n = 0;
	ch->error = *why;
	if (ch->phase == MQS_AMQP_CLOSING) {
		mqs_amqp_channel_remove(ch);
		mqs_amqp_wake(ch->connection->told_fd);
		return;
	}
	ch->phase = MQS_AMQP_CLOSED;
	if (ch->events->closed != NULL)
		ch->events->closed(ch->arg, number, why);
	mqs_amqp_wake(ch->fd);
}

/* --------------------------------------------------------- messages -- */

static void
begin_delivery(struct mqs_amqp_channel *ch, const amqp_basic_deliver_t *m)
{
	struct mqs_amqp_delivery *d = &ch->in.delivery;

	mqs_amqp_assembly_reset(&ch->in);
	d->consumer_tag = m->consumer_tag;
	d->tag = m->delivery_tag;
	d->redelivered = m->redelivered != 0;
	d->exchange = m->exchange;
	d->routing_key = m->routing_key;
	ch->in.begun = 1;
}

static void
begin_return(struct mqs_amqp_channel *ch, const amqp_basic_return_t *m)
{
	struct mqs_amqp_delivery *d = &ch->in.delivery;

	mqs_amqp_assembly_reset(&ch->in);
	d->exchange = m->exchange;
	d->routing_key = m->routing_key;
	d->reply_code = m->reply_code;
	d->reply_text = m->reply_text;
	ch->in.begun = 1;
}

/*
 * A message could not be kept (no memory, no room for a file).  Its channel is closed, so that
 * the broker takes back what is unsettled.
 */
static void
give_up(struct mqs_amqp_channel *ch)
{
	amqp_channel_close_t m = { .reply_code = AMQP_REPLY_SUCCESS };
	struct mqs_error why = ch->in.failed;

	(void)amqp_send_method(ch->connection->state, ch->number, AMQP_CHANNEL_CLOSE_METHOD, &m);
	mqs_amqp_channel_closed(ch, 0, &why);
}

/* The message is whole: its owner gets it. */
static void
complete(struct mqs_amqp_channel *ch)
{
	struct mqs_amqp_assembly *in = &ch->in;
	struct mqs_amqp_delivery *d = &in->delivery;

	d->epoch = ch->connection->epoch;
	if (d->body_fd == -1)
		d->body = in->body.n == 0 ? "" : in->body.p;
	if (in->failed.code != 0) {
		give_up(ch);
		return;
	}
	if (d->reply_code != 0) {
		if (ch->events->returned != NULL)
			ch->events->returned(ch->arg, d);
	} else if (ch->events->delivered != NULL) {
		ch->events->delivered(ch->arg, d);
	}
	mqs_amqp_assembly_reset(in);
	mqs_amqp_wake(ch->fd);
}

static int
copy(amqp_pool_t *pool, amqp_bytes_t *bytes)
{
	const amqp_bytes_t from = *bytes;

	if (from.len == 0)
		return 0;
	amqp_pool_alloc_bytes(pool, from.len, bytes);
	if (bytes->bytes == NULL)
		return -1;
	memcpy(bytes->bytes, from.bytes, from.len);
	return 0;
}

/* Copies all that lies in the library's memory. */
static void
own(struct mqs_amqp_assembly *in)
{
	struct mqs_amqp_delivery *d = &in->delivery;
	void *properties = NULL;

	if (copy(&in->pool, &d->consumer_tag) == -1 || copy(&in->pool, &d->exchange) == -1 ||
	    copy(&in->pool, &d->routing_key) == -1 || copy(&in->pool, &d->reply_text) == -1 ||
	    copy(&in->pool, &d->raw_properties) == -1 ||
	    amqp_decode_properties(AMQP_BASIC_CLASS, &in->pool, d->raw_properties,
	    &properties) != AMQP_STATUS_OK) {
		(void)mqs_fail(&in->failed, MQS_ESYSTEM, "a message: no memory");
		return;
	}
	d->properties = properties;
	in->own = 1;
}

static void
take_header(struct mqs_amqp_channel *ch, const amqp_frame_t *frame)
{
	struct mqs_amqp_assembly *in = &ch->in;

	if (in->begun != 1)
		return;
	in->begun = 2;
	in->delivery.properties = frame->payload.properties.decoded;
	in->delivery.raw_properties = frame->payload.properties.raw;
	in->delivery.body_len = frame->payload.properties.body_size;
	if (in->delivery.body_len > MQS_INLINE_MAX &&
	    mqs_amqp_temporary_file(&in->delivery.body_fd, &in->failed) == MQS_OK)
		own(in);
	if (in->delivery.body_len == 0)
		complete(ch);
}

static void
take_body(struct mqs_amqp_channel *ch, const amqp_frame_t *frame)
{
	struct mqs_amqp_assembly *in = &ch->in;
	amqp_bytes_t part = frame->payload.body_fragment;

	if (in->begun != 2)
		return;
	in->have += part.len;
	if (in->failed.code != 0)
		;	/* what follows is skipped */
	else if (in->delivery.body_fd != -1)
		(void)mqs_amqp_temporary_write(in->delivery.body_fd, part.bytes, part.len,
		    &in->failed);
	else if (mqs_buf_add(&in->body, part.bytes, part.len) != 0)
		(void)mqs_fail_errno(&in->failed, "a message");
	if (in->have >= in->delivery.body_len)
		complete(ch);
}

/* ---------------------------------------------------------- methods -- */

/*
 * The broker has closed the channel: it wants to hear that we know.  In the middle of a body it
 * hears that only behind the body; connection_send.c comes back here then.
 */
static int
take_close(struct mqs_amqp_channel *ch, const amqp_channel_close_t *m, struct mqs_error *err)
{
	struct mqs_error why;

	(void)mqs_amqp_fail_closed(&why, "channel", m->reply_code, m->reply_text);
	ch->close_number = m->reply_code;
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
		begin_delivery(ch, method->decoded);
		break;
	case AMQP_BASIC_RETURN_METHOD:
		begin_return(ch, method->decoded);
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
	if (frame->channel == 0 && frame->frame_type == AMQP_FRAME_METHOD)
		rc = take_connection_method(c, &frame->payload.method, err);
	else if ((ch = find_channel(c, frame->channel)) == NULL)
		;	/* it was closed meanwhile */
	else if (frame->frame_type == AMQP_FRAME_METHOD)
		rc = take_method(ch, &frame->payload.method, err);
	else if (frame->frame_type == AMQP_FRAME_HEADER)
		take_header(ch, frame);
	else if (frame->frame_type == AMQP_FRAME_BODY)
		take_body(ch, frame);
	if (rc == MQS_OK && (ch == NULL || ch->phase == MQS_AMQP_GONE ||
	    ch->in.begun == 0 || ch->in.own))
		amqp_maybe_release_buffers_on_channel(c->state, frame->channel);
	mqs_amqp_unlock(c);
	return rc;
}
