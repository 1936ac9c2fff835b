/* redrive.c - see redrive.h */
#include <poll.h>
#include <string.h>

#include "amqp/admin.h"
#include "amqp/consumer_applied.h"
#include "amqp/consumer_copies.h"
#include "amqp/consumer_settle.h"
#include "amqp/group_queue.h"
#include "amqp/redrive.h"
#include "base/clock.h"
#include "base/error.h"

/* Copies that are on their way at once. */
#define MOST_PENDING	500u
/* For the broker to have back what is left. */
#define BACK_WAIT	(2 * MQS_SECOND)
#define BACK_PAUSE_MS	20
/* How soon to look again for letters that others give back. */
#define AGAIN		(50 * MQS_MSEC)
/* For a standby to become the one that gets the messages, after another has ended. */
#define STANDBY_WAIT	(3 * MQS_SECOND)
/* For a group that refuses copies, as it does while it has no leader. */
#define REFUSED_WAIT	(60 * MQS_SECOND)

struct redrive {
	struct mqs_spool	*spool;
	const char		*queue;
	const struct mqs_redrive_options *options;
	struct mqs_redriven	*out;
	struct mqs_amqp_redrive_targets targets;
	struct mqs_consumer	*c;
	uint64_t		 generation;	/* of the consumer's channel */
	uint64_t		 passed, others; /* that were passed over in it; others are no letters */
	uint64_t		 left;		/* in the group at the end */
	uint64_t		 seen;		/* deliveries, when something was last seen to come, */
	int64_t			 seen_at;	/* by mqs_boottime; 0: never */
	uint64_t		 acked;		/* letters, when a copy was last refused */
	int64_t			 refused_at;	/* since when no other comes, by mqs_boottime; 0: never */
	uint32_t		 ready, consumers;
	int			 failed;	/* the first error about a group where letters died */
	struct mqs_error	 why;
	char			 name[MQS_AMQP_NAME_SIZE];	/* of the group `redrive' */
	int			 taken;		/* it is there */
};

/* ------------------------------------------------------------ a letter -- */

static void
pass_over(struct redrive *r, const struct mqs_message *m, int letter)
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
can_go(struct redrive *r, const struct mqs_dead_letter *l)
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
take(struct redrive *r, const struct mqs_message *m, struct mqs_error *err)
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
begun(struct redrive *r)
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
may_send_again(struct redrive *r)
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
broken(struct redrive *r, struct mqs_error *err)
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
await_copies(struct redrive *r, size_t most, struct mqs_error *err)
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
	struct redrive *r = arg;

	return mqs_amqp_queue_count(link, r->name, &r->ready, &r->consumers, err);
}

/*
 * There are letters, and they do not come.  Where a group has one active consumer at a time, another
 * one may have them all for as long as it lives: MQS_EBUSY.  The broker does not count who stands by.
 */
static int
await_letters(struct redrive *r, struct mqs_error *err)
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
		if ((rc = mqs_amqp_run(r->c->connection, ready_job, r, -1, err)) != MQS_OK)
			return rc;
		if (r->ready > 0)
			return mqs_fail(err, MQS_EBUSY, "%s: another consumer has this group to "
			    "itself (%s); redrive when it has ended", r->name,
			    s->exclusive ? "exclusive" : "ordered");
	}
	rc = mqs_amqp_wait(r->c->channel, mqs_boottime() + AGAIN, err);
	return rc == MQS_ETIMEOUT ? MQS_OK : rc;
}

/* Takes what is here: MQS_OK; MQS_NOTHING: there is no more. */
static int
look(struct redrive *r, struct mqs_error *err)
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

static int
run(struct redrive *r, struct mqs_error *err)
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

/* What the group has yet to settle, while this consumer has it still. */
static int
count(struct redrive *r, struct mqs_error *err)
{
	struct mqs_consumer *c = r->c;
	int rc = mqs_amqp_run(c->connection, ready_job, r, -1, err);

	mqs_amqp_lock(c->connection);
	r->left = r->ready + c->deliveries.live + (r->generation == c->generation ? r->passed : 0);
	if (c->copies != NULL)
		r->out->redriven = c->copies->acked;
	mqs_amqp_unlock(c->connection);
	r->out->left = r->left;
	if (r->options->dry_run) {
		r->out->left -= r->out->redriven < r->left ? r->out->redriven : r->left;
		r->out->others = r->others;
	}
	return rc;
}

/*
 * The channel was closed: waits for a moment until the group has back what was given back by that, in
 * its order, so that who looks next finds it.  Others may take it meanwhile.
 */
static int
await_back(struct redrive *r, struct mqs_error *err)
{
	const int64_t until = mqs_boottime() + BACK_WAIT;
	int rc;

	while ((rc = mqs_amqp_run(r->spool->connection, ready_job, r, -1, err)) == MQS_OK &&
	    r->ready < r->left && mqs_boottime() < until)
		(void)poll(NULL, 0, BACK_PAUSE_MS);
	return rc;
}

static int
redrive(struct redrive *r, struct mqs_error *err)
{
	int rc, counted;

	rc = mqs_amqp_consumer_open_own(&r->c, r->spool, r->queue, MQS_AMQP_REDRIVE_GROUP, err);
	if (rc != MQS_OK)
		return rc;
	rc = run(r, err);
	counted = count(r, rc == MQS_OK ? err : NULL);
	mqs_amqp_consumer_free(r->c);
	mqs_amqp_redrive_targets_free(&r->targets);
	if (rc == MQS_OK && (rc = counted) == MQS_OK)
		rc = await_back(r, err);
	if (rc == MQS_OK && (rc = r->failed) != MQS_OK && err != NULL)
		*err = r->why;
	return rc;
}

static int
look_job(void *arg, const struct mqs_amqp_link *link, struct mqs_error *err)
{
	struct redrive *r = arg;
	int rc = mqs_amqp_expect_queue(link, r->spool, r->queue, err);

	if (rc != MQS_OK)
		return rc;
	rc = mqs_amqp_group_marked(link, r->name, err);
	r->taken = rc == MQS_OK;
	return rc == MQS_ENOENT ? MQS_OK : rc;
}

/* A queue that has no letters gets no group: one would keep all of its messages. */
static int
need_group(struct redrive *r, struct mqs_error *err)
{
	int rc = mqs_amqp_redrive_survey(r->spool, r->queue, r->options, r->out, err);

	if (rc != MQS_OK || r->options->dry_run || r->out->redriven == 0)
		return rc == MQS_OK ? MQS_NOTHING : rc;
	memset(r->out, 0, sizeof(*r->out));
	rc = mqs_amqp_create(r->spool, r->queue, MQS_AMQP_REDRIVE_GROUP, NULL, err);
	return rc == MQS_EEXIST ? MQS_OK : rc;
}

int
mqs_amqp_redrive(struct mqs_spool *spool, const char *queue, const struct mqs_redrive_options *o,
    struct mqs_redriven *out, struct mqs_error *err)
{
	struct redrive r = { .spool = spool, .queue = queue, .options = o, .out = out };
	struct mqs_amqp_connection *connection;
	int rc;

	memset(out, 0, sizeof(*out));
	mqs_amqp_group_queue(r.name, queue, MQS_AMQP_REDRIVE_GROUP);
	if ((rc = mqs_amqp_spool_connection(&connection, spool, err)) != MQS_OK ||
	    (rc = mqs_amqp_run(connection, look_job, &r, -1, err)) != MQS_OK)
		return rc;
	if (!r.taken && (rc = need_group(&r, err)) != MQS_OK)
		return rc == MQS_NOTHING ? MQS_OK : rc;
	return redrive(&r, err);
}
