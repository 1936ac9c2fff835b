/* publisher_events.c - see publisher.h: what the thread does for a publisher */
#include <sys/mman.h>

#include "amqp/answer.h"
#include "amqp/call.h"
#include "amqp/publisher_delay.h"
#include "amqp/publisher_events.h"
#include "amqp/table.h"
#include "amqp/topology.h"
#include "base/clock.h"
#include "base/error.h"

/* Bytes of bodies that may be on their way; one body may exceed it alone. */
#define IN_FLIGHT	(16u << 20)

static int
set_up(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	static const struct mqs_amqp_queue_settings settings = MQS_AMQP_QUEUE_SETTINGS_INIT;
	struct mqs_publisher *p = arg;
	/* A queue that is made here retains, so it could not be told whether a group gets a message. */
	int create = (p->spool->options.flags & MQS_AUTOCREATE) != 0 &&
	    (p->options.flags & MQS_MANDATORY) == 0, rc;

	if (!p->opened) {
		rc = mqs_amqp_queue_open(link, p->queue, create, &settings, &p->stream,
		    &p->made, err);
		if (rc == MQS_ENOENT)
			return mqs_amqp_no_queue(p->spool, p->queue, err);
		if (rc != MQS_OK ||
		    (rc = mqs_amqp_publisher_delays_again(p, link, err)) != MQS_OK)
			return rc;
		/* A stream takes everything, so nothing would ever be returned. */
		if (p->stream && (p->options.flags & MQS_MANDATORY) != 0)
			return mqs_fail(err, MQS_ENOTSUP, "%s: the amqp engine can't tell whether a "
			    "group gets a message of a queue that retains messages (--mandatory; it "
			    "can with retain=0)", p->queue);
		p->opened = 1;
	}
	(void)amqp_confirm_select(link->state, link->number);
	return mqs_amqp_answer(link, p->queue, err);
}

/* ---------------------------------------------------------- outcomes -- */

static size_t
body_size(const struct mqs_publisher *p, const struct mqs_amqp_pending *e)
{
	const struct mqs_large *large = p->shapes[e->shape].message.large;

	return large == NULL ? e->body_len : (size_t)large->size;
}

static void
unmap(struct mqs_publisher *p, const struct mqs_amqp_pending *e)
{
	struct mqs_amqp_shape *s = &p->shapes[e->shape];

	if (s->map != NULL)
		(void)munmap(s->map, body_size(p, e));
	s->map = NULL;
}

/* With the lock held. */
static void
settle(struct mqs_publisher *p, struct mqs_amqp_pending *e, enum mqs_amqp_outcome outcome)
{
	if (e->outcome != MQS_AMQP_WAITING)
		return;
	e->outcome = (unsigned char)outcome;
	p->settled++;
	p->refused += outcome == MQS_AMQP_REFUSED;
	p->impossible += outcome == MQS_AMQP_IMPOSSIBLE;
	if (e->sent)
		p->in_flight -= body_size(p, e);
	e->sent = 0;
	unmap(p, e);
}

static void
on_stored(void *arg, uint32_t message)
{
	struct mqs_publisher *p = arg;

	/* One that was returned is confirmed, too. */
	if (p->batch[message].outcome == MQS_AMQP_WAITING)
		p->nowhere = 0;
	settle(p, &p->batch[message], MQS_AMQP_STORED);
}

static void
on_refused(void *arg, uint32_t message)
{
	struct mqs_publisher *p = arg;

	settle(p, &p->batch[message], MQS_AMQP_REFUSED);
}

static void
confirmed(void *arg, uint64_t tag, int multiple, int refused)
{
	struct mqs_publisher *p = arg;

	mqs_amqp_confirms_take(&p->confirms, tag, multiple, refused ? on_refused : on_stored, p);
	if (p->flushing && p->next < p->n)
		mqs_amqp_channel_send_more(p->channel);
}

