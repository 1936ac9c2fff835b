/*
 * sub/consumer.c - claiming and settling messages, and waiting for them
 *
 * A commit costs a disk flush.  So settlements are collected and committed together with
 * the next claim: on a busy queue one commit settles thousands of messages.  If no claim
 * follows, they are committed after FLUSH_AFTER.  A kill before the commit means that
 * these messages are delivered again.
 *
 * A claim is tried when it may find something (sub.look): at the start, after a claim
 * that found messages, after a wake, and after a settling that may have made room or
 * made a message deliverable again.
 *
 * -e and -W end mq-sub when there is nothing to deliver: a claim found nothing, it was
 * not held back by a limit, and no message is being worked on.  -W counts from the last
 * moment when this was not so.  When the time is up, one more claim decides.
 *
 * Where others settle by asking the consumer (sub.serves), it is serviced in every wait, also
 * when no message is wanted: else a worker would wait for its mq-ack, that for the consumer,
 * and the consumer for the worker to take more out of the pipe.
 *
 * When a signal asks to stop, the library's waits end with MQS_EINTR.  Settling what has ended, and
 * ending in order, may still need locks or answers, and gets GRACE_MS to wait for them.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "common/signals.h"
#include "mqspool.h"
#include "sub/consumer.h"
#include "sub/signals.h"
#include "sub/sub.h"

#define FLUSH_AFTER	(10 * MQS_MSEC)
#define GRACE_MS	10000

int
sub_wants(const struct sub *s)
{
	return !stopping && !s->ending && s->status == 0 &&
	    (s->count == 0 || s->read + s->unread < s->count);
}

static int
idle_too_long(const struct sub *s)
{
	return s->idle >= 0 && mqs_boottime() - s->idle_since >= s->idle;
}

int
sub_claim(struct sub *s, size_t max, int busy, struct mqs_error *err)
{
	size_t got = 0;
	int held = 0, rc;

	if (!sub_wants(s) || !s->look || max == 0)
		return MQS_OK;
	if (s->count != 0 && max > s->count - s->read - s->unread)
		max = (size_t)(s->count - s->read - s->unread);
	if (max > SUB_CLAIM_MAX)
		max = SUB_CLAIM_MAX;
	rc = mqs_consumer_claim(s->consumer, max, &got, &held, err);
	if (rc == MQS_EINTR && stopping)
		return MQS_OK;
	if (rc < 0)
		return rc;
	s->collected = 0;
	s->unread += got;
	s->look = got > 0;
	s->held = held;
	if (got > 0 || (held && held != MQS_UNREACHABLE) || busy || s->unread > 0)
		s->idle_since = mqs_boottime();
	else if (held && s->idle > 0 && idle_too_long(s))
		return mqs_fail(err, MQS_EBUSY, "%s/%s: the cluster could not be reached in time",
		    s->queue, s->group);
	else if (!held && idle_too_long(s))
		s->ending = 1;
	return MQS_OK;
}

int
sub_next(struct sub *s, struct mqs_message *m, struct mqs_error *err)
{
	int rc = mqs_consumer_next(s->consumer, m, err);

	if (rc == MQS_NOTHING)
		s->unread = 0;		/* the rest of it was removed meanwhile */
	if (rc != MQS_OK)
		return rc;
	s->read++;
	if (s->unread > 0)
		s->unread--;
	return MQS_OK;
}

/* n more are collected. */
static void
collected(struct sub *s, size_t n)
{
	if (s->collected == 0)
		s->flush_by = mqs_boottime() + FLUSH_AFTER;
	s->collected += n;
	if (s->held)
		s->look = 1;
}

int
sub_settle(struct sub *s, const struct mqs_settlement *how, struct mqs_error *err)
{
	int rc;

	stop_grace(GRACE_MS);
	if ((rc = mqs_consumer_settle(s->consumer, how, err)) != MQS_OK)
		return rc;
	collected(s, 1);
	if (how->verb != MQS_ACK)
		s->look = 1;
	return MQS_OK;
}

int
sub_done(struct sub *s, const struct mqs_message *m, struct mqs_error *err)
{
	const struct mqs_settlement ack = { .verb = MQS_ACK, .seq = m->seq,
	    .lease = m->lease };
	int rc;

	s->delivered++;
	rc = sub_settle(s, &ack, err);
	return rc == MQS_OK ? MQS_NOTHING : rc;
}

int
sub_give_back(struct sub *s, struct mqs_error *err)
{
	struct mqs_settlement how = { .verb = MQS_RELEASE };
	struct mqs_message m = MQS_MESSAGE_INIT;
	int rc = MQS_OK;

	while (s->unread > 0 && (rc = sub_next(s, &m, err)) == MQS_OK) {
		how.seq = m.seq;
		how.lease = m.lease;
		s->read--;
		if ((rc = sub_settle(s, &how, err)) != MQS_OK)
			break;
	}
	mqs_consumer_rest(s->consumer);
	return rc == MQS_NOTHING ? MQS_OK : rc;
}

int
sub_ack_through(struct sub *s, uint64_t seq, uint64_t lease, size_t n,
    struct mqs_error *err)
{
	int rc = mqs_consumer_ack_through(s->consumer, seq, lease, n, err);

	if (rc == MQS_OK)
		collected(s, n);
	return rc;
}

int
sub_flush(struct sub *s, struct mqs_error *err)
{
	int rc;

	if (s->collected == 0)
		return MQS_OK;
	stop_grace(GRACE_MS);
	if ((rc = mqs_consumer_flush(s->consumer, err)) == MQS_OK)
		s->collected = 0;
	return rc;
}

int
sub_is_due(const struct sub *s)
{
	return s->collected > 0 && mqs_boottime() >= s->flush_by;
}

int
sub_flush_due(struct sub *s, struct mqs_error *err)
{
	return sub_is_due(s) ? sub_flush(s, err) : MQS_OK;
}

int64_t
sooner(int64_t a, int64_t b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return a < b ? a : b;
}

static int64_t
until(int64_t then)
{
	int64_t left = then - mqs_boottime();

	return left > 0 ? left : 0;
}

int
sub_wait(struct sub *s, struct pollfd *fds, nfds_t n, int busy, int64_t most,
    struct mqs_error *err)
{
	int wanted = sub_wants(s) && !s->look;
	int away = s->held == MQS_UNREACHABLE;
	int idle = wanted && s->idle >= away && !busy && (!s->held || away) && s->unread == 0;
	int rc;

	fds[0] = (struct pollfd){ .fd = -1, .events = POLLIN };
	if (wanted || s->serves)
		fds[0].fd = mqs_consumer_fd(s->consumer);
	if (s->collected > 0)
		most = sooner(most, until(s->flush_by));
	if (idle && s->idle < INT64_MAX - s->idle_since)
		most = sooner(most, until(s->idle_since + s->idle));
	if (sub_poll(fds, n, most) != 0)
		return mqs_fail_errno(err, "waiting");
	if (fds[0].fd != -1 && fds[0].revents != 0) {
		rc = mqs_consumer_service(s->consumer, err);
		if (rc < 0 && !(rc == MQS_EINTR && stopping)) {
			s->serves = 0;	/* nobody could settle any more */
			return rc;
		}
		s->look = 1;
	}
	if (idle && idle_too_long(s))
		s->look = 1;
	return MQS_OK;
}

int
sub_close(struct sub *s, struct mqs_error *err)
{
	stop_grace(GRACE_MS);
	return mqs_consumer_close(s->consumer, err);
}
