/* redrive_letters.c - see redrive.h: takes the letters from the group `redrive' */
#include <string.h>

#include "amqp/consumer_applied.h"
#include "amqp/consumer_copies.h"
#include "amqp/consumer_settle.h"
#include "amqp/redrive.h"
#include "amqp/redrive_state.h"
#include "amqp/topology.h"
#include "base/clock.h"
#include "base/error.h"

/* Copies that are on their way at once. */
#define MOST_PENDING	500u
/* How soon to look again for letters that others give back. */
#define AGAIN		(50 * MQS_MSEC)
/* For a standby to become the one that gets the messages, after another has ended. */
#define STANDBY_WAIT	(3 * MQS_SECOND)
/* For a group that refuses copies, as it does while it has no leader. */
#define REFUSED_WAIT	(60 * MQS_SECOND)

/* ------------------------------------------------------------ a letter -- */

static void
pass_over(struct mqs_amqp_redrive *r, const struct mqs_message *m, int letter)
{
	struct mqs_amqp_held *h;

	mqs_amqp_lock(r->c->connection);
	if (r->generation != r->c->generation) {	/* they come again */
		r->passed = r->others = 0;
		if (r->options->dry_run)
			r->out->redriven = 0;
	}
	r->generation = r->c->generation;
	if ((h = mqs_amqp_consumer_find(r->c, m->seq, m->lease)) != NULL) {
		mqs_amqp_consumer_pass_over(r->c, h);
		r->passed++;
		r->others += !letter;
	}
	mqs_amqp_unlock(r->c->connection);
}

/* One group that fails does not keep the letters of others. */
static int
can_go(struct mqs_amqp_redrive *r, const struct mqs_dead_letter *l)
{
	struct mqs_error why;
	int rc = mqs_amqp_redrive_target(&r->targets, r->spool, l, &why);

	if (rc != MQS_OK && r->failed == MQS_OK) {
		r->failed = rc;
		r->why = why;
	}
	return rc == MQS_OK;
}

static int
take(struct mqs_amqp_redrive *r, const struct mqs_message *m, struct mqs_error *err)
{
	struct mqs_amqp_copy_target to;
	struct mqs_dead_letter l;
	int letter;

	if (!mqs_amqp_redrive_matches(r->options, m, &l, &letter) ||
	    (!r->options->dry_run && !can_go(r, &l))) {
		pass_over(r, m, letter);
		return MQS_OK;
	}
	if (r->options->dry_run) {
		pass_over(r, m, letter);
		r->out->redriven++;
		return MQS_OK;
	}
	to = (struct mqs_amqp_copy_target){ .queue = l.queue, .group = l.group, .id = l.id };
	return mqs_amqp_copies_redrive(r->c, m, &to, err);
}

/* ---------------------------------------------------------- all letters -- */

/* How many are redriven, or will be unless their copies fail. */
static uint64_t
begun(struct mqs_amqp_redrive *r)
{
	uint64_t n;

	if (r->options->dry_run)
		return r->out->redriven;
	mqs_amqp_lock(r->c->connection);
	n = r->c->copies == NULL ? 0 : r->c->copies->acked + r->c->copies->pending;
	mqs_amqp_unlock(r->c->connection);
	return n;
}

/* 1 if copies were refused, for less than REFUSED_WAIT: they are sent again.  With the lock held. */
static int
may_send_again(struct mqs_amqp_redrive *r)
{
	const struct mqs_amqp_copies *s = r->c->copies;
	const int64_t now = mqs_boottime();

	if (s->why.code != MQS_EFULL)
		return 0;
	if (r->refused_at == 0 || s->acked != r->acked)
		r->refused_at = now;
	r->acked = s->acked;
	return now - r->refused_at < REFUSED_WAIT;
}

/* What the broker does not take is an error here: the letters stay. */
static int
broken(struct mqs_amqp_redrive *r, struct mqs_error *err)
{
	struct mqs_amqp_copies *s = r->c->copies;
	int rc = MQS_OK;

	mqs_amqp_lock(r->c->connection);
	if (s->broken && !may_send_again(r)) {
		rc = s->why.code;
		if (err != NULL)
			*err = s->why;
	}
	mqs_amqp_unlock(r->c->connection);
	return rc;
}

/* Waits until no more than `most' copies are on their way. */
static int
await_copies(struct mqs_amqp_redrive *r, size_t most, struct mqs_error *err)
{
	int rc;

	if (r->c->copies == NULL)
		return MQS_OK;
	mqs_amqp_channel_send(r->c->copies->channel);
	for (;;) {
		if ((rc = broken(r, err)) != MQS_OK ||
		    (rc = mqs_amqp_copies_service(r->c, err)) != MQS_OK)
			return rc;
		mqs_amqp_channel_send(r->c->channel);
		if (mqs_amqp_copies_pending(r->c) <= most)
			return MQS_OK;
		rc = mqs_amqp_wait(r->c->copies->channel, mqs_boottime() + MQS_SECOND, err);
		if (rc != MQS_OK && rc != MQS_ETIMEOUT)
			return rc;
	}
}