/* Nothing that is not confirmed counts as sent. */
static void
unsend(struct mqs_publisher *p)
{
	size_t i;

	mqs_amqp_confirms_reset(&p->confirms);
	p->consumes = 0;
	p->next = 0;
	p->in_flight = 0;
	for (i = 0; p->flushing && i < p->n; i++) {
		p->batch[i].sent = 0;
		unmap(p, &p->batch[i]);
	}
	if (p->flushing)
		mqs_amqp_channel_send_more(p->channel);
}

static void
lost(void *arg)
{
	struct mqs_publisher *p = arg;

	p->opened = 0;
	p->unbound = MQS_AMQP_BOUND;
	unsend(p);
}

static void
closed(void *arg, int number, const struct mqs_error *why)
{
	struct mqs_publisher *p = arg;

	p->closed = number == 0 ? -1 : number;
	p->why = *why;
	unsend(p);
}

/* One that no queue took, not even the stream. */
static void
unbound(struct mqs_publisher *p, struct mqs_amqp_pending *e)
{
	if (p->unbound == MQS_AMQP_BOUND && p->nowhere == 0)
		mqs_amqp_note(p->connection, p->stream ? "%s: its stream is not bound to it any more; "
		    "opening it again" : "%s: no queue takes what is published to it; looking again",
		    p->queue);
	p->unbound = p->stream ? MQS_AMQP_UNBOUND : MQS_AMQP_NO_STREAM;
	settle(p, e, MQS_AMQP_REFUSED);
}

/* A message that no queue took; its confirm comes later, and counts for nothing. */
static void
returned(void *arg, struct mqs_amqp_delivery *d)
{
	struct mqs_publisher *p = arg;
	const amqp_table_t *headers = &d->properties->headers;
	int64_t ns = 0;
	size_t i;
	int h;

	for (h = 0; h < headers->num_entries; h++)
		if (mqs_amqp_bytes_are(headers->entries[h].key, "mq-id") &&
		    headers->entries[h].value.kind == AMQP_FIELD_KIND_UTF8)
			(void)mqs_amqp_id_read(headers->entries[h].value.value.bytes.bytes,
			    headers->entries[h].value.value.bytes.len, &ns);
	for (i = 0; p->flushing && i < p->n; i++) {
		if (p->batch[i].ns != ns || ns == 0 || p->batch[i].outcome != MQS_AMQP_WAITING)
			continue;
		if ((p->options.flags & MQS_MANDATORY) == 0 &&
		    mqs_amqp_bytes_are(d->exchange, p->queue)) {
			unbound(p, &p->batch[i]);
			continue;
		}
		/* The first one is told. */
		if (p->impossible == 0)
			mqs_amqp_publisher_returned(p, d, &p->why);
		settle(p, &p->batch[i], MQS_AMQP_IMPOSSIBLE);
	}
}

/* ------------------------------------------------------------ sending -- */

/* What was refused is to be sent once more, if the caller says so. */
static void
take_again(struct mqs_publisher *p)
{
	size_t i;

	mqs_amqp_lock(p->connection);
	for (i = 0; p->again && i < p->n; i++)
		if (p->batch[i].outcome == MQS_AMQP_REFUSED) {
			p->batch[i].outcome = MQS_AMQP_WAITING;
			p->settled--;
			p->refused--;
			p->next = 0;
		}
	p->again = 0;
	mqs_amqp_unlock(p->connection);
}

static void
make_impossible(struct mqs_publisher *p, struct mqs_amqp_pending *e, const struct mqs_error *why)
{
	mqs_amqp_lock(p->connection);
	p->why = *why;
	settle(p, e, MQS_AMQP_IMPOSSIBLE);
	mqs_amqp_unlock(p->connection);
	mqs_amqp_channel_wake(p->channel);
}

/* The body of a message; of a large one, its file's bytes. */
static int
body_of(struct mqs_publisher *p, const struct mqs_amqp_pending *e, amqp_bytes_t *body,
    struct mqs_error *err)
{
	struct mqs_amqp_shape *s = &p->shapes[e->shape];
	size_t n = body_size(p, e);

