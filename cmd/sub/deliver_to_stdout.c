/*
 * sub/deliver_to_stdout.c - delivering messages to stdout
 *
 * One loop: claim messages, print them into a buffer straight from the library's
 * snapshot, give the snapshot up (mqs_consumer_rest), write as much as stdout takes,
 * settle what was taken, and wait.  Nothing but the end of the loop waits, and it waits
 * for everything at once: for room, for messages, for a signal.  Nothing tells when a
 * pipe's reader has read.  So while the pipe is not empty, the wait is short, and
 * doubles from 50 us to 20 ms.  Only a large body is written to its end, whatever stdout
 * takes; who settles by asking this process (sub.serves) is answered meanwhile, as the reader
 * may be waiting for that before it reads on.
 *
 * When a signal asks to stop, messages of which no byte was written are taken back.  A
 * message that was begun is written to its end.  Then the loop waits until the reader
 * has taken the rest or goes away.  A reader that goes away is no error: the messages
 * that it did not take are released.
 */
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "common/signals.h"
#include "mqspool.h"
#include "sub/consumer.h"
#include "sub/deliver_to_stdout.h"
#include "sub/prefetch.h"
#include "sub/stdout_acks.h"
#include "sub/stdout_receipts.h"
#include "sub/stdout_writer.h"
#include "sub/sub.h"

#define PRINT_TO	((size_t)128 * 1024)	/* fill the buffer up to this */
#define PRINT_BELOW	((size_t)64 * 1024)	/* once it is down to this */
#define PIPE_BYTES	(1 << 20)
#define LOOK_FIRST	(50 * MQS_MSEC / 1000)
#define LOOK_LAST	(20 * MQS_MSEC)

struct stream {
	struct sub	*sub;
	struct stdout_writer	 out;
	struct stdout_receipts	 manual;
	struct prefetch	 ahead;		/* of what is to be acked */
	struct mqs_buf	 kept;		/* of a large message: what was borrowed */
	int64_t		 look_after;	/* for what the reader takes next */
	size_t		 outstanding;	/* printed and not done with, at the last look */
	struct mqs_error late;		/* why no more could be printed (code 0: it could) */
};

static int
is_manual(const struct stream *t)
{
	return t->sub->options.flags & MQS_MANUAL;
}

/*
 * Copies what is borrowed of a large message, so that the snapshot can be given up.
 * m->body_fd is then a descriptor of our own.
 */
static int
keep_large(struct stream *t, struct mqs_message *m, struct mqs_error *err)
{
	struct mqs_buf *k = &t->kept;
	size_t headers, id;

	k->n = 0;
	if (mqs_buf_reserve(k, m->key_len + m->headers_len + m->message_id_len + 2) != 0)
		return mqs_fail_errno(err, "a large message");
	(void)mqs_buf_add(k, m->key != NULL ? m->key : "", m->key_len);
	(void)mqs_buf_addc(k, '\0');
	headers = k->n;
	(void)mqs_buf_add(k, m->headers != NULL ? m->headers : "", m->headers_len);
	id = k->n;
	if (m->message_id != NULL)
		(void)mqs_buf_add(k, m->message_id, m->message_id_len);
	(void)mqs_buf_addc(k, '\0');
	if ((m->body_fd = fcntl(m->body_fd, F_DUPFD_CLOEXEC, 3)) == -1)
		return mqs_fail_errno(err, "a large message");
	m->key = k->p;
	m->headers = k->p + headers;
	if (m->message_id != NULL)
		m->message_id = k->p + id;
	return MQS_OK;
}

static int
print_one(struct stream *t, struct mqs_message *m, struct mqs_error *err)
{
	struct sub *s = t->sub;
	char receipt[MQS_RECEIPT_SIZE];
	struct mqs_envelope_place place = { .queue = s->queue, .queue_uuid = s->queue_uuid,
	    .group = s->group };
	int rc;

	if (is_manual(t) || s->printer.json || s->printer.format != NULL)
		place.receipt = mqs_consumer_receipt(s->consumer, m, receipt);
	if (m->body != NULL || m->body_fd == -1)
		return writer_print(&t->out, m, &place, err);
	if ((rc = keep_large(t, m, err)) != MQS_OK)
		return rc;
	mqs_consumer_rest(s->consumer);
	rc = writer_print(&t->out, m, &place, err);
	(void)close(m->body_fd);
	return rc;
}

