/* verify_delivery.c - what the groups got, against what the log holds */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "verify.h"

size_t
same_message(const struct past *p, const struct delivery *d)
{
	const struct delivery *end = p->deliveries + p->ndeliveries, *e = d;

	while (e < end && e->id == d->id && e->group == d->group)
		e++;
	return (size_t)(e - d);
}

static const char *
group_name(const struct past *p, const struct delivery *d)
{
	return p->groups[d->group].name;
}

/* What a handler reads is what was sent, whoever died meanwhile. */
void
bodies_whole(const struct past *p)
{
	const struct delivery *d, *end = p->deliveries + p->ndeliveries;
	const struct message *m;

	if (p->torn > 0)
		wrong("%zu bodies were torn", p->torn);
	for (d = p->deliveries; d < end; d++) {
		if ((m = past_message(p, d->id)) == NULL)
			wrong("%s got %" PRIu64 ", which is not in the log",
			    group_name(p, d), d->id);
		else if (strcmp(m->name, d->name) != 0 || strcmp(m->key, d->key) != 0 ||
		    m->priority != d->priority)
			wrong("%s got %s (key \"%s\", priority %u) under the id of %s",
			    group_name(p, d), d->name, d->key, d->priority, m->name);
	}
}

/* 1 if a group has one of two traits. */
static int
has_trait(const struct past *p, size_t group, const char *one, const char *other)
{
	char value[64];

	return group_trait(&p->groups[group], one, value) != NULL ||
	    group_trait(&p->groups[group], other, value) != NULL;
}

static int
succeeded(const struct delivery *d)
{
	return d->outcome == OUTCOME_ACK ||
	    (d->settled != 0 && (strcmp(d->verb, "ack") == 0 ||
	    strcmp(d->verb, "skip") == 0));
}

/* A group's deliveries of a message; *n: how many. */
static const struct delivery *
deliveries_of(const struct past *p, size_t group, uint64_t id, size_t *n)
{
	size_t low = 0, high = p->ndeliveries, at;
	const struct delivery *d;

	while (low < high) {
		at = low + (high - low) / 2;
		d = &p->deliveries[at];
		if (d->group < group || (d->group == group && d->id < id))
			low = at + 1;
		else
			high = at;
	}
	d = p->deliveries + low;
	*n = low < p->ndeliveries && d->group == group && d->id == id ?
	    same_message(p, d) : 0;
	return d;
}

/* What came to no end in deliveries that started after a moment. */
static void
not_lost(const struct past *p, size_t group, const struct message *m, size_t after)
{
	const struct delivery *d;
	size_t n, i;

	if (!group_bound(&p->groups[group], m->key))
		return;
	d = deliveries_of(p, group, m->id, &n);
	for (i = 0; i < n; i++)
		if (d[i].start > after && succeeded(&d[i]))
			return;
	/* Where letters are redriven, being one is no end. */
	if ((past_is_dead(p, group, m->id) && !has_trait(p, group, "revived", "revived")) ||
	    (m->letter != NULL && m->letter->expires != 0))
		return;
	wrong("%s: %s (%" PRIu64 ") came to no end, after %zu deliveries",
	    p->groups[group].name, m->name, m->id, n);
}

/* In each group each message was handled, is a dead letter, or could expire. */
void
nothing_lost(const struct past *p)
{
	char value[64];
	size_t g, i;

	for (g = 0; g < p->ngroups; g++)
		if (group_trait(&p->groups[g], "handlers", value) != NULL)
			for (i = 0; i < p->nmessages; i++)
				not_lost(p, g, &p->messages[i], 0);
}

/* A group that was moved back gets all messages from that place on again. */
void
rewound_again(const struct past *p)
{
	const struct rewind *r;
	size_t i;

	for (r = p->rewinds; r < p->rewinds + p->nrewinds; r++)
		for (i = 0; i < p->nmessages && r->done != 0; i++)
			if (p->messages[i].id >= r->id)
				not_lost(p, r->group, &p->messages[i], r->began);
}

