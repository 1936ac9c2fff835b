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

/* What a handler reads is what was sent, whoever died meanwhile. */
void
bodies_whole(const struct past *p)
{
	const struct delivery *d, *end = p->deliveries + p->ndeliveries;
	const struct message *m;

	if (p->torn > 0)
		wrong("%zu bodies were torn", p->torn);
	for (d = p->deliveries; d < end; d++) {
		if ((m = past_message(p, d->id)) == NULL) {
			if (!in_groups_only(p, d->name))
				wrong("%s got %s, which is not in the log", group_name(p, d),
				    past_id(p, d->id));
		} else if (strcmp(m->name, d->name) != 0 || strcmp(m->key, d->key) != 0 ||
		    m->priority != d->priority)
			wrong("%s got %s (key \"%s\", priority %u) under the id of %s",
			    group_name(p, d), d->name, d->key, d->priority, m->name);
	}
}

static int
succeeded(const struct delivery *d)
{
	return d->outcome == OUTCOME_ACK ||
	    (d->settled != 0 && (strcmp(d->verb, "ack") == 0 ||
	    strcmp(d->verb, "skip") == 0));
}

/* Whether it came to its end after a moment.  Who skips names a message, no delivery of it. */
static int
ended_after(const struct delivery *d, size_t after)
{
	return succeeded(d) && (d->start > after ||
	    (d->settled > after && strcmp(d->verb, "skip") == 0));
}

/* On a broker, an answer to mq-ack can be lost with the consumer's connection. */
static int
perhaps_settled(const struct past *p, const struct delivery *d)
{
	return p->broker && d->outcome == OUTCOME_HAND && d->settled == 0 &&
	    given_back(p, d, p->lines);
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
		if (ended_after(&d[i], after) || (d[i].start > after && perhaps_settled(p, &d[i])))
			return;
	/* Where letters are redriven, being one is no end. */
	if ((past_is_dead(p, group, m->id) && !has_trait(p, group, "revived", "revived")) ||
	    (m->letter != NULL && m->letter->expires != 0) || in_groups_only(p, m->name))
		return;
	wrong("%s: %s (%s) came to no end, after %zu deliveries", p->groups[group].name, m->name,
	    past_id(p, m->id), n);
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
	/* Here a message can come to several ends.  A broker does not count ends. */
	if (p->broker || has_trait(p, group, "rewound", "revived"))
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
