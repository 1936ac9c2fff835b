/* verify_order.c - the order in which a group's messages are handed out */
#include <err.h>
#include <inttypes.h>
#include <stdlib.h>

#include "verify.h"

static int
first_of_message(const struct past *p, const struct delivery *d)
{
	return d == p->deliveries || d[-1].group != d->group || d[-1].id != d->id;
}

static int
delayed(const struct past *p, const struct delivery *d)
{
	const struct letter *l = past_letter(p, d->name);

	return l != NULL && l->not_before != 0;
}

/*
 * A consumer that is killed while it starts a handler is not dead before that handler
 * runs: its successor may pass over what it holds.  1 if d is of such a successor, or
 * itself of such a handler.
 */
static int
passed_over(const struct past *p, const struct delivery *d,
    const struct delivery **list, size_t n)
{
	const struct run *r, *mine = &p->runs[d->run];
	size_t i;

	for (i = 0; i < n; i++) {
		r = &p->runs[list[i]->run];
		if (r->kill == 0 || r->kill > list[i]->start)
			continue;
		if (r == mine || (mine->begin > r->kill && mine->begin < list[i]->start))
			return 1;
	}
	return 0;
}

/*
 * One consumer with one handler, killed and replaced: the first deliveries of messages
 * of one priority are in the order of the log.
 */
static void
check_single(const struct past *p, size_t group)
{
	const struct delivery **list, *last[10] = { NULL }, *d;
	size_t i, n;

	list = group_deliveries(p, group, &n);
	for (i = 0; i < n; i++) {
		d = list[i];
		if (!first_of_message(p, d) || delayed(p, d) || d->priority > 9 ||
		    passed_over(p, d, list, n))
			continue;
		if (last[d->priority] != NULL && last[d->priority]->id > d->id)
			wrong("%s: %s was handed out after %s, which is later",
			    p->groups[group].name, d->name, last[d->priority]->name);
		last[d->priority] = d;
	}
	free(list);
}

/* Whether a message was handed out among the n of list. */
static int
seen_among(uint64_t id, const struct delivery **list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (list[i]->id == id)
			return 1;
	return 0;
}

#define AHEAD	4	/* what a consumer had claimed before is not more */

/* When each letter was first handed out, by its index. */
static size_t *
first_starts(const struct past *p, const struct delivery **list, size_t n)
{
	size_t *first = calloc(p->nletters + 1, sizeof(*first)), i;
	const struct letter *l;

	if (first == NULL)
		err(70, NULL);
	for (i = 0; i < n; i++)
		if ((l = past_letter(p, list[i]->name)) != NULL && first[l - p->letters] == 0)
			first[l - p->letters] = list[i]->start;
	return first;
}

/* d, which was claimed after that position, came before no message that is more urgent. */
static void
check_urgent(const struct past *p, const struct delivery *d, size_t claimed,
    const size_t *first)
{
	const struct letter *l, *end = p->letters + p->nletters;

	for (l = p->letters; l < end; l++) {
		if (l->priority <= d->priority || l->told_at == 0 || l->told_at > claimed ||
		    l->not_before != 0 || l->expires != 0)
			continue;
		if (first[l - p->letters] == 0 || first[l - p->letters] > d->start)
			wrong("%s: %s of priority %u was handed out before %s of priority "
			    "%u", p->groups[d->group].name, d->name, d->priority, l->name,
			    l->priority);
	}
}

/*
 * One consumer with one handler, which claims but few ahead: nothing is handed out while
 * something more urgent waits.
 */
void
urgent_first(const struct past *p)
{
	const struct delivery **list;
	char value[64];
	size_t g, i, n, *first;

	for (g = 0; g < p->ngroups; g++) {
		if (group_trait(&p->groups[g], "urgent", value) == NULL)
			continue;
		list = group_deliveries(p, g, &n);
		first = first_starts(p, list, n);
		for (i = AHEAD; i < n; i++)
			if (list[i - AHEAD]->run == list[i]->run &&
			    !passed_over(p, list[i], list, n))
				check_urgent(p, list[i], list[i - AHEAD]->start, first);
		free(first);
		free(list);
	}
}

void
single_in_order(const struct past *p)
{
	char value[64];
	size_t g;

	for (g = 0; g < p->ngroups; g++)
		if (group_trait(&p->groups[g], "single", value) != NULL)
			check_single(p, g);
}

/* The deliveries of one key, in the order of their starts. */
static void
check_key(const struct past *p, const struct delivery **list, size_t n)
{
	const char *group = p->groups[list[0]->group].name;
	const struct delivery *a, *d, *last = NULL;
	size_t i;

	for (i = 1; i < n; i++) {
		a = list[i - 1];
		d = list[i];
		if (d->start < a->done)
			wrong("%s: key %s: %s began while %s was at work", group, d->key,
			    d->name, a->name);
		if (d->id != a->id && seen_among(d->id, list, i))
			wrong("%s: key %s: %s came again after %s had begun", group, d->key,
			    d->name, a->name);
	}
	for (i = 0; i < n; i++) {
		d = list[i];
		if (delayed(p, d))
			continue;
		if (last != NULL && d->id < last->id)
			wrong("%s: key %s: %s came after %s", group, d->key, d->name,
			    last->name);
		last = d;
	}
}

/*
 * An ordered group: of a key one message at a time is out, from its first delivery until
 * it is settled for good, and in the order of the log.  A delayed one takes its place
 * when it is due.
 */
void
keys_in_order(const struct past *p)
{
	for_keys(p, check_key);
}
