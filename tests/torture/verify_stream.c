/* verify_stream.c - groups that are read as a stream of ids, a file for each run */
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
read_run(const struct past *p, size_t run, struct seen *list, size_t *n)
{
	char path[128], line[64];
	FILE *f;

	(void)snprintf(path, sizeof(path), "stream.%s", p->runs[run].name);
	if ((f = fopen(path, "r")) == NULL)
		err(70, "%s", path);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (strchr(line, '\n') == NULL)
			break;
		if ((list = reallocarray(list, *n + 1, sizeof(*list))) == NULL)
			err(70, NULL);
		list[*n].id = strtoull(line, NULL, 10);
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
			list = read_run(p, i, list, n);
	if (*n > 0)
		qsort(list, *n, sizeof(*list), by_id);
	return list;
}

static void
for_streams(const struct past *p, void (*check)(const struct past *,
    const char *, const struct seen *, size_t))
{
	struct seen *list;
	char value[64];
	size_t g, n;

	for (g = 0; g < p->ngroups; g++) {
		if (group_trait(&p->groups[g], "stream", value) == NULL)
			continue;
		list = read_all(p, p->groups[g].name, &n);
		check(p, p->groups[g].name, list, n);
		free(list);
	}
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
		    m->letter->expires == 0)
			wrong("%s never got %s (%" PRIu64 ")", group, m->name, m->id);
	}
}

/* All of the log came out, in one run or another. */
void
stream_complete(const struct past *p)
{
	for_streams(p, complete);
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
		if (a == b || (run_clean(a) && run_clean(b)) ||
		    (run_clean(a) && b->begin > a->end) ||
		    (run_clean(b) && a->begin > b->end))
			wrong("%s got %" PRIu64 " in %s and in %s", group, list[i].id,
			    a->name, b->name);
	}
}

/* What came out of a run that ended well comes out of no other. */
void
stream_settled_stays(const struct past *p)
{
	for_streams(p, stays);
}
