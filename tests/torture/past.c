/* past.c - reading the files of a torture run; see past.h */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "past_read.h"

#define LINE_SIZE	2048

void *
past_grow(void *p, size_t n, size_t size)
{
	if (n != 0 && (n & (n - 1)) != 0)
		return p;
	if ((p = reallocarray(p, n == 0 ? 1 : 2 * n, size)) == NULL)
		err(70, NULL);
	memset((char *)p + n * size, 0, (n == 0 ? 1 : n) * size);
	return p;
}

FILE *
past_open(const char *directory, const char *name)
{
	char path[4096];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	if ((f = fopen(path, "r")) == NULL)
		err(70, "%s", path);
	return f;
}

size_t
past_group(const struct past *p, const char *name)
{
	size_t i;

	for (i = 0; i < p->ngroups; i++)
		if (strcmp(p->groups[i].name, name) == 0)
			return i;
	errx(70, "no such group: %s", name);
}

/* ---------------------------------------------------- what was collected -- */

static void
read_groups(struct past *p, const char *directory)
{
	FILE *f = past_open(directory, "groups");
	struct group g;

	memset(&g, 0, sizeof(g));
	while (fscanf(f, "%63s %255s", g.name, g.traits) == 2) {
		p->groups = past_grow(p->groups, p->ngroups, sizeof(g));
		p->groups[p->ngroups++] = g;
	}
	(void)fclose(f);
}

static void
read_stat(struct past *p, const char *directory)
{
	FILE *f = past_open(directory, "stat");
	struct group g, *to;
	char name[64];

	while (fscanf(f, "%63s %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64, name,
	    &g.depth, &g.acked, &g.dead, &g.expired) == 5) {
		to = &p->groups[past_group(p, name)];
		to->depth = g.depth;
		to->acked = g.acked;
		to->dead = g.dead;
		to->expired = g.expired;
		to->seen = 1;
	}
	(void)fclose(f);
}

static void
read_messages(struct past *p, const char *directory)
{
	FILE *f = past_open(directory, "log.in");
	struct message m, *before;
	char line[LINE_SIZE], id[ID_SIZE], key[65];

	while (fgets(line, sizeof(line), f) != NULL) {
		memset(&m, 0, sizeof(m));
		if (sscanf(line, "%47s %u %" SCNu64 " %64s %63s", id, &m.priority, &m.size, key,
		    m.name) != 5)
			errx(70, "log.in: %s", line);
		m.id = ids_number(p->ids, id);
		m.copies = 1;
		(void)snprintf(m.key, sizeof(m.key), "%s", key + 1);
		if ((before = past_message(p, m.id)) != NULL) {
			before->copies++;
			before->differ |= strcmp(before->name, m.name) != 0 ||
			    strcmp(before->key, m.key) != 0 || before->size != m.size ||
			    before->priority != m.priority;
			continue;
		}
		p->messages = past_grow(p->messages, p->nmessages, sizeof(m));
		p->messages[p->nmessages++] = m;
	}
	(void)fclose(f);
}

static void
read_dead(struct past *p, const char *directory)
{
	FILE *f = past_open(directory, "log.dead");
	char id[ID_SIZE], origin[ID_SIZE], group[64], key[65];
	struct dead d;

	memset(&d, 0, sizeof(d));
	while (fscanf(f, "%47s %63s %47s %u %63s %64s %63s%*[^\n]", id, group, origin,
	    &d.attempts, d.reason, key, d.name) == 7) {
		d.origin = ids_number(p->ids, origin);
		(void)snprintf(d.key, sizeof(d.key), "%s", key + 1);
		d.group = past_group(p, group);
		p->dead = past_grow(p->dead, p->ndead, sizeof(d));
		p->dead[p->ndead++] = d;
	}
	if (!feof(f))
		errx(70, "log.dead: line %zu", p->ndead + 1);
	(void)fclose(f);
}

/* -------------------------------------------------------------- tables -- */

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct letter *)a)->name, ((const struct letter *)b)->name);
}

