/* publisher_flush.c - see publisher.h: a batch is published, and waited for */
#include <sys/mman.h>

#include <string.h>

#include "amqp/publisher.h"
#include "amqp/publisher_events.h"
#include "amqp/publisher_limit.h"
#include "amqp/reply_error.h"
#include "amqp/stall.h"
#include "base/clock.h"
#include "base/error.h"

/*
 * How often messages that were refused are sent again: after 0.1, 0.2, ... 1.6, 1.6 s, for a minute.
 * A broker refuses them, too, while a queue's leader is gone and the next is not known.
 */
#define ROUNDS		40
#define FEW_ROUNDS	5	/* where no queue is there to take it */
#define FIRST_PAUSE	(MQS_SECOND / 10)
#define DOUBLINGS	4
/* How often a channel that the broker has closed is opened again for one batch. */
#define REOPENINGS	3
/* How long the confirms of what was sent are waited for when the rest is given up. */
#define LINGER		MQS_SECOND

struct flush {
	struct mqs_publisher	*p;
	size_t			 reported;	/* messages whose outcome was told */
	size_t			 progress;	/* how many were settled for good when it last looked */
	unsigned		 rounds, reopenings;
	int64_t			 pause_end;	/* of what was refused; 0: none */
	int64_t			 deadline;	/* -1: none */
	struct mqs_amqp_stall	 stall;
};

static void
report(struct mqs_publisher *p, const struct mqs_amqp_pending *e, int code)
{
	char id[MQS_ID_SIZE];

	if (p->options.published == NULL)
		return;
	if (code == MQS_OK)
		mqs_amqp_publisher_id(p, e, id);
	p->options.published(p->options.arg, e->tag, code, code == MQS_OK ? id : NULL);
}

/* Tells the outcomes that there are, in order, up to the first that is not known. */
static void
report_known(struct flush *f)
{
	struct mqs_publisher *p = f->p;
	unsigned char outcome;
	int code;

	for (; f->reported < p->n; f->reported++) {
		mqs_amqp_lock(p->connection);
		outcome = p->batch[f->reported].outcome;
		code = outcome == MQS_AMQP_STORED ? MQS_OK : p->why.code;
		mqs_amqp_unlock(p->connection);
		if (outcome != MQS_AMQP_STORED && outcome != MQS_AMQP_IMPOSSIBLE)
			return;
		report(p, &p->batch[f->reported], code);
		p->stored += code == MQS_OK;
	}
}

/* Reports the rest: what is stored beyond a gap, and what is not. */
static void
report_rest(struct flush *f, int code)
{
	struct mqs_publisher *p = f->p;

	for (; f->reported < p->n; f->reported++) {
		int stored = p->batch[f->reported].outcome == MQS_AMQP_STORED;

		report(p, &p->batch[f->reported], stored ? MQS_OK : code);
		p->stored += (size_t)stored;
	}
}

/* ------------------------------------------------------- a closed channel -- */

/* Bodies above the broker's limit, which it has told now, can't be sent. */
static void
make_large_impossible(struct mqs_publisher *p, uint64_t limit)
{
	const struct mqs_large *large;
	size_t i;

	p->max_message = limit;
	(void)mqs_amqp_too_large(p->queue, limit, &p->why);
	for (i = 0; i < p->n; i++) {
		large = p->shapes[p->batch[i].shape].message.large;
		if (p->batch[i].outcome != MQS_AMQP_WAITING ||
		    (large == NULL ? p->batch[i].body_len : large->size) <= limit)
			continue;
		p->batch[i].outcome = MQS_AMQP_IMPOSSIBLE;
		p->settled++;
		p->impossible++;
	}
}

/* Opens the channel again if that may help. */
static int
reopen(struct flush *f, int number, struct mqs_error *err)
{
	struct mqs_publisher *p = f->p;
	struct mqs_error why;
	uint64_t limit;
	int rc;

	mqs_amqp_lock(p->connection);
	why = p->why;
	limit = number == AMQP_PRECONDITION_FAILED ? mqs_amqp_limit_of_text(why.text) : 0;
	if (limit > 0)
		make_large_impossible(p, limit);
	if (number == AMQP_NOT_FOUND)
		p->opened = 0;
	mqs_amqp_unlock(p->connection);
	if ((limit == 0 && number != AMQP_NOT_FOUND) || f->reopenings++ == REOPENINGS)
		return mqs_fail(err, why.code, "%s: %s", p->queue, mqs_amqp_closed_text(&why));
	mqs_amqp_lock(p->connection);
	p->closed = 0;
	mqs_amqp_unlock(p->connection);
	if ((rc = mqs_amqp_channel_reopen(p->channel, f->deadline, &why)) == MQS_OK)
		return rc;
	/* The next flush tries again. */
	mqs_amqp_lock(p->connection);
	p->closed = number;
	mqs_amqp_unlock(p->connection);
	if (err != NULL)
		*err = why;
	return rc;
}

/* ---------------------------------------------------------- refusals -- */

