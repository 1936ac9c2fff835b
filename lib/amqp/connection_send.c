/*
 * connection_send.c - see connection.h: bursts, and bodies that are larger than one
 *
 * A burst begins only when poll(2) says that the socket is writable.  Its buffer (login.c) has
 * room then for the largest frame, or for a burst of small ones.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "amqp/connection_state.h"
#include "amqp/login.h"
#include "amqp/reply_error.h"
#include "base/clock.h"

/* Bytes that a frame has beside its payload. */
#define FRAME_BYTES	8
/* About what a small message has beside its body: three frames, exchange, key, properties. */
#define AROUND_BODY	400

static int
writable(int fd)
{
	struct pollfd polled = { .fd = fd, .events = POLLOUT };

	return poll(&polled, 1, 0) > 0;
}

/*
 * Keeps the kernel from sending each frame by itself, which costs both sides more than the frame.
 * It is no failure if the kernel can't.
 */
static void
cork(int fd, int on)
{
	(void)setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof(on));
}

/* Sends the next frame of a body of which not all was sent. */
static int
send_rest(struct mqs_amqp_channel *ch, const struct mqs_amqp_link *link, size_t *sent,
    struct mqs_error *err)
{
	size_t most = (size_t)amqp_get_frame_max(link->state) - FRAME_BYTES;
	amqp_frame_t frame = { .frame_type = AMQP_FRAME_BODY, .channel = link->number };
	int status;

	frame.payload.body_fragment.len = ch->rest_n < most ? ch->rest_n : most;
	frame.payload.body_fragment.bytes = (void *)(uintptr_t)ch->rest;
	if ((status = amqp_send_frame(link->state, &frame)) != AMQP_STATUS_OK)
		return mqs_amqp_fail_status(err, "publishing", status);
	ch->rest += frame.payload.body_fragment.len;
	ch->rest_n -= frame.payload.body_fragment.len;
	*sent += frame.payload.body_fragment.len;
	return MQS_OK;
}

/* Begins a message whose body follows frame by frame. */
static int
begin_large(const struct mqs_amqp_link *link, amqp_bytes_t exchange, amqp_bytes_t key,
    int mandatory, const amqp_basic_properties_t *properties, amqp_bytes_t body)
{
	amqp_basic_publish_t method = { .exchange = exchange, .routing_key = key,
	    .mandatory = (amqp_boolean_t)mandatory };
	amqp_frame_t frame = { .frame_type = AMQP_FRAME_HEADER, .channel = link->number };
	int status = amqp_send_method(link->state, link->number, AMQP_BASIC_PUBLISH_METHOD, &method);

	if (status != AMQP_STATUS_OK)
		return status;
	frame.payload.properties.class_id = AMQP_BASIC_CLASS;
	frame.payload.properties.body_size = body.len;
	frame.payload.properties.decoded = (void *)(uintptr_t)properties;
	if ((status = amqp_send_frame(link->state, &frame)) == AMQP_STATUS_OK) {
		link->channel->rest = body.bytes;
		link->channel->rest_n = body.len;
	}
	return status;
}

int
mqs_amqp_ask(const struct mqs_amqp_link *link, amqp_method_number_t number, void *method)
{
	struct mqs_amqp_channel *ch = link->channel;

	if (ch->questions++ == 0)
		ch->heard = mqs_boottime();
	return amqp_send_method(link->state, link->number, number, method);
}

int
mqs_amqp_publish(const struct mqs_amqp_link *link, amqp_bytes_t exchange, amqp_bytes_t key,
    int mandatory, const amqp_basic_properties_t *properties, amqp_bytes_t body, size_t *sent,
    struct mqs_error *err)
{
	int status;

	*sent += AROUND_BODY;
	if (body.len > MQS_AMQP_BURST && link->channel != NULL) {
		*sent = MQS_AMQP_BURST;
		status = begin_large(link, exchange, key, mandatory, properties, body);
	} else {
		*sent += body.len;
		status = amqp_basic_publish(link->state, link->number, exchange, key,
		    (amqp_boolean_t)mandatory, 0, properties, body);
	}
	return mqs_amqp_fail_status(err, "publishing", status);
}

/* One burst of one channel: MQS_OK if it has more. */
static int
send_burst(struct mqs_amqp_channel *ch, struct mqs_error *err)
{
	struct mqs_amqp_connection *c = ch->connection;
	struct mqs_amqp_link link = { .state = c->state, .number = ch->number,
	    .epoch = c->epoch, .channel = ch };
	size_t sent = 0;
	int rc = MQS_OK;

	cork(c->fd, 1);
	while (rc == MQS_OK && sent < MQS_AMQP_BURST)
		if (ch->rest_n > 0)
			rc = send_rest(ch, &link, &sent, err);
		else
			rc = ch->close_number != 0 ? MQS_NOTHING :
			    ch->events->send(ch->arg, &link, &sent, err);
	cork(c->fd, 0);
	mqs_amqp_lock(c);
	c->written += (int64_t)sent;
	mqs_amqp_unlock(c);
	return rc;
}

/*
 * The channel after `last' that has something to send, marked as being sent; NULL if there
 * is none.  `last' may be gone by now: it is compared only.
 */
static struct mqs_amqp_channel *
next_to_send(struct mqs_amqp_connection *c, unsigned last)
{
	struct mqs_amqp_channel *ch, *found = NULL;

	mqs_amqp_lock(c);
	if (!c->blocked)
		for (ch = c->channels; ch != NULL; ch = ch->next)
			if (ch->phase == MQS_AMQP_OPEN && (ch->send || ch->rest_n > 0) &&
			    ch->number > last && (found == NULL || ch->number < found->number))
				found = ch;
	if (found != NULL) {
		found->in_send = 1;
		found->again = 0;
	}
	mqs_amqp_unlock(c);
	return found;
}

int
mqs_amqp_send_bursts(struct mqs_amqp_connection *c, struct mqs_error *err)
{
	struct mqs_amqp_channel *ch;
	unsigned last = 0;
	int rc, more = 0;

	while ((ch = next_to_send(c, last)) != NULL) {
		last = ch->number;
		rc = writable(c->fd) ? send_burst(ch, err) : MQS_OK;
		more |= rc == MQS_OK;
		mqs_amqp_lock(c);
		ch->in_send = 0;
		/* Not if the owner asked for more while it was being told that there is none. */
		if (rc == MQS_NOTHING && !ch->again)
			ch->send = 0;
		if (ch->stopping)
			mqs_amqp_wake(c->told_fd);
		if (rc == MQS_NOTHING && ch->rest_n == 0 && ch->close_number != 0 &&
		    mqs_amqp_channel_close_ok(ch, err) != MQS_OK)
			rc = MQS_AMQP_LOST;
		mqs_amqp_unlock(c);
		if (rc != MQS_OK && rc != MQS_NOTHING)
			return rc;
	}
	return more ? MQS_OK : MQS_NOTHING;
}
