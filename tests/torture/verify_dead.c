/* verify_dead.c - dead letters, against the deliveries that made them */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "verify.h"

/* 1 if a message can die more than once: the group is rewound, or its letters redriven. */
static int
dies_again(const struct past *p, size_t group)
{
	char value[64];

	return group_trait(&p->groups[group], "rewound", value) != NULL ||
	    group_trait(&p->groups[group], "revived", value) != NULL;
}

/* On a broker: a loss between a dead letter and its message's end leaves both. */
static int
perhaps_copied_twice(const struct past *p, const struct dead *dead)
{
	const struct delivery *d, *end = p->deliveries + p->ndeliveries;

	for (d = p->deliveries; d < end; d++)
		if (d->group == dead->group && d->id == dead->origin)
			return perhaps_doubled(p, d, p->lines);
	return 0;
}

/* One dead letter for a message that died in a group, whole. */
void
dead_once(const struct past *p)
{
	const struct dead *d, *end = p->dead + p->ndead;
	const struct message *m;

	for (d = p->dead; d < end; d++) {
		if (d > p->dead && d->group == d[-1].group && d->origin == d[-1].origin &&
		    !dies_again(p, d->group) && !perhaps_copied_twice(p, d))
			wrong("%s: %s is a dead letter twice", p->groups[d->group].name,
			    d->name);
		m = past_message(p, d->origin);
		if (m == NULL && in_groups_only(p, d->name))
			continue;
		if (m == NULL || strcmp(m->name, d->name) != 0 ||
		    strcmp(m->key, d->key) != 0)
			wrong("dead letter %s (key \"%s\") is not the message it says",
			    d->name, d->key);
	}
}

/*
 * On a broker, mq-ack may have settled a message in whatever way, and got no answer since the consumer
 * was killed.
 */
static int
perhaps_by_hand(const struct past *p, const struct delivery *d)
{
	return p->broker && d->outcome == OUTCOME_HAND && d->settled == 0;
}

/* How often a message was handed out, and whether somebody refused it. */
static unsigned
handed_out(const struct past *p, const struct dead *dead, int *refused)
{
	const struct delivery *d, *end = p->deliveries + p->ndeliveries;
	unsigned n = 0;

	*refused = 0;
	for (d = p->deliveries; d < end; d++) {
		if (d->group != dead->group || d->id != dead->origin)
			continue;
		n++;
		if (d->outcome == OUTCOME_REJECT || strcmp(d->verb, "reject") == 0 ||
		    perhaps_by_hand(p, d))
			*refused = 1;
	}
	return n;
}

/*
 * Only what was refused, or failed as often as it may, is a dead letter.  Where there is a time
 * limit, a command may have been ended by it before it could write down that it had begun.
 */
void
dead_deserved(const struct past *p)
{
	const struct dead *d, *end = p->dead + p->ndead;
	const char *most, *group;
	char value[64];
	unsigned n;
	int refused;

	for (d = p->dead; d < end; d++) {
		if (dies_again(p, d->group))
			continue;
		group = p->groups[d->group].name;
		n = handed_out(p, d, &refused);
		if (d->attempts > n && !has_trait(p, d->group, "manual", "timeout"))
			wrong("%s: %s died after %u attempts, of which %u were seen", group,
			    d->name, d->attempts, n);
		if (strcmp(d->reason, "exit_100") == 0 || strcmp(d->reason, "rejected") == 0) {
			if (!refused)
				wrong("%s: %s: nobody refused it", group, d->name);
			continue;
		}
		most = group_trait(&p->groups[d->group], "attempts", value);
		if (most != NULL && d->attempts != strtoul(most, NULL, 10))
			wrong("%s: %s died of \"%s\" after %u attempts", group, d->name,
			    d->reason, d->attempts);
	}
}

/* What mq-ack rejected is a dead letter. */
void
rejected_is_dead(const struct past *p)
{
	const struct delivery *d, *end = p->deliveries + p->ndeliveries;

	for (d = p->deliveries; d < end; d++)
		if (d->settled != 0 && strcmp(d->verb, "reject") == 0 &&
		    !past_is_dead(p, d->group, d->id))
			wrong("%s: %s was rejected and is no dead letter",
			    p->groups[d->group].name, d->name);
}
