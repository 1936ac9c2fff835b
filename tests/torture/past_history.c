/* past_history.c - reading the history; see past.h and history.h */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "past_read.h"

#define LINE_SIZE	2048

/* What is looked for was told of lately, so they search from the end. */
static struct letter *
recent_letter(const struct past *p, const char *name)
{
	size_t i;

	for (i = p->nletters; i-- > 0;)
		if (strcmp(p->letters[i].name, name) == 0)
			return &p->letters[i];
	errx(70, "history: %s was never sent", name);
}

static size_t
recent_run(const struct past *p, const char *name)
{
	size_t i;

	for (i = p->nruns; i-- > 0;)
		if (strcmp(p->runs[i].name, name) == 0)
			return i;
	errx(70, "history: %s never began", name);
}

static struct delivery *
recent_delivery(const struct past *p, const char *group, const char *id, const char *lease)
{
	size_t i, g = past_group(p, group);
	uint64_t number = ids_number(p->ids, id);

	for (i = p->ndeliveries; i-- > 0;)
		if (p->deliveries[i].id == number && p->deliveries[i].group == g &&
		    strcmp(p->deliveries[i].lease, lease) == 0)
			return &p->deliveries[i];
	errx(70, "history: %s %s.%s never began", group, id, lease);
}

static int
read_sent(struct past *p, const char *line)
{
	struct letter l = { .sent = p->lines };
	char run[64], how[64];

	if (sscanf(line, "%*s %63s %63s %63s :%63[^ ] %u %" SCNd64 " %" SCNd64 " %"
	    SCNu64, l.name, run, how, l.key, &l.priority, &l.not_before, &l.expires,
	    &l.size) != 8 && sscanf(line, "%*s %63s %63s %63s : %u %" SCNd64 " %" SCNd64
	    " %" SCNu64, l.name, run, how, &l.priority, &l.not_before, &l.expires,
	    &l.size) != 7)
		return -1;
	l.run = recent_run(p, run);
	l.atomic = strncmp(how, "atomic", 6) == 0;
	l.has_id = strstr(how, "-id") != NULL;
	p->letters = past_grow(p->letters, p->nletters, sizeof(l));
	p->letters[p->nletters++] = l;
	return 0;
}

static int
read_told(struct past *p, const char *line)
{
	char name[LETTER_NAME], id[ID_SIZE];
	struct letter *l;

	if (sscanf(line, "%*s %63s %47s", name, id) != 2)
		return -1;
	l = recent_letter(p, name);
	l->told = ids_number(p->ids, id);
	l->told_at = p->lines;
	return 0;
}

static int
read_run(struct past *p, const char *line)
{
	struct run r = { .begin = p->lines };
	char word[16];
	int status = 0, n;

	n = sscanf(line, "%15s %63s %d", word, r.name, &status);
	if (n < 2)
		return -1;
	if (*word == 'b') {
		p->runs = past_grow(p->runs, p->nruns, sizeof(r));
		p->runs[p->nruns++] = r;
	} else if (*word == 'k')
		p->runs[recent_run(p, r.name)].kill = p->lines;
	else if (*word == 'l')
		p->runs[recent_run(p, r.name)].late = p->lines;
	else if (*word == 'c')
		p->runs[recent_run(p, r.name)].cut = 1;
	else if (*word == 's')
		p->runs[recent_run(p, r.name)].stop = p->lines;
	else if (n == 3) {
		p->runs[recent_run(p, r.name)].end = p->lines;
		p->runs[recent_run(p, r.name)].status = status;
	} else
		return -1;
	return 0;
}

static int
read_start(struct past *p, const char *line)
{
	struct delivery d = { .start = p->lines };
	char group[64], run[64], key[65], id[ID_SIZE];

	if (sscanf(line, "%*s %63s %47s %63s %u %u %64s %63s %63s %" SCNd64, group, id, d.lease,
	    &d.attempt, &d.priority, key, d.name, run, &d.wall) != 9)
		return -1;
	d.id = ids_number(p->ids, id);
	(void)snprintf(d.key, sizeof(d.key), "%s", key + 1);
	d.group = past_group(p, group);
	d.run = recent_run(p, run);
	p->deliveries = past_grow(p->deliveries, p->ndeliveries, sizeof(d));
	p->deliveries[p->ndeliveries++] = d;
	return 0;
}