static int
compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int
by_delivery(const void *a, const void *b)
{
	const struct delivery *x = a, *y = b;
	int c;

	if ((c = compare(x->group, y->group)) != 0 || (c = compare(x->id, y->id)) != 0)
		return c;
	return compare(x->start, y->start);
}

static int
by_origin(const void *a, const void *b)
{
	const struct dead *x = a, *y = b;
	int c = compare(x->group, y->group);

	return c != 0 ? c : compare(x->origin, y->origin);
}

int
past_is_dead(const struct past *p, size_t group, uint64_t id)
{
	const struct dead key = { .group = group, .origin = id };

	return bsearch(&key, p->dead, p->ndead, sizeof(key), by_origin) != NULL;
}

int
group_bound(const struct group *g, const char *key)
{
	char value[64], *p = value, *word;

	if (group_trait(g, "keys", value) == NULL)
		return 1;
	while ((word = strsep(&p, "/")) != NULL)
		if (strcmp(word, key) == 0)
			return 1;
	return 0;
}

static int
by_run(const void *a, const void *b)
{
	const struct delivery *x = a, *y = b;
	int c = compare(x->run, y->run);

	return c != 0 ? c : compare(x->start, y->start);
}

/* How many starts there were in each delivery's run after it. */
static void
count_later(struct past *p)
{
	struct delivery *d = p->deliveries;
	size_t i;

	qsort(d, p->ndeliveries, sizeof(*d), by_run);
	for (i = p->ndeliveries; i-- > 0;)
		d[i].later = i + 1 < p->ndeliveries && d[i + 1].run == d[i].run ?
		    d[i + 1].later + 1 : 0;
}

struct letter *
past_letter(const struct past *p, const char *name)
{
	struct letter key = { .copies = 0 };

	(void)snprintf(key.name, sizeof(key.name), "%s", name);
	return bsearch(&key, p->letters, p->nletters, sizeof(key), by_name);
}

struct message *
past_message(const struct past *p, uint64_t id)
{
	return id >= 1 && id <= p->nmessages ? &p->messages[id - 1] : NULL;
}

const char *
past_id(const struct past *p, uint64_t id)
{
	return ids_text(p->ids, id);
}

const char *
group_trait(const struct group *g, const char *name, char value[64])
{
	const char *p = g->traits;
	size_t n = strlen(name);

	for (; p != NULL; p = strchr(p, ',')) {
		p += *p == ',';
		if (strncmp(p, name, n) == 0 && strchr("=,", p[n]) != NULL) {
			(void)snprintf(value, 64, "%.*s", (int)strcspn(p + n, ","), p + n);
			if (*value == '=')
				memmove(value, value + 1, strlen(value));
			return value;
		}
	}
	return NULL;
}

void
past_read(struct past *p, const char *directory)
{
	struct letter *l;
	size_t i;

	memset(p, 0, sizeof(*p));
	if ((p->ids = calloc(1, sizeof(*p->ids))) == NULL)
		err(70, NULL);
	read_groups(p, directory);
	read_stat(p, directory);
	read_messages(p, directory);
	past_read_history(p, directory);
	read_dead(p, directory);
	qsort(p->letters, p->nletters, sizeof(*p->letters), by_name);
	count_later(p);
	qsort(p->deliveries, p->ndeliveries, sizeof(*p->deliveries), by_delivery);
	qsort(p->dead, p->ndead, sizeof(*p->dead), by_origin);
	for (i = 0; i < p->nmessages; i++) {
		if ((l = past_letter(p, p->messages[i].name)) == NULL)
			continue;
		p->messages[i].letter = l;
		l->copies += p->messages[i].copies;
		l->nids++;
		l->id = p->messages[i].id;
	}
}

void
past_free(struct past *p)
{
	free(p->letters);
	free(p->messages);
	free(p->runs);
	free(p->deliveries);
	free(p->dead);
	free(p->groups);
	free(p->rewinds);
	free(p->losses);
	ids_free(p->ids);
	free(p->ids);
}
