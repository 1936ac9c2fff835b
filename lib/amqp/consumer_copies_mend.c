/* consumer_copies_mend.c - see consumer_copies.h: copies are sent again, ended and freed */
#include <stdlib.h>
#include <string.h>

#include "amqp/consumer_copies.h"
#include "amqp/delay.h"
#include "base/clock.h"

#define PAUSE	MQS_SECOND	/* before what went wrong is tried again */
#define HOPE	(5 * MQS_SECOND)	/* that somebody mends it, of who waits for its end */

/* What was refused is sent again; if the channel was closed, all that is not confirmed is. */
static void
take_up(struct mqs_consumer *c)
{
	struct mqs_amqp_copies *s = c->copies;
	int closed;

	mqs_amqp_lock(c->connection);
	closed = s->closed;
	mqs_amqp_unlock(c->connection);
	if (closed) {
		mqs_amqp_channel_close(s->channel);
		s->channel = NULL;
	}
	mqs_amqp_lock(c->connection);
	mqs_amqp_copies_unsend(s, closed);
	s->closed = s->closed && !closed;
	s->broken = s->closed;
	mqs_amqp_unlock(c->connection);
}

/* What could not be made is tried again: somebody may have taken the rights, or another name. */
static int
try_later(struct mqs_consumer *c, const struct mqs_error *why)
{
	struct mqs_amqp_copies *s = c->copies;

	if (why->code != MQS_ECONFIG && why->code != MQS_EPERM && why->code != MQS_ENOENT &&
	    why->code != MQS_EBUSY)
		return why->code;
	mqs_amqp_lock(c->connection);
	s->broken = 1;
	s->told = s->told && strcmp(s->why.text, why->text) == 0;
	s->why = *why;
	mqs_amqp_unlock(c->connection);
	return MQS_OK;
}

/* As many as there were, and as many as what is to be sent again needs. */
static int
levels_of(struct mqs_consumer *c, int levels)
{
	const struct mqs_amqp_copy *k;
	int needed;

	mqs_amqp_lock(c->connection);
	TAILQ_FOREACH(k, &c->copies->unsent, entry) {
		needed = mqs_amqp_delay_levels(mqs_amqp_delay_of_retry(k->delay));
		levels = needed > levels ? needed : levels;
	}
	mqs_amqp_unlock(c->connection);
	return levels;
}

static int
mend(struct mqs_consumer *c, struct mqs_error *err)
{
	struct mqs_amqp_copies *s = c->copies;
	int delays = s->has_delays, dead = s->has_dead, rc = MQS_OK;
	struct mqs_error why;

	take_up(c);
	s->mend_at = 0;
	s->remake = 1;
	s->has_delays = s->has_dead = 0;
	if (delays > 0 || s->channel == NULL)
		rc = mqs_amqp_copies_make_ready(c, 0, levels_of(c, delays), &why);
	if (rc == MQS_OK && dead)
		rc = mqs_amqp_copies_make_ready(c, 1, 0, &why);
	if (rc == MQS_OK) {
		s->remake = 0;
		mqs_amqp_channel_send(s->channel);
		return rc;
	}
	s->has_delays = delays;		/* to be made the next time */
	s->has_dead = dead;
	if ((rc = try_later(c, &why)) != MQS_OK && err != NULL)
		*err = why;
	return rc;
}

/* Has the memory of a copy whose original was lost freed, unless the caller reads it still. */
static void
let_go(struct mqs_consumer *c, struct mqs_amqp_held *h)
{
	if (h == c->borrowed)
		c->borrowed_gone = 1;
	else
		mqs_amqp_held_free(h);
}

/* Takes one that is done, or never will be, since its original was lost. */
static struct mqs_amqp_copy *
take_done(struct mqs_consumer *c)
{
	struct mqs_amqp_copies *s = c->copies;
	struct mqs_amqp_copy *k;

	mqs_amqp_lock(c->connection);
	if ((k = TAILQ_FIRST(&s->unsent)) != NULL && k->held->gone)
		TAILQ_REMOVE(&s->unsent, k, entry);
	else if ((k = TAILQ_FIRST(&s->done)) != NULL)
		TAILQ_REMOVE(&s->done, k, entry);
	if (k != NULL && k->held != NULL)
		let_go(c, k->held);
	mqs_amqp_unlock(c->connection);
	return k;
}

