/* stream_events.c - see stream_read.h: what the connection's thread does for a reader */
#include <stdio.h>
#include <string.h>

#include "amqp/answer.h"
#include "amqp/reply_error.h"
#include "amqp/stream_state.h"
#include "amqp/table.h"
#include "base/clock.h"
#include "base/error.h"

/* What an ack, a probe, or consuming anew counts for, of what may be sent at once. */
#define SMALL		100
#define TAG_SIZE	16	/* room for a consumer's tag */

/* A consumer's tag, which tells its deliveries from those of the one before. */
static amqp_bytes_t
tag_of(char buf[TAG_SIZE], unsigned consumer)
{
	(void)snprintf(buf, TAG_SIZE, "mq-%u", consumer);
	return mqs_amqp_text(buf);
}

/* Where reading goes on.  With the lock held. */
static amqp_table_entry_t
place(const struct mqs_amqp_stream *s)
{
	static const char *const words[] = { [MQS_AMQP_STREAM_FIRST] = "first",
	    [MQS_AMQP_STREAM_LAST] = "last", [MQS_AMQP_STREAM_NEXT] = "next" };
	amqp_field_value_t v = { .kind = AMQP_FIELD_KIND_I64, .value.i64 = s->start.value };

	if (s->last >= 0)
		v.value.i64 = s->last + 1;
	else if (s->start.at == MQS_AMQP_STREAM_TIME)
		v = (amqp_field_value_t){ .kind = AMQP_FIELD_KIND_TIMESTAMP,
		    .value.u64 = s->start.value < 0 ? 0 : (uint64_t)(s->start.value / MQS_SECOND) };
	else if (s->start.at != MQS_AMQP_STREAM_OFFSET)
		v = mqs_amqp_string(words[s->start.at]);
	return (amqp_table_entry_t){ .key = mqs_amqp_text("x-stream-offset"), .value = v };
}

static int
set_up(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	struct mqs_amqp_stream *s = arg;
	amqp_table_entry_t e;
	char tag[TAG_SIZE];
	uint16_t prefetch;
	int rc;

	mqs_amqp_lock(s->connection);
	e = place(s);
	if (s->to_end && s->last >= 0)
		e.value.value.i64 = s->last;	/* it comes again, unseen, and has the end looked for */
	s->epoch = link->epoch;
	s->came = s->given_back = s->acked = s->acked_before = 0;
	s->probing = MQS_AMQP_PROBE_NONE;
	s->opened = mqs_boottime();
	s->closed = s->too_slow = s->again = s->overflow = 0;
	prefetch = (uint16_t)s->prefetch;
	(void)tag_of(tag, ++s->consumer);
	mqs_amqp_unlock(s->connection);
	(void)amqp_basic_qos(link->state, link->number, 0, prefetch, 0);
	if ((rc = mqs_amqp_answer(link, s->name, err)) != MQS_OK)
		return rc;
	(void)amqp_basic_consume(link->state, link->number, mqs_amqp_text(s->name),
	    mqs_amqp_text(tag), 0, 0, 0, mqs_amqp_table(&e, 1));
	return mqs_amqp_answer(link, s->name, err);
}

/* ---------------------------------------------------------------- send -- */

/* What is answered when all that there is has been delivered. */
static int
send_probe(const struct mqs_amqp_stream *s, const struct mqs_amqp_link *link)
{
	amqp_queue_declare_t look = { .queue = mqs_amqp_text(s->name), .passive = 1 };

	return mqs_amqp_ask(link, AMQP_QUEUE_DECLARE_METHOD, &look);
}

/* Ends consuming, and begins anew behind the last message that was kept, without waiting. */
static int
consume_anew(struct mqs_amqp_stream *s, const struct mqs_amqp_link *link)
{
	char old[TAG_SIZE], new[TAG_SIZE];
	amqp_table_entry_t e;
	amqp_basic_qos_t qos = { 0 };
	amqp_basic_consume_t consume = { .queue = mqs_amqp_text(s->name) };
	amqp_basic_cancel_t cancel;
	int status;

	mqs_amqp_lock(s->connection);
	cancel = (amqp_basic_cancel_t){ .consumer_tag = tag_of(old, s->consumer) };
	consume.consumer_tag = tag_of(new, ++s->consumer);
	qos.prefetch_count = (uint16_t)s->prefetch;
	e = place(s);
	s->again = 0;
	mqs_amqp_unlock(s->connection);
	consume.arguments = mqs_amqp_table(&e, 1);
	status = amqp_send_method(link->state, link->number, AMQP_BASIC_CANCEL_METHOD, &cancel);
	if (status == AMQP_STATUS_OK)
		status = amqp_send_method(link->state, link->number, AMQP_BASIC_QOS_METHOD, &qos);
	if (status == AMQP_STATUS_OK)
		status = mqs_amqp_ask(link, AMQP_BASIC_CONSUME_METHOD, &consume);
	return status;
}