/* From when on it is certain that the delivery settled its message for good; 0: never. */
static size_t
settled_at(const struct past *p, const struct delivery *d)
{
	const struct run *r = &p->runs[d->run];
	char value[64];

	/* Here even a success may be undone: by a rewind, or a timeout in the last moment. */
	if (has_trait(p, d->group, "rewound", "timeout"))
		return 0;
	if (d->settled != 0)
		return strcmp(d->verb, "retry") == 0 || strcmp(d->verb, "release") == 0 ||
		    strcmp(d->verb, "revive") == 0 ? 0 : d->settled;
	if (group_trait(&p->groups[d->group], "manual", value) != NULL ||
	    !run_clean(r) || d->done == 0 || d->done > r->end)
		return 0;
	return d->outcome == OUTCOME_ACK || d->outcome == OUTCOME_REJECT ? r->end : 0;
}

/* What mq-ack said was settled, or a run that ended well, does not come back. */
void
settled_stays(const struct past *p)
{
	const struct delivery *d, *e, *end = p->deliveries + p->ndeliveries;
	size_t at;

	for (d = p->deliveries; d < end; d++) {
		if ((at = settled_at(p, d)) == 0)
			continue;
		for (e = d + 1; e < end && e->id == d->id && e->group == d->group; e++)
			if (e->start > at)
				wrong("%s: %s was settled by %s and came back in %s",
				    group_name(p, d), d->name, p->runs[d->run].name,
				    p->runs[e->run].name);
	}
}

/* A message is with one handler at a time, the orphans of killed consumers included. */
void
one_lease(const struct past *p)
{
	const struct delivery *d, *end = p->deliveries + p->ndeliveries;

	for (d = p->deliveries; d + 1 < end; d++)
		if (d[1].group == d->group && d[1].id == d->id &&
		    d[1].start < over_at(p, d) && !has_trait(p, d->group, "rewound", "rewound"))
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

/* What the next attempt must be, where that is certain; 0 where it is not. */
static unsigned
next_attempt(const struct past *p, const struct delivery *d,
    const struct delivery *next)
{
	const struct run *r = &p->runs[d->run];

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

/* Nobody gets a delayed message before its time. */
void
not_early(const struct past *p)
{
	const struct delivery *d, *end = p->deliveries + p->ndeliveries;
	const struct letter *l;

	for (d = p->deliveries; d < end; d++)
		if ((l = past_letter(p, d->name)) != NULL && d->wall < l->not_before)
			wrong("%s: %s came %" PRId64 " ms early", group_name(p, d),
			    d->name, (l->not_before - d->wall) / 1000000);
}

/* A group gets what it is bound to, and nothing else. */
void
as_bound(const struct past *p)
{
	const struct delivery *d, *end = p->deliveries + p->ndeliveries;

	for (d = p->deliveries; d < end; d++)
		if (!group_bound(&p->groups[d->group], d->key))
			wrong("%s: %s, of key \"%s\"", group_name(p, d), d->name, d->key);
}

static void
check_counters(const struct past *p, size_t group)
{
	const struct group *g = &p->groups[group];
	size_t i, bound = 0, letters = 0, skipped = 0;

	for (i = 0; i < p->nmessages; i++)
		bound += (size_t)group_bound(g, p->messages[i].key);
	for (i = 0; i < p->ndead; i++)
		letters += p->dead[i].group == group;
	if (g->depth != 0)
		wrong("%s: %" PRIu64 " messages are left", g->name, g->depth);
	/* Here a message can come to several ends. */
	if (has_trait(p, group, "rewound", "revived"))
		return;
	for (i = 0; i < p->ndeliveries; i++)
		skipped += p->deliveries[i].group == group &&
		    strcmp(p->deliveries[i].verb, "skip") == 0;
	if (g->acked + g->dead + g->expired + skipped != bound)
		wrong("%s: %" PRIu64 " acked, %" PRIu64 " dead, %" PRIu64 " expired, %zu "
		    "skipped of %zu", g->name, g->acked, g->dead, g->expired, skipped,
		    bound);
	/* Killed after the letter and before its settling, a message may expire as well. */
	if (g->dead > letters || g->dead + g->expired < letters)
		wrong("%s: %" PRIu64 " dead, and %zu dead letters", g->name, g->dead,
		    letters);
}

/* At the end nothing is left, and each message is counted once. */
void
counters_agree(const struct past *p)
{
	size_t g;

	for (g = 0; g < p->ngroups; g++)
		if (p->groups[g].seen)
			check_counters(p, g);
}