/* Says what went wrong, if that was not said yet; 1 if something did. */
static int
tell(struct mqs_consumer *c)
{
	const struct mqs_options *options = &c->spool->options;
	struct mqs_amqp_copies *s = c->copies;
	struct mqs_error why;
	int broken, told;

	mqs_amqp_lock(c->connection);
	broken = s->broken;
	told = s->told;
	s->told |= broken;
	why = s->why;
	if (!s->told)
		s->wrong_since = 0;
	else if (s->wrong_since == 0)
		s->wrong_since = mqs_boottime();
	mqs_amqp_unlock(c->connection);
	if (broken && !told && options->notice != NULL)
		options->notice(options->arg, why.text);
	return broken;
}

/* Whether copies are confirmed at all. */
static void
look_for_stall(struct mqs_consumer *c)
{
	struct mqs_amqp_copies *s = c->copies;
	uint64_t acked;
	int waiting;
	int64_t when;

	mqs_amqp_lock(c->connection);
	waiting = !TAILQ_EMPTY(&s->sent) && (!s->broken || s->why.code == MQS_EFULL);
	acked = s->acked;
	mqs_amqp_unlock(c->connection);
	when = mqs_amqp_stall_look(&s->stall, c->connection, s->channel, c->group.name, waiting, acked);
	if (when != 0)
		mqs_amqp_consumer_look_at(c, when);
}

int
mqs_amqp_copies_service(struct mqs_consumer *c, struct mqs_error *err)
{
	struct mqs_amqp_copies *s = c->copies;
	struct mqs_amqp_copy *k;
	int rc;

	if (s == NULL)
		return MQS_OK;
	if (s->channel != NULL)
		mqs_amqp_channel_clear(s->channel);
	while ((k = take_done(c)) != NULL) {
		if (k->asked)
			mqs_amqp_consumer_answer_due(c, k->ticket, k->generation, k->order);
		mqs_amqp_copy_free(k);
	}
	if (s->mend_at != 0 && mqs_boottime() >= s->mend_at && (rc = mend(c, err)) != MQS_OK)
		return rc;
	if (tell(c) && s->mend_at == 0)
		s->mend_at = mqs_boottime() + PAUSE;
	if (s->mend_at != 0)
		mqs_amqp_consumer_look_at(c, s->mend_at);
	if (s->channel != NULL)
		look_for_stall(c);
	return MQS_OK;
}

size_t
mqs_amqp_copies_pending(struct mqs_consumer *c)
{
	size_t n;

	if (c->copies == NULL)
		return 0;
	mqs_amqp_lock(c->connection);
	n = c->copies->pending;
	mqs_amqp_unlock(c->connection);
	return n;
}

/* What the cluster can't do at the moment, it can later. */
int
mqs_amqp_copies_hopeful(struct mqs_consumer *c)
{
	const struct mqs_amqp_copies *s = c->copies;
	int refused;

	if (mqs_amqp_copies_pending(c) == 0)
		return 0;
	mqs_amqp_lock(c->connection);
	refused = s->why.code == MQS_EPERM || s->why.code == MQS_ECONFIG || s->why.code == MQS_ENOENT;
	mqs_amqp_unlock(c->connection);
	return !refused || s->wrong_since == 0 || mqs_boottime() < s->wrong_since + HOPE;
}

int64_t
mqs_amqp_copies_mend_at(const struct mqs_consumer *c)
{
	return c->copies == NULL ? 0 : c->copies->mend_at;
}

int
mqs_amqp_copies_why(struct mqs_consumer *c, struct mqs_error *err)
{
	struct mqs_error why;

	mqs_amqp_lock(c->connection);
	why = c->copies->why;
	mqs_amqp_unlock(c->connection);
	if (err != NULL)
		*err = why;
	return why.code;
}

void
mqs_amqp_copies_free(struct mqs_consumer *c)
{
	struct mqs_amqp_copies *s = c->copies;
	struct mqs_amqp_copy *k;

	if (s == NULL)
		return;
	mqs_amqp_channel_close(s->channel);
	/* Originals that were not lost are the consumer's. */
	mqs_amqp_lock(c->connection);
	TAILQ_CONCAT(&s->done, &s->sent, entry);
	TAILQ_CONCAT(&s->done, &s->unsent, entry);
	while ((k = TAILQ_FIRST(&s->done)) != NULL) {
		if (k->held != NULL && k->held->gone)
			let_go(c, k->held);
		else if (k->held != NULL)
			mqs_amqp_consumer_enter_state(c, k->held, MQS_AMQP_READ);
		TAILQ_REMOVE(&s->done, k, entry);
		mqs_amqp_copy_free(k);
	}
	c->copies = NULL;
	mqs_amqp_unlock(c->connection);
	mqs_amqp_incoming_free(&s->incoming);
	mqs_amqp_properties_free(&s->properties);
	empty_amqp_pool(&s->pool);
	free(s);
}