static int
send_some(void *arg, const struct mqs_amqp_link *link, size_t *sent, struct mqs_error *err)
{
	struct mqs_amqp_stream *s = arg;
	uint64_t tag = 0;
	int probe, again, status = AMQP_STATUS_OK;

	mqs_amqp_lock(s->connection);
	if (s->given_back > s->acked)
		s->acked = tag = s->given_back;
	if ((probe = s->probing == MQS_AMQP_PROBE_WANTED)) {
		s->probing = MQS_AMQP_PROBE_SENT;
		s->acked_before = s->acked;
	}
	again = s->again;
	mqs_amqp_unlock(s->connection);
	if (tag != 0) {
		status = amqp_basic_ack(link->state, link->number, tag, 1);
		*sent += SMALL;
	}
	if (status == AMQP_STATUS_OK && again) {
		status = consume_anew(s, link);
		*sent += SMALL;
	}
	if (status == AMQP_STATUS_OK && probe) {
		status = send_probe(s, link);
		*sent += SMALL;
	}
	if (status != AMQP_STATUS_OK)
		return mqs_amqp_fail_status(err, s->name, status);
	return MQS_NOTHING;
}

/* -------------------------------------------------------------- events -- */

static void
fail(struct mqs_amqp_stream *s, const struct mqs_error *why)
{
	s->closed = 1;
	s->why = *why;
}

static void
keep(struct mqs_amqp_stream *s, struct mqs_amqp_delivery *d)
{
	struct mqs_amqp_kept *k = mqs_amqp_keep(d);
	struct mqs_error why;

	if (k == NULL) {
		(void)mqs_fail_errno(&why, "%s", s->name);
		fail(s, &why);
		return;
	}
	/* A chunk may begin before the offset that was asked for. */
	if (k->offset >= 0 && k->offset <= s->last)
		k->offset = -1;
	else
		s->last = k->offset;
	*s->end = k;
	s->end = &k->next;
	mqs_amqp_stream_window_kept(s, k);
}

static void
delivered(void *arg, struct mqs_amqp_delivery *d)
{
	struct mqs_amqp_stream *s = arg;
	char tag[TAG_SIZE];

	s->came = d->tag;
	(void)tag_of(tag, s->consumer);
	if (s->closed || !mqs_amqp_bytes_are(d->consumer_tag, tag) ||
	    !mqs_amqp_stream_window_admit(s, d))
		return;
	if (s->to_end && s->probing == MQS_AMQP_PROBE_NONE) {
		s->probing = MQS_AMQP_PROBE_WANTED;
		/* Before the channel is known here, open_channel sees to it. */
		if (s->channel != NULL)
			mqs_amqp_channel_send_more(s->channel);
	}
	keep(s, d);
}

/*
 * The probe was answered.  If the prefetch was used up when the broker turned to it, there may be more,
 * and it is sent again, behind the next ack.
 */
static void
counted(void *arg, const amqp_queue_declare_ok_t *ok)
{
	struct mqs_amqp_stream *s = arg;

	(void)ok;
	if (s->overflow) {
		s->probing = MQS_AMQP_PROBE_NONE;
		return;
	}
	if (s->came - s->acked_before < s->prefetch) {
		s->probing = MQS_AMQP_PROBE_BACK;
		return;
	}
	s->probing = MQS_AMQP_PROBE_WANTED;
	if (s->acked > s->acked_before)
		mqs_amqp_channel_send_more(s->channel);
}

static void
cancelled(void *arg, amqp_bytes_t tag)
{
	struct mqs_amqp_stream *s = arg;
	struct mqs_error why;

	(void)tag;
	(void)mqs_fail(&why, MQS_ENOENT, "%s: the stream is gone", s->name);
	fail(s, &why);
}

static void
closed(void *arg, int number, const struct mqs_error *why)
{
	struct mqs_amqp_stream *s = arg;

	fail(s, why);
	if (!(s->too_slow = mqs_amqp_is_ack_timeout(number, why)) || s->told_too_slow)
		return;
	s->told_too_slow = 1;
	mqs_amqp_note(s->connection, "%s: RabbitMQ stops sending what is not read within its "
	    "consumer_timeout; reading goes on behind the last message", s->name);
}

const struct mqs_amqp_events mqs_amqp_stream_events = {
	.set_up = set_up,
	.send = send_some,
	.delivered = delivered,
	.counted = counted,
	.cancelled = cancelled,
	.closed = closed
};
