/*
 * connection_messages.c - see connection.h: frames become messages
 *
 * A message comes as a method (basic.deliver or basic.return), a header, and frames of the body
 * until it is complete; nothing else comes on its channel in between.  What has come is kept in
 * the channel's assembly.  Texts and properties lie in the library's memory for the channel,
 * which is released when the message is complete.  That memory has the frames of the body, too: so
 * of a body that goes to a file, they are copied, and each frame is released at once.
 */
#include <string.h>
#include <unistd.h>

#include "amqp/connection_state.h"
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
	ch->questions = 0;
	ch->error = *why;
	ch->begun = 0;
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

void
mqs_amqp_begin_delivery(struct mqs_amqp_channel *ch, const amqp_basic_deliver_t *m)
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

void
mqs_amqp_begin_return(struct mqs_amqp_channel *ch, const amqp_basic_return_t *m)
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

void
mqs_amqp_take_header(struct mqs_amqp_channel *ch, const amqp_frame_t *frame)
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

void
mqs_amqp_take_body(struct mqs_amqp_channel *ch, const amqp_frame_t *frame)
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
