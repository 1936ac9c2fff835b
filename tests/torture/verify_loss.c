/*
 * verify_loss.c - what a kill, or a loss of nodes or of the network, excuses on a broker
 *
 * A broker gives back what a consumer had when that, its connection or its node ends, while its
 * handlers are still at work.  A publisher that got no answer sends again, also when no node was
 * away (RabbitMQ 3.10 ends the connection of who publishes to a group that is being deleted); a
 * retry and a dead letter are confirmed copies, and the message is acknowledged behind them: a
 * loss between the two leaves both.  On files nothing of that is excused: all of this says 0.
 *
 * What is excused is what may have been on its way: the history says from when to when something
 * was away, from a second before that on.  All else must be as if nothing had happened.
 */
#include <string.h>

#include "verify.h"

int
lost_between(const struct past *p, size_t from, size_t to)
{
	const struct loss *l;

	for (l = p->losses; l < p->losses + p->nlosses; l++)
		if (l->from <= to && (l->to == 0 || l->to >= from))
			return 1;
	return 0;
}

/* One that waited too long for the broker's answers gave up. */
int
died_before(const struct run *r, size_t at)
{
	return (r->kill != 0 && r->kill < at) || (r->late != 0 && r->stop < at);
}

int
given_back(const struct past *p, const struct delivery *d, size_t at)
{
	return p->broker && (died_before(&p->runs[d->run], at) || lost_between(p, d->start, at));
}

/* When a letter's publisher had its answer, or was no more. */
static size_t
published_at(const struct past *p, const struct letter *l)
{
	const struct run *r = &p->runs[l->run];

	if (l->told_at != 0)
		return l->told_at;
	return r->end != 0 ? r->end : p->lines;
}

/* One that was killed may not have come to say that its connection was lost. */
static int
was_cut(const struct run *r, const struct letter *l)
{
	return r->cut || (r->kill != 0 && l->told_at == 0);
}

int
sent_in_loss(const struct past *p, const struct letter *l)
{
	return p->broker && (was_cut(&p->runs[l->run], l) ||
	    lost_between(p, l->sent, published_at(p, l)));
}

int
in_groups_only(const struct past *p, const char *name)
{
	const struct letter *l = past_letter(p, name);

	return l != NULL && l->told == 0 && sent_in_loss(p, l);
}

/* Until it is due, a delayed message is under way in the broker. */
static int
delayed_in_loss(const struct past *p, const struct letter *l, size_t until)
{
	return p->broker && l->not_before != 0 && lost_between(p, l->sent, until);
}

int
sent_twice(const struct past *p, const struct letter *l, size_t first_start)
{
	return sent_in_loss(p, l) || delayed_in_loss(p, l, first_start);
}

/* A copy was made of it, and perhaps it is there still.  mq-ack answers when it is not. */
static int
copied_in_loss(const struct past *p, const struct delivery *d, size_t at)
{
	if (d->outcome == OUTCOME_ACK || d->settled != 0)
		return 0;
	return given_back(p, d, at);
}

int
perhaps_doubled(const struct past *p, const struct delivery *d, size_t at)
{
	const struct delivery *first = d, *e, *end = p->deliveries + p->ndeliveries;
	const struct letter *l = past_letter(p, d->name);

	if (!p->broker)
		return 0;
	while (first > p->deliveries && first[-1].group == d->group && first[-1].id == d->id)
		first--;
	if (l != NULL && (l->copies > 1 || sent_twice(p, l, first->start)))
		return 1;
	for (e = first; e < end && e->group == d->group && e->id == d->id && e->start < at; e++)
		if (copied_in_loss(p, e, at))
			return 1;
	return 0;
}
