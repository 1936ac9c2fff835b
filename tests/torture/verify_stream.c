/* verify_stream.c - groups that are read as a stream of ids, a file for each run: GROUP.RUN */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verify.h"

/* An id in a run's file. */
struct seen {
	uint64_t	 id;
	size_t		 run;
};

static int
by_id(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id ? 1 :
	    x->run < y->run ? -1 : x->run > y->run;
}

/* Reads a run's file to the end of list, but for a last line that was cut. */
static struct seen *
read_run(const struct past *p, const char *group, size_t run, struct seen *list, size_t *n)
{
	char path[192], line[64];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s.%s", group, p->runs[run].name);
	if ((f = fopen(path, "r")) == NULL)
		err(70, "%s", path);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (strchr(line, '\n') == NULL)
			break;
		if ((list = reallocarray(list, *n + 1, sizeof(*list))) == NULL)
			err(70, NULL);
		line[strcspn(line, "\n")] = '\0';
		list[*n].id = ids_number(p->ids, line);
		list[(*n)++].run = run;
	}
	(void)fclose(f);
	return list;
}

/* All that the runs of a group (their names begin with its name) got, by id. */
static struct seen *
read_all(const struct past *p, const char *group, size_t *n)
{
	struct seen *list = NULL;
	size_t i;

	*n = 0;
	for (i = 0; i < p->nruns; i++)
		if (strncmp(p->runs[i].name, group, strlen(group)) == 0)
			list = read_run(p, group, i, list, n);
	if (*n > 0)
		qsort(list, *n, sizeof(*list), by_id);
	return list;
}

static void
for_groups(const struct past *p, const char *trait, void (*check)(const struct past *,
    const char *, const struct seen *, size_t))
{
	struct seen *list;
	char value[64];
	size_t g, n;

	for (g = 0; g < p->ngroups; g++) {
		if (group_trait(&p->groups[g], trait, value) == NULL)
			continue;
		list = read_all(p, p->groups[g].name, &n);
		check(p, p->groups[g].name, list, n);
		free(list);
	}
}

/* On a broker, what was not confirmed in a loss need not be everywhere. */
static int
unconfirmed(const struct past *p, const struct letter *l)
{
	return l->told == 0 && sent_in_loss(p, l);
}

static void
complete(const struct past *p, const char *group, const struct seen *list, size_t n)
{
	const struct message *m, *end = p->messages + p->nmessages;
	size_t i = 0;

	for (m = p->messages; m < end; m++) {
		while (i < n && list[i].id < m->id)
			i++;
		if ((i == n || list[i].id != m->id) && m->letter != NULL &&
		    m->letter->expires == 0 && !unconfirmed(p, m->letter))
			wrong("%s never got %s (%s)", group, m->name, past_id(p, m->id));
	}
}

/* All of the log came out, in one run or another. */
void
stream_complete(const struct past *p)
{
	for_groups(p, "stream", complete);
}

/* On a broker: sent twice, or given back in a loss. */
static int
perhaps_twice(const struct past *p, uint64_t id, const struct run *a, const struct run *b)
{
	const struct message *m = past_message(p, id);
	const struct run *first = a->begin < b->begin ? a : b, *last = first == a ? b : a;

	if (!p->broker)
		return 0;
	return (m != NULL && m->letter != NULL &&
	    (m->copies > 1 || sent_twice(p, m->letter, last->begin))) ||
	    lost_between(p, first->begin, first->end);
}

static void
stays(const struct past *p, const char *group, const struct seen *list, size_t n)
{
	const struct run *a, *b;
	size_t i;

	for (i = 1; i < n; i++) {
		if (list[i].id != list[i - 1].id)
			continue;
		a = &p->runs[list[i - 1].run];
		b = &p->runs[list[i].run];
		if (perhaps_twice(p, list[i].id, a, b))
			continue;
		if (a == b || (run_clean(a) && run_clean(b)) ||
		    (run_clean(a) && b->begin > a->end) ||
		    (run_clean(b) && a->begin > b->end))
			wrong("%s got %s in %s and in %s", group, past_id(p, list[i].id), a->name,
			    b->name);
	}
}

/* What came out of a run that ended well comes out of no other. */
void
stream_settled_stays(const struct past *p)
{
	for_groups(p, "stream", stays);
}

static void
once(const struct past *p, const char *group, const struct seen *list, size_t n)
{
	const struct message *m;
	const struct run *r;
	size_t i;

	for (i = 0; i < n; i++) {
		m = past_message(p, list[i].id);
		r = &p->runs[list[i].run];
		if (m == NULL && !lost_between(p, 0, r->end))
			wrong("%s got %s, which is not in the log, in %s", group,
			    past_id(p, list[i].id), r->name);
		if (i > 0 && list[i].id == list[i - 1].id && list[i].run == list[i - 1].run &&
		    !perhaps_twice(p, list[i].id, r, r))
			wrong("%s got %s twice in %s", group, past_id(p, list[i].id), r->name);
	}
}

/* Each run has a group of its own, which has no message twice, and none that is not in the log. */
void
temporary_once(const struct past *p)
{
	for_groups(p, "temporary", once);
}