static int
ready_job(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	struct mqs_amqp_redrive *r = arg;

	return mqs_amqp_queue_count(link, r->name, &r->ready, &r->consumers, err);
}

int
mqs_amqp_redrive_count(struct mqs_amqp_redrive *r, struct mqs_amqp_connection *c, struct mqs_error *err)
{
	return mqs_amqp_run(c, ready_job, r, -1, err);
}

/* 1 if all that the broker sends at once was passed over. */
static int
window_is_passed(struct mqs_amqp_redrive *r)
{
	const struct mqs_consumer *c = r->c;
	int is;

	mqs_amqp_lock(c->connection);
	is = c->window > 0 && c->passed == c->window;
	mqs_amqp_unlock(c->connection);
	return is;
}

/*
 * There are letters, and they do not come, in a group that has one active consumer at a time.  What this
 * one has passed over may be all that the broker sends it: to give that back and take more would change
 * the order (consumer_keys.h).  Or another consumer has all letters for as long as it lives; the broker
 * does not count who stands by.
 */
static int
fail_without_letters(struct mqs_amqp_redrive *r, struct mqs_error *err)
{
	const char *kind = r->c->group.settings.exclusive ? "exclusive" : "ordered";

	if (window_is_passed(r))
		return mqs_fail(err, MQS_ENOTSUP, "%s: RabbitMQ shows no more than the first %zu letters of this "
		    "group (%s), and they are to stay; redrive them first, without --dry-run and --reason",
		    r->name, r->c->window, kind);
	return mqs_fail(err, MQS_EBUSY, "%s: another consumer has this group to itself (%s); redrive when "
	    "it has ended", r->name, kind);
}

static int
await_letters(struct mqs_amqp_redrive *r, struct mqs_error *err)
{
	const struct mqs_amqp_group_settings *s = &r->c->group.settings;
	const int64_t now = mqs_boottime();
	uint64_t seen;
	int rc;

	mqs_amqp_lock(r->c->connection);
	seen = r->c->seen;
	mqs_amqp_unlock(r->c->connection);
	if (r->seen_at == 0 || seen != r->seen || mqs_amqp_copies_pending(r->c) > 0)
		r->seen_at = now;
	r->seen = seen;
	if ((s->ordered || s->exclusive) && now - r->seen_at > STANDBY_WAIT) {
		if ((rc = mqs_amqp_redrive_count(r, r->c->connection, err)) != MQS_OK)
			return rc;
		if (r->ready > 0)
			return fail_without_letters(r, err);
	}
	rc = mqs_amqp_wait(r->c->channel, mqs_boottime() + AGAIN, err);
	return rc == MQS_ETIMEOUT ? MQS_OK : rc;
}

/* Takes what is here: MQS_OK; MQS_NOTHING: there is no more. */
static int
look(struct mqs_amqp_redrive *r, struct mqs_error *err)
{
	const uint64_t most = r->options->count;
	struct mqs_message m;
	size_t n;
	int held, rc;

	rc = mqs_amqp_consumer_claim(r->c, MOST_PENDING, &n, &held, err);
	if (rc == MQS_NOTHING && held)
		return await_letters(r, err);
	while (rc == MQS_OK && (most == 0 || begun(r) < most) &&
	    (rc = mqs_amqp_consumer_next(r->c, &m, err)) == MQS_OK)
		rc = take(r, &m, err);
	if (rc == MQS_NOTHING && n > 0)
		rc = MQS_OK;
	return rc == MQS_OK && most != 0 && begun(r) >= most ? MQS_NOTHING : rc;
}

int
mqs_amqp_redrive_letters(struct mqs_amqp_redrive *r, struct mqs_error *err)
{
	int rc;

	do {
		if ((rc = look(r, err)) == MQS_OK)
			rc = await_copies(r, MOST_PENDING, err);
		/* A loss gives letters back whose copies were on their way. */
		else if (rc == MQS_NOTHING && mqs_amqp_copies_pending(r->c) > 0)
			rc = await_copies(r, 0, err);
	} while (rc == MQS_OK);
	if (rc == MQS_NOTHING && (rc = mqs_amqp_consumer_drain(r->c, -1, err)) == MQS_OK)
		mqs_amqp_consumer_await_applied(r->c);
	return rc;
}