	*body = mqs_amqp_bytes(e->body, n);
	if (s->message.large == NULL || n == 0)
		return MQS_OK;
	if (s->map == NULL) {
		s->map = mmap(NULL, n, PROT_READ, MAP_PRIVATE, s->message.large->fd, 0);
		if (s->map == MAP_FAILED) {
			s->map = NULL;
			return mqs_fail_errno(err, "%s: body", p->queue);
		}
	}
	body->bytes = s->map;
	return MQS_OK;
}

/* Makes a message ready: its properties in p->properties, and its body. */
static int
prepare(struct mqs_publisher *p, const struct mqs_amqp_link *link, struct mqs_amqp_pending *e,
    amqp_bytes_t *body, struct mqs_error *err)
{
	struct mqs_message m = p->shapes[e->shape].message;
	char id[MQS_ID_SIZE];
	struct mqs_amqp_publish how = { .queue = p->queue, .id = id, .now = mqs_now(),
	    .direct_reply = p->direct_reply,
	    .frame_max = (uint32_t)amqp_get_frame_max(link->state) };
	int rc;

	if (e->ns == 0)
		e->ns = mqs_amqp_ids_next(&p->ids, how.now, id);
	mqs_amqp_publisher_id(p, e, id);
	if (m.large == NULL) {
		m.body = e->body;
		m.body_len = e->body_len;
	}
	if ((rc = body_of(p, e, body, err)) != MQS_OK)
		return rc;
	return mqs_amqp_properties_write(&p->properties, &m, &how, err);
}

static int
send_one(struct mqs_publisher *p, const struct mqs_amqp_link *link, size_t *sent,
    struct mqs_error *err)
{
	struct mqs_amqp_pending *e = &p->batch[p->next];
	const struct mqs_message *m = &p->shapes[e->shape].message;
	const char *exchange = p->queue;
	int mandatory = (p->options.flags & MQS_MANDATORY) != 0 || p->stream || !p->may_drop, rc;
	amqp_bytes_t body;
	struct mqs_error why;

	if ((rc = mqs_amqp_call_consume(p, link, err)) != MQS_OK)
		return rc;
	if (prepare(p, link, e, &body, &why) != MQS_OK) {
		make_impossible(p, e, &why);
		return MQS_OK;
	}
	if (p->properties.exchange != NULL) {
		exchange = p->properties.exchange;
		mandatory = 1;
	}
	rc = mqs_amqp_publish(link, mqs_amqp_text(exchange), mqs_amqp_bytes(m->key, m->key_len),
	    mandatory, &p->properties.basic, body, sent, err);
	if (rc != MQS_OK)
		return rc;
	mqs_amqp_confirms_sent(&p->confirms, (uint32_t)p->next++);
	p->in_flight += body.len;
	e->sent = 1;
	return MQS_OK;
}

static int
send_some(void *arg, const struct mqs_amqp_link *link, size_t *sent, struct mqs_error *err)
{
	struct mqs_publisher *p = arg;

	take_again(p);
	while (p->next < p->n && (p->batch[p->next].outcome != MQS_AMQP_WAITING ||
	    p->batch[p->next].sent))
		p->next++;
	/* A confirm asks for more. */
	if (p->next == p->n || mqs_amqp_confirms_full(&p->confirms))
		return MQS_NOTHING;
	if (p->in_flight > 0 && p->in_flight + body_size(p, &p->batch[p->next]) > IN_FLIGHT)
		return MQS_NOTHING;
	return send_one(p, link, sent, err);
}

void
mqs_amqp_publisher_id(const struct mqs_publisher *p, const struct mqs_amqp_pending *e,
    char id[MQS_ID_SIZE])
{
	struct mqs_amqp_ids ids = { .last = e->ns - 1, .random = p->ids.random };

	(void)mqs_amqp_ids_next(&ids, 0, id);
}

const struct mqs_amqp_events mqs_amqp_publisher_events = {
	.set_up = set_up,
	.send = send_some,
	.delivered = mqs_amqp_call_delivered,
	.confirmed = confirmed,
	.returned = returned,
	.closed = closed,
	.lost = lost
};
