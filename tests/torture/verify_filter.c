/*
 * verify_filter.c - what mq-sub --to published, against what the filters printed
 *
 * The queue of the outputs is trimmed all the time; what was in it is known from those
 * who read it, in the files QUEUE.RUN: "OUTPUT-ID ID LEASE NUMBER COUNT".
 */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verify.h"

struct output {
	uint64_t	id, input;
	char		lease[64];
	unsigned	number, count;
};

static int
compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int
by_input(const void *a, const void *b)
{
	const struct output *x = a, *y = b;
	int c = compare(x->input, y->input);

	return c != 0 ? c : compare(x->id, y->id);
}

/* Adds what a run's file has, but for a last line that was cut. */
static struct output *
read_file(const struct past *p, const char *queue, const char *run, struct output *list, size_t *n)
{
	char path[192], line[256], input[ID_SIZE];
	struct output o;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s.%s", queue, run);
	if ((f = fopen(path, "r")) == NULL)
		err(70, "%s", path);
	while (fgets(line, sizeof(line), f) != NULL && strchr(line, '\n') != NULL) {
		if (sscanf(line, "%" SCNu64 " %47s %63s %u %u", &o.id, input, o.lease, &o.number,
		    &o.count) != 5)
			errx(70, "%s: %s", path, line);
		o.input = ids_number(p->ids, input);
		if ((list = reallocarray(list, *n + 1, sizeof(o))) == NULL)
			err(70, NULL);
		list[(*n)++] = o;
	}
	(void)fclose(f);
	return list;
}

/* All outputs in that queue, each once, by input and in their order. */
static struct output *
read_outputs(const struct past *p, const char *queue, size_t *n)
{
	struct output *list = NULL;
	size_t i, kept = 0;

	*n = 0;
	for (i = 0; i < p->nruns; i++)
		if (strncmp(p->runs[i].name, queue, strlen(queue)) == 0)
			list = read_file(p, queue, p->runs[i].name, list, n);
	if (*n > 0)
		qsort(list, *n, sizeof(*list), by_input);
	for (i = 0; i < *n; i++)	/* readers get some of it again */
		if (kept == 0 || list[i].id != list[kept - 1].id)
			list[kept++] = list[i];
	*n = kept;
	return list;
}

/* The outputs of one input: all of one run's, in order. */
static void
whole(const char *group, const char *input, const struct output *o, size_t n)
{
	size_t i;

	for (i = 1; i < n; i++)
		if (strcmp(o[i].lease, o[0].lease) != 0) {
			wrong("%s: %s has outputs of two runs: %s, %s", group, input, o[0].lease,
			    o[i].lease);
			return;
		}
	if (n != o->count)
		wrong("%s: %s has %zu outputs of %u", group, input, n, o->count);
	for (i = 0; i < n; i++)
		if (o[i].number != i + 1) {
			wrong("%s: output %u of %s is in the place of %zu", group, o[i].number,
			    input, i + 1);
			return;
		}
}

/* It was killed too often, or came too late. */
static int
excused(const struct past *p, const struct delivery *d)
{
	const struct letter *l = past_letter(p, d->name);

	return past_is_dead(p, d->group, d->id) || (l != NULL && l->expires != 0);
}

/* The delivery that the published outputs are of succeeded, and printed so many. */
static void
came_of(const struct past *p, const struct delivery *d, size_t ndeliveries,
    const struct output *o, size_t n)
{
	const char *group = p->groups[d->group].name;
	size_t i;
	int none = 0, ok = 0;

	if (n > 0 && past_is_dead(p, d->group, d->id))
		wrong("%s: %s is a dead letter, and its outputs are there", group, d->name);
	for (i = 0; i < ndeliveries; i++) {
		if (d[i].outcome != OUTCOME_ACK)
			continue;
		ok = 1;
		none |= d[i].printed == 0;
		if (n > 0 && strcmp(d[i].lease, o->lease) == 0)
			return;
	}
	if (n > 0)
		wrong("%s: %s has outputs of a run that did not succeed", group, d->name);
	else if (ok && !none && !excused(p, d))
		wrong("%s: the outputs of %s were not published", group, d->name);
}

static void
check_group(const struct past *p, size_t group, const struct output *o, size_t n)
{
	const struct delivery *d, *end = p->deliveries + p->ndeliveries;
	size_t at = 0, of;

	for (d = p->deliveries; d < end; d += same_message(p, d)) {
		if (d->group != group)
			continue;
		for (; at < n && o[at].input < d->id; at++)
			wrong("%s: outputs of %s, which it never had", p->groups[group].name,
			    past_id(p, o[at].input));
		for (of = 0; at + of < n && o[at + of].input == d->id;)
			of++;
		if (of > 0)
			whole(p->groups[group].name, past_id(p, d->id), o + at, of);
		came_of(p, d, same_message(p, d), o + at, of);
		at += of;
	}
}

/* All outputs of an input that succeeded are there, of one run of it, once. */
void
filters_once(const struct past *p)
{
	struct output *list;
	char queue[64];
	size_t g, n;

	for (g = 0; g < p->ngroups; g++) {
		if (group_trait(&p->groups[g], "filter", queue) == NULL)
			continue;
		list = read_outputs(p, queue, &n);
		check_group(p, g, list, n);
		free(list);
	}
}
