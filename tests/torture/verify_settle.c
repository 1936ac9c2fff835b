/* verify_settle.c - what settles a delivery, who has it meanwhile, and how attempts are counted */
#include <stdlib.h>
#include <string.h>

#include "verify.h"

/*
 * From when on it is certain that a delivery settled its message for good, on a broker; 0: never.
 * It answers who asks by receipt; mq-sub tells it at once what became of a message, without an
 * answer.  next: the delivery that may be too many.
 */
static size_t
settled_on_broker_at(const struct past *p, const struct delivery *d, const struct delivery *next)
{
	const struct run *r = &p->runs[d->run];
	char value[64];

	if (d->settled != 0)
		return strcmp(d->verb, "retry") == 0 || strcmp(d->verb, "release") == 0 ||
		    strcmp(d->verb, "revive") == 0 ? 0 : d->settled;
	if (group_trait(&p->groups[d->group], "manual", value) != NULL || d->done == 0 ||
	    died_before(r, next->start) ||
	    (r->end != 0 && r->end < next->start && r->status != 0))
		return 0;
	if (d->outcome == OUTCOME_REJECT)
		return lost_between(p, d->start, next->start) ? 0 : d->done;
	return d->outcome != OUTCOME_ACK || lost_between(p, d->start, d->done) ? 0 : d->done;
}

/* The same on either engine. */
static size_t
settled_at(const struct past *p, const struct delivery *d, const struct delivery *next)
{
	const struct run *r = &p->runs[d->run];
	char value[64];

	/* Here even a success may be undone: by a rewind, or a timeout in the last moment. */
	if (has_trait(p, d->group, "rewound", "timeout"))
		return 0;
	if (p->broker)
		return settled_on_broker_at(p, d, next);
	if (d->settled != 0)
		return strcmp(d->verb, "retry") == 0 || strcmp(d->verb, "release") == 0 ||
		    strcmp(d->verb, "revive") == 0 ? 0 : d->settled;
	if (group_trait(&p->groups[d->group], "manual", value) != NULL ||
	    !run_clean(r) || d->done == 0 || d->done > r->end)
		return 0;
	return d->outcome == OUTCOME_ACK || d->outcome == OUTCOME_REJECT ? r->end : 0;
}

/*
 * A lease is a number that grows, here: of two deliveries the one that was handed out first, though
 * its handler may have begun last, on a busy machine, when its lease was over.
 */
static int
handed_out_before(const struct past *p, const struct delivery *d, const struct delivery *e)
{
	size_t a = strlen(d->lease), b = strlen(e->lease);

	return !p->broker && (a != b ? a < b : strcmp(d->lease, e->lease) < 0);
}

/* What mq-ack said was settled, or a run that ended well, does not come back. */
void
settled_stays(const struct past *p)
{
	const struct delivery *d, *e, *end = p->deliveries + p->ndeliveries;
	size_t at;

	for (d = p->deliveries; d < end; d++)
		for (e = d + 1; e < end && e->id == d->id && e->group == d->group; e++)
			if ((at = settled_at(p, d, e)) != 0 && e->start > at &&
			    !handed_out_before(p, e, d) && !perhaps_doubled(p, d, e->start))
				wrong("%s: %s was settled by %s and came back in %s",
				    group_name(p, d), d->name, p->runs[d->run].name,
				    p->runs[e->run].name);
}

/*
 * A message is with one handler at a time, the orphans of killed consumers included; on a broker
 * these are not.
 */
void
one_lease(const struct past *p)
{
	const struct delivery *d, *end = p->deliveries + p->ndeliveries;

	for (d = p->deliveries; d + 1 < end; d++)
		if (d[1].group == d->group && d[1].id == d->id &&
		    d[1].start < over_at(p, d) && !has_trait(p, d->group, "rewound", "rewound") &&
		    !given_back(p, d, d[1].start) && !perhaps_doubled(p, d, d[1].start))
			wrong("%s: %s went to %s while %s had it", group_name(p, d),
			    d->name, p->runs[d[1].run].name, p->runs[d->run].name);
}

