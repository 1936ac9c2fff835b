/* verify_group.c - how many of a group's deliveries are out, and with whom */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "verify.h"

const char *
group_name(const struct past *p, const struct delivery *d)
{
	return p->groups[d->group].name;
}

int
has_trait(const struct past *p, size_t group, const char *one, const char *other)
{
	char value[64];

	return group_trait(&p->groups[group], one, value) != NULL ||
	    group_trait(&p->groups[group], other, value) != NULL;
}

static int
by_start(const void *a, const void *b)
{
	const struct delivery *x = *(const struct delivery *const *)a;
	const struct delivery *y = *(const struct delivery *const *)b;

	return x->start < y->start ? -1 : x->start > y->start;
}

const struct delivery **
group_deliveries(const struct past *p, size_t group, size_t *n)
{
	const struct delivery **list = calloc(p->ndeliveries + 1, sizeof(*list));
	size_t i;

	if (list == NULL)
		err(70, NULL);
	*n = 0;
	for (i = 0; i < p->ndeliveries; i++)
		if (p->deliveries[i].group == group)
			list[(*n)++] = &p->deliveries[i];
	qsort(list, *n, sizeof(*list), by_start);
	return list;
}

size_t
over_at(const struct past *p, const struct delivery *d)
{
	const struct run *r = &p->runs[d->run];

	if (d->done != 0)
		return d->done;
	return r->kill != 0 ? r->kill : r->end;
}

/* How many were out when the i-th of list began; *other: one of another run's. */
static size_t
out_at(const struct past *p, const struct delivery **list, size_t i,
    const struct delivery **other)
{
	size_t j, n = 0;

	*other = NULL;
	for (j = 0; j < i; j++) {
		if (over_at(p, list[j]) < list[i]->start || given_back(p, list[j], list[i]->start))
			continue;
		n++;
		if (list[j]->run != list[i]->run)
			*other = list[j];
	}
	return n;
}

static int
by_key_and_start(const void *a, const void *b)
{
	const struct delivery *x = *(const struct delivery *const *)a;
	const struct delivery *y = *(const struct delivery *const *)b;
	int c = strcmp(x->key, y->key);

	return c != 0 ? c : x->start < y->start ? -1 : x->start > y->start;
}

void
for_keys(const struct past *p, void (*check)(const struct past *, const struct delivery **, size_t))
{
	const struct delivery **list;
	char value[64];
	size_t g, i, n, end;

	for (g = 0; g < p->ngroups; g++) {
		if (group_trait(&p->groups[g], "ordered", value) == NULL)
			continue;
		list = group_deliveries(p, g, &n);
		qsort(list, n, sizeof(*list), by_key_and_start);
		for (i = 0; i < n; i = end) {
			for (end = i; end < n && strcmp(list[end]->key, list[i]->key) == 0;)
				end++;
			if (*list[i]->key != '\0')
				check(p, list + i, end - i);
		}
		free(list);
	}
}

static void
for_groups(const struct past *p, const char *trait, void (*check)(const struct past *,
    const struct delivery **, size_t, unsigned long))
{
	const struct delivery **list;
	char value[64];
	size_t g, i, n;

	for (g = 0; g < p->ngroups; g++) {
		if (group_trait(&p->groups[g], trait, value) == NULL)
			continue;
		list = group_deliveries(p, g, &n);
		for (i = 0; i < n; i++)
			check(p, list, i, strtoul(value, NULL, 10));
		free(list);
	}
}

static void
check_active(const struct past *p, const struct delivery **list, size_t i,
    unsigned long unused)
{
	const struct delivery *other;

	(void)unused;
	(void)out_at(p, list, i, &other);
	if (other != NULL)
		wrong("%s: %s began in %s while %s was at work in %s",
		    p->groups[other->group].name, list[i]->name,
		    p->runs[list[i]->run].name, other->name, p->runs[other->run].name);
}

/* In an exclusive group one consumer at a time has something, its orphans included. */
void
only_one_active(const struct past *p)
{
	for_groups(p, "exclusive", check_active);
}

static void
check_most(const struct past *p, const struct delivery **list, size_t i,
    unsigned long most)
{
	const struct delivery *other;
	size_t n = out_at(p, list, i, &other) + 1;

	if (n > most)
		wrong("%s: %zu deliveries were out, not %lu, when %s began",
		    p->groups[list[i]->group].name, n, most, list[i]->name);
}

/* No more deliveries are out than max-leased says. */
void
not_too_many(const struct past *p)
{
	for_groups(p, "most", check_most);
}