/* Whether the error is about one message, and what was printed has yet to be taken. */
static int
can_wait(const struct stream *t, int rc)
{
	return rc == MQS_EDAMAGED && !is_manual(t) && t->out.n > 0;
}

/* A damaged message: what was printed before it is delivered first. */
static int
end_later(struct stream *t, int rc, const struct mqs_error *err)
{
	if (rc >= 0 || rc == MQS_EINTR || t->late.code != MQS_OK ||
	    (writer_waiting(&t->out) == 0 && !can_wait(t, rc)))
		return rc == MQS_NOTHING ? MQS_OK : rc;
	t->late = *err;
	t->sub->ending = 1;
	t->sub->unread = 0;
	return MQS_OK;
}

/* Prints what was claimed until the buffer is full. */
static int
fill(struct stream *t, struct mqs_error *err)
{
	struct mqs_message m = MQS_MESSAGE_INIT;
	struct sub *s = t->sub;
	int rc = MQS_OK;

	if (s->unread == 0 || writer_waiting(&t->out) > PRINT_BELOW)
		return MQS_OK;
	while (s->unread > 0 && rc == MQS_OK && !t->out.gone &&
	    writer_waiting(&t->out) < PRINT_TO)
		if ((rc = sub_next(s, &m, err)) == MQS_OK)
			rc = print_one(t, &m, err);
	mqs_consumer_rest(s->consumer);
	return end_later(t, rc, err);
}

/* For how long the reader may yet take nothing before what waits is given back. */
static int64_t
patience(const struct stream *t)
{
	if (is_manual(t) || t->sub->unread == 0)
		return -1;
	return prefetch_patience(&t->ahead, t->sub->unread + t->out.n);
}

static int
give_back(struct stream *t, struct mqs_error *err)
{
	if (patience(t) != 0)
		return MQS_OK;
	prefetch_gave_back(&t->ahead);
	return end_later(t, sub_give_back(t->sub, err), err);
}

/* How many messages may be claimed now. */
static size_t
room(const struct stream *t)
{
	const struct sub *s = t->sub;

	if (s->unread > 0 || writer_waiting(&t->out) > PRINT_BELOW)
		return 0;
	if (!is_manual(t))
		return t->ahead.hold > t->out.n ? t->ahead.hold - t->out.n : 0;
	if (s->options.lease == 0)
		return SUB_CLAIM_MAX;
	if (writer_waiting(&t->out) > 0 || !s->look)
		return 0;
	return receipts_room(&t->manual, &t->out);
}

/* Notes what was written and taken; makes way for a stop. */
static int
account(struct stream *t, struct mqs_error *err)
{
	struct sub *s = t->sub;
	size_t before;
	int rc;

	if (stopping) {
		s->unread = 0;
		writer_drop(&t->out, writer_unbegun(&t->out));
	}
	before = t->out.n;
	if (is_manual(t))
		rc = receipts_mark(s, &t->manual, &t->out, err);
	else
		rc = stdout_ack(s, &t->out, err);
	prefetch_done(&t->ahead, before - t->out.n);
	if (rc == MQS_OK && s->options.lease != 0 && writer_waiting(&t->out) > 0)
		rc = receipts_give_back(s, &t->manual, &t->out, err);
	return rc == MQS_OK ? sub_flush_due(s, err) : rc;
}

static int
finished(const struct stream *t)
{
	const struct sub *s = t->sub;

	if (t->out.gone)
		return 1;
	if (s->unread > 0 || writer_waiting(&t->out) > 0)
		return 0;
	if (!stopping && !s->ending && (s->count == 0 || s->read < s->count))
		return 0;
	return is_manual(t) || t->out.n == 0;
}