/*
 * Whether the consumer has certainly noted that d had started: it does before it starts
 * the next, and of the starts after d's only so many can have been told late as handlers
 * run at once.
 */
static int
noted(const struct past *p, const struct delivery *d)
{
	const char *most;
	char value[64];

	most = group_trait(&p->groups[d->group], "parallel", value);
	return most != NULL && d->later >= strtoul(most, NULL, 10);
}

/*
 * The same on a broker: only what failed counts, and is counted in the copy that waits; or, in an
 * ordered group, by the consumer, while that lives.
 */
static unsigned
next_on_broker(const struct past *p, const struct delivery *d, const struct delivery *next)
{
	char value[64];

	if (perhaps_doubled(p, d, next->start) ||
	    (d->run != next->run && group_trait(&p->groups[d->group], "ordered", value) != NULL))
		return 0;
	if (d->settled != 0)
		return strcmp(d->verb, "release") == 0 ? d->attempt :
		    strcmp(d->verb, "retry") == 0 ? d->attempt + 1 : 0;
	if (d->outcome == OUTCOME_ACK)
		return d->attempt;
	return d->outcome == OUTCOME_RETRY || d->outcome == OUTCOME_DIE ? d->attempt + 1 : 0;
}

/* What the next attempt must be, where that is certain; 0 where it is not. */
static unsigned
next_attempt(const struct past *p, const struct delivery *d,
    const struct delivery *next)
{
	const struct run *r = &p->runs[d->run];

	if (p->broker)
		return next_on_broker(p, d, next);
	if (d->settled != 0 && strcmp(d->verb, "release") == 0)
		return d->attempt;
	/* The consumer, or who came after it, saw what became of it. */
	if ((d->settled != 0 && strcmp(d->verb, "retry") == 0) || noted(p, d) ||
	    d->run == next->run || (run_clean(r) && d->done != 0 && d->done < r->end))
		return d->attempt + 1;
	return 0;
}

/*
 * Where there is a time limit, a command may have been ended by it before it could write down that
 * it had begun: such an attempt counts, and is no delivery here.
 */
static void
attempts_of(const struct past *p, const struct delivery *d, size_t n)
{
	const char *group = group_name(p, d);
	char value[64];
	int limited = group_trait(&p->groups[d->group], "timeout", value) != NULL;
	unsigned want;
	size_t i;

	for (i = 0; i < n; i++) {
		if (d[i].attempt > i + 1 && !limited)
			wrong("%s: %s: attempt %u after %zu deliveries", group, d->name,
			    d[i].attempt, i);
		want = i + 1 < n ? next_attempt(p, &d[i], &d[i + 1]) : 0;
		if (want != 0 && (limited ? d[i + 1].attempt < want : d[i + 1].attempt != want))
			wrong("%s: %s: attempt %u where %u was next", group, d->name,
			    d[i + 1].attempt, want);
	}
}

/*
 * Attempts are those that were really handed out, all of these that ended, and no more
 * than are allowed.  What mq-sub -m prints is handed out, though its worker died before
 * it could say so.
 */
void
attempts_counted(const struct past *p)
{
	const struct delivery *d, *end = p->deliveries + p->ndeliveries;
	const char *most;
	char value[64];

	for (d = p->deliveries; d < end; d++) {
		most = group_trait(&p->groups[d->group], "attempts", value);
		if (most != NULL && d->attempt > strtoul(most, NULL, 10))
			wrong("%s: %s: attempt %u of %s", group_name(p, d), d->name,
			    d->attempt, most);
	}
	/* A rewind and a redrive begin to count anew. */
	for (d = p->deliveries; d < end; d += same_message(p, d))
		if (group_trait(&p->groups[d->group], "manual", value) == NULL &&
		    !has_trait(p, d->group, "rewound", "revived"))
			attempts_of(p, d, same_message(p, d));
}