/* All else is settled: sends again what was refused, after a pause. */
static int
send_refused(struct flush *f, struct mqs_error *err)
{
	struct mqs_publisher *p = f->p;
	int64_t now = mqs_boottime();
	enum mqs_amqp_unbound unbound;
	int nowhere;

	if (f->pause_end == 0) {
		if (f->rounds == ROUNDS)
			return mqs_fail(err, MQS_EFULL, "%s: RabbitMQ refused a message: a queue that "
			    "is bound to it is full or can't be reached (others may have it)", p->queue);
		f->pause_end = now + (FIRST_PAUSE << (f->rounds < DOUBLINGS ? f->rounds : DOUBLINGS));
		f->rounds++;
	}
	if (now < f->pause_end)
		return MQS_OK;
	f->pause_end = 0;
	mqs_amqp_lock(p->connection);
	p->again = 1;
	unbound = p->unbound;
	if (unbound == MQS_AMQP_NO_STREAM)
		p->nowhere++;
	nowhere = p->nowhere;
	if (unbound == MQS_AMQP_BOUND && !p->told_refused) {
		p->told_refused = 1;
		mqs_amqp_note(p->connection, "%s: RabbitMQ refused a message for one of its queues; "
		    "it is sent again, and others may have it twice", p->queue);
	}
	mqs_amqp_unlock(p->connection);
	if (nowhere > FEW_ROUNDS)
		return mqs_fail(err, MQS_ENOENT, "%s: no queue takes what is published to it: it has no "
		    "stream, and no group gets it", p->queue);
	/* After a loss the queue is opened anew, which binds the stream. */
	if (unbound != MQS_AMQP_BOUND && nowhere > 0)
		mqs_amqp_end(p->connection);
	else if (unbound != MQS_AMQP_BOUND)
		mqs_amqp_break(p->connection);
	mqs_amqp_channel_send(p->channel);
	return MQS_OK;
}

/* ------------------------------------------------------------ a flush -- */

/* One look at how far it is: MQS_OK: wait for more; MQS_NOTHING: all is settled. */
static int
look(struct flush *f, struct mqs_error *err)
{
	struct mqs_publisher *p = f->p;
	size_t settled, refused;
	int closed;

	report_known(f);
	mqs_amqp_lock(p->connection);
	settled = p->settled;
	refused = p->refused;
	closed = p->closed;
	mqs_amqp_unlock(p->connection);
	if (settled - refused != f->progress)	/* what is refused again and again is none */
		f->deadline = mqs_amqp_publisher_deadline(p);
	f->progress = settled - refused;
	if (closed != 0)
		return reopen(f, closed, err);
	(void)mqs_amqp_stall_look(&f->stall, p->connection, p->channel, p->queue,
	    settled - refused < p->n, settled - refused);
	if (settled < p->n)
		return MQS_OK;
	return refused > 0 ? send_refused(f, err) : MQS_NOTHING;
}

static int
wait_for_all(struct flush *f, struct mqs_error *err)
{
	int64_t until;
	int rc;

	for (;;) {
		if ((rc = look(f, err)) != MQS_OK)
			return rc == MQS_NOTHING ? MQS_OK : rc;
		until = f->deadline;
		if (f->pause_end != 0 && (until < 0 || f->pause_end < until))
			until = f->pause_end;
		rc = mqs_amqp_wait(f->p->channel, until, err);
		if (rc != MQS_OK && !(rc == MQS_ETIMEOUT && until != f->deadline))
			return rc;
	}
}

/* What was sent is stored, most likely, and confirms that are on their way tell so. */
static void
linger(struct mqs_publisher *p)
{
	const int64_t end = mqs_boottime() + LINGER;
	int waiting = 1;

	while (waiting && mqs_boottime() < end) {
		mqs_amqp_lock(p->connection);
		waiting = p->confirms.low < p->confirms.next && !mqs_amqp_blocked(p->connection);
		mqs_amqp_unlock(p->connection);
		if (waiting)
			mqs_amqp_pause(p->connection);
	}
}

static void
empty(struct mqs_publisher *p)
{
	size_t i;

	for (i = 0; i < p->nshapes; i++) {
		if (p->shapes[i].map != NULL)
			(void)munmap(p->shapes[i].map, p->shapes[i].message.large->size);
		mqs_amqp_large_free(p->shapes[i].message.large);
	}
	p->n = p->nshapes = p->nlarge = 0;
	p->bytes = p->total = 0;
}

int
mqs_amqp_publisher_flush(struct mqs_publisher *p, struct mqs_error *err)
{
	struct flush f = { .p = p };
	int rc;

	p->stored = 0;
	if (p->n == 0)
		return MQS_OK;
	mqs_amqp_lock(p->connection);
	p->next = p->settled = p->refused = p->impossible = 0;
	p->flushing = 1;
	mqs_amqp_unlock(p->connection);
	f.deadline = mqs_amqp_publisher_deadline(p);
	mqs_amqp_channel_send(p->channel);
	rc = wait_for_all(&f, err);
	/* From here on no event makes the thread send: the messages go, and their memory. */
	mqs_amqp_lock(p->connection);
	p->flushing = 0;
	mqs_amqp_unlock(p->connection);
	mqs_amqp_channel_stop(p->channel);
	if (rc != MQS_OK)
		linger(p);
	mqs_amqp_lock(p->connection);
	p->in_flight = 0;
	mqs_amqp_confirms_forget(&p->confirms);
	if (rc == MQS_ETIMEOUT)
		(void)mqs_fail(err, rc, "%s: RabbitMQ has not confirmed in time%s", p->queue,
		    mqs_amqp_blocked(p->connection) ? ": it takes no messages (an alarm)" : "");
	if (rc == MQS_OK && p->impossible > 0) {
		rc = p->why.code;
		if (err != NULL)
			*err = p->why;
	}
	mqs_amqp_unlock(p->connection);
	report_rest(&f, rc);
	empty(p);
	return rc;
}