static int
wait_for_more(struct stream *t, struct mqs_error *err)
{
	struct pollfd fds[2] = { { 0 }, { .fd = t->out.fd } };
	struct sub *s = t->sub;
	int64_t most = patience(t);
	int rc;

	if (t->out.n != t->outstanding)
		t->look_after = LOOK_FIRST;
	t->outstanding = t->out.n;
	if (t->out.kind == WRITER_FILE)
		fds[1].fd = -1;
	if (writer_waiting(&t->out) > 0 || (s->options.lease != 0 && s->look))
		fds[1].events = POLLOUT;
	if (t->out.n > 0 && t->out.kind == WRITER_PIPE) {
		if (most < 0 || t->look_after < most)
			most = t->look_after;
		t->look_after *= 2;
		if (t->look_after > LOOK_LAST)
			t->look_after = LOOK_LAST;
	}
	if ((rc = sub_wait(s, fds, 2, 0, most, err)) != MQS_OK)
		return rc;
	if (fds[1].revents & (POLLERR | POLLHUP))
		t->out.gone = 1;
	return MQS_OK;
}

/* While stdout takes no more of a large body. */
static void
wait_for_room(void *arg)
{
	struct stream *t = arg;
	struct pollfd fds[2] = { { 0 }, { .fd = t->out.fd, .events = POLLOUT } };
	struct mqs_error err;
	int rc = sub_wait(t->sub, fds, 2, 1, -1, &err);

	if (rc == MQS_OK)
		rc = sub_flush_due(t->sub, &err);	/* else the wait would be none until it was done */
	if (rc == MQS_OK || t->late.code != MQS_OK)
		return;
	t->late = err;		/* once this message is written */
	t->sub->ending = 1;
	t->sub->unread = 0;
}

/* Whether another turn can do something without waiting. */
static int
can_go_on(const struct stream *t)
{
	const struct sub *s = t->sub;

	if (s->unread > 0)
		return writer_waiting(&t->out) <= PRINT_BELOW;
	return s->look && sub_wants(s) && room(t) > 0;
}

static int
turn(struct stream *t, struct mqs_error *err)
{
	struct sub *s = t->sub;
	size_t printed;
	int rc;

	if (s->look && sub_wants(s) && room(t) > 0)
		prefetch_claims(&t->ahead);
	if ((rc = end_later(t, sub_claim(s, room(t), 0, err), err)) != MQS_OK ||
	    (rc = fill(t, err)) != MQS_OK)
		return rc;
	printed = writer_waiting(&t->out);
	if ((rc = writer_write(&t->out, err)) != MQS_OK)
		return rc;
	if (printed > 0 && writer_waiting(&t->out) == 0 && s->unread == 0)
		receipts_fitted(&t->manual);
	if ((rc = account(t, err)) != MQS_OK)
		return rc;
	return give_back(t, err);
}

/*
 * The reader has gone or an error ends it: settles what had been taken by then.  The
 * error is already known; that this may fail as well means only that it is repeated.
 */
static void
leave(struct stream *t, int failed)
{
	struct sub *s = t->sub;

	s->unread = 0;
	s->printer.buf.n = t->out.off = 0;
	if (!is_manual(t)) {
		(void)stdout_ack(s, &t->out, NULL);
		return;
	}
	(void)receipts_mark(s, &t->manual, &t->out, NULL);
	if (!failed)
		(void)receipts_untaken(s, &t->manual, &t->out, NULL);
}

int
deliver_to_stdout(struct sub *s, struct mqs_error *err)
{
	struct stream t = { .sub = s, .look_after = LOOK_FIRST };
	int rc;

	prefetch_init(&t.ahead, s->hold, s->options.prefetch);
	if ((rc = writer_init(&t.out, &s->printer, err)) != MQS_OK)
		return rc;
	if (s->serves)
		writer_wait_with(&t.out, wait_for_room, &t);
	/*
	 * A larger pipe lets its reader go on while a commit is flushed.  Not under -m:
	 * what lies in the pipe has been handed out there.
	 */
	if (t.out.kind == WRITER_PIPE && !is_manual(&t))
		(void)fcntl(t.out.fd, F_SETPIPE_SZ, PIPE_BYTES);
	while ((rc = turn(&t, err)) == MQS_OK && !finished(&t))
		if (!can_go_on(&t) && (rc = wait_for_more(&t, err)) != MQS_OK)
			break;
	if (rc != MQS_OK || t.out.gone)
		leave(&t, rc != MQS_OK);
	if (rc == MQS_OK && t.late.code != MQS_OK) {
		*err = t.late;
		rc = t.late.code;
	}
	writer_free(&t.out);
	mqs_buf_free(&t.kept);
	return rc;
}