static int
read_done(struct past *p, const char *line)
{
	static const char *const outcomes[] = { "", "ack", "retry", "reject", "die", "hand" };
	char word[16], group[64], id[ID_SIZE], lease[64], what[16];
	struct delivery *d;
	size_t i;

	if (sscanf(line, "%15s %63s %47s %63s %15s", word, group, id, lease, what) != 5)
		return -1;
	d = recent_delivery(p, group, id, lease);
	if (*word == 'p') {
		d->printed = (unsigned)strtoul(what, NULL, 10);
		return 0;
	}
	if (*word == 's') {
		d->settled = p->lines;
		(void)snprintf(d->verb, sizeof(d->verb), "%s", what);
		return 0;
	}
	d->done = p->lines;
	for (i = 1; i < sizeof(outcomes) / sizeof(outcomes[0]); i++)
		if (strcmp(outcomes[i], what) == 0)
			d->outcome = (enum outcome)i;
	return d->outcome == OUTCOME_NONE ? -1 : 0;
}

static int
read_rewind(struct past *p, const char *line)
{
	struct rewind r = { .began = p->lines };
	char word[16], group[64], id[ID_SIZE];
	size_t i;

	if (sscanf(line, "%15s %63s %47s", word, group, id) != 3)
		return -1;
	r.id = ids_number(p->ids, id);
	r.group = past_group(p, group);
	if (strcmp(word, "rewinding") == 0) {
		p->rewinds = past_grow(p->rewinds, p->nrewinds, sizeof(r));
		p->rewinds[p->nrewinds++] = r;
		return 0;
	}
	for (i = p->nrewinds; i-- > 0;)
		if (p->rewinds[i].group == r.group && p->rewinds[i].id == r.id) {
			p->rewinds[i].done = p->lines;
			return 0;
		}
	return -1;
}

/* Only one thing is away at a time. */
static int
read_loss(struct past *p, const char *line)
{
	struct loss l = { .from = p->lines };
	char word[16];

	if (sscanf(line, "%15s %31s", word, l.what) != 2)
		return -1;
	if (strcmp(word, "losing") == 0) {
		p->losses = past_grow(p->losses, p->nlosses, sizeof(l));
		p->losses[p->nlosses++] = l;
		return 0;
	}
	if (p->nlosses == 0 || strcmp(p->losses[p->nlosses - 1].what, l.what) != 0)
		return -1;
	p->losses[p->nlosses - 1].to = p->lines;
	return 0;
}

static int
read_engine(struct past *p, const char *line)
{
	p->broker = strcmp(line, "engine rabbitmq\n") == 0;
	return 0;
}

static int
read_other(struct past *p, const char *line)
{
	if (strncmp(line, "again ", 6) == 0)
		return 0;
	if (strncmp(line, "torn ", 5) != 0)
		return -1;
	printf("torn body: %s", line);
	p->torn++;
	return 0;
}

void
past_read_history(struct past *p, const char *directory)
{
	static const struct {
		const char *word;
		int (*take)(struct past *, const char *);
	} events[] = {
		{ "sent ", read_sent }, { "told ", read_told }, { "begin ", read_run },
		{ "stop ", read_run }, { "kill ", read_run }, { "late ", read_run }, { "cut ", read_run },
		{ "end ", read_run }, { "start ", read_start },
		{ "printed ", read_done }, { "done ", read_done }, { "settled ", read_done },
		{ "rewinding ", read_rewind }, { "rewound ", read_rewind },
		{ "losing ", read_loss }, { "whole ", read_loss }, { "engine ", read_engine },
		{ "", read_other }
	};
	FILE *f = past_open(directory, "history");
	char line[LINE_SIZE];
	size_t i;

	while (fgets(line, sizeof(line), f) != NULL) {
		p->lines++;
		for (i = 0; strncmp(line, events[i].word, strlen(events[i].word)) != 0;)
			i++;
		if (events[i].take(p, line) == -1)
			errx(70, "history:%zu: %s", p->lines, line);
	}
	(void)fclose(f);
}
