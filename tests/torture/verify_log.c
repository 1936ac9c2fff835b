/* verify_log.c - what publishers were told, against what the log holds */
#include <err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "verify.h"

/* An id that was printed is the id of that message, for ever. */
void
told_is_there(const struct past *p)
{
	const struct letter *l, *end = p->letters + p->nletters;

	for (l = p->letters; l < end; l++) {
		if (l->told == 0)
			continue;
		if (l->copies == 0)
			wrong("%s was told as %s and is not in the log", l->name,
			    past_id(p, l->told));
		else if (l->id != l->told)
			wrong("%s was told as %s and is in the log as %s", l->name,
			    past_id(p, l->told), past_id(p, l->id));
	}
}

/*
 * No message twice; one with a message id, which is given until it is told, once.  On a broker,
 * what was sent again in a loss is there again, with the same id.
 */
void
each_once(const struct past *p)
{
	const struct letter *l, *end = p->letters + p->nletters;

	for (l = p->letters; l < end; l++) {
		if (l->nids > 1 && p->broker)
			wrong("%s is in the log under %zu ids", l->name, l->nids);
		else if (l->copies > 1 && sent_twice(p, l, p->lines))
			continue;
		else if (l->copies > 1)
			wrong("%s is in the log %zu times%s", l->name, l->copies,
			    l->has_id ? " in spite of its message id" : "");
		else if (l->has_id && l->copies == 0)
			wrong("%s, which was given until it was told, is not in the log",
			    l->name);
	}
}

/* 1 if an id, which is a number, is not above another one. */
static int
not_above(const char *id, const char *other)
{
	return strtoull(id, NULL, 10) <= strtoull(other, NULL, 10);
}

/*
 * Every message is one that was sent, with its envelope.  Ids ascend; on a broker each publisher
 * makes its own.
 */
void
as_sent(const struct past *p)
{
	const struct message *m;
	size_t i;

	for (i = 0; i < p->nmessages; i++) {
		m = &p->messages[i];
		if (i > 0 && !p->broker && not_above(past_id(p, m->id), past_id(p, m[-1].id)))
			wrong("id %s comes after %s", past_id(p, m->id), past_id(p, m[-1].id));
		if (m->letter == NULL)
			wrong("%s (%s) was never sent", m->name, past_id(p, m->id));
		else if (m->differ || strcmp(m->key, m->letter->key) != 0 || m->size !=
		    m->letter->size || m->priority != m->letter->priority)
			wrong("%s is not as sent: key \"%s\", priority %u, %" PRIu64
			    " bytes", m->name, m->key, m->priority, m->size);
	}
}

static int
by_run_and_sending(const void *a, const void *b)
{
	const struct letter *x = *(const struct letter *const *)a;
	const struct letter *y = *(const struct letter *const *)b;

	if (x->run != y->run)
		return x->run < y->run ? -1 : 1;
	return x->sent < y->sent ? -1 : x->sent > y->sent;
}

/* The letters that were given once only, by run, in the order of sending. */
static const struct letter **
by_runs(const struct past *p, size_t *n)
{
	const struct letter **list = calloc(p->nletters + 1, sizeof(*list));
	size_t i;

	if (list == NULL)
		err(70, NULL);
	*n = 0;
	for (i = 0; i < p->nletters; i++)
		if (!p->letters[i].has_id)
			list[(*n)++] = &p->letters[i];
	qsort(list, *n, sizeof(*list), by_run_and_sending);
	return list;
}

/*
 * What a run published is the beginning of what it was given, in that order.  On a broker a
 * delayed message is in the log when it is due, and what is sent again in a loss comes late.
 */
void
runs_in_order(const struct past *p)
{
	const struct letter **list, *a = NULL, *b;
	size_t i, n;

	list = by_runs(p, &n);
	for (i = 0; i < n; i++) {
		if (p->broker && (list[i]->not_before != 0 || sent_in_loss(p, list[i])))
			continue;
		b = list[i];
		if (a == NULL || a->run != b->run || b->copies == 0) {
			a = b;
			continue;
		}
		if (a->copies == 0)
			wrong("%s is in the log, and %s, before it in the same run, is not",
			    b->name, a->name);
		else if (b->id <= a->id)
			wrong("%s comes before %s, in the same run", b->name, a->name);
		a = b;
	}
	free(list);
}

/* Of an --atomic run all is there or nothing. */
void
atomic_whole(const struct past *p)
{
	const struct letter **list;
	size_t i, n;

	list = by_runs(p, &n);
	for (i = 1; i < n; i++)
		if (list[i]->atomic && list[i]->run == list[i - 1]->run &&
		    (list[i]->copies == 0) != (list[i - 1]->copies == 0))
			wrong("%s: only some of its messages are in the log: %s, %s",
			    p->runs[list[i]->run].name, list[i - 1]->name, list[i]->name);
	free(list);
}

int
run_clean(const struct run *r)
{
	return r->end != 0 && r->status == 0;
}

/* Nobody fails because others are killed. */
void
ended_well(const struct past *p)
{
	const struct run *r, *end = p->runs + p->nruns;

	for (r = p->runs; r < end; r++) {
		if (r->end == 0)
			wrong("%s never ended", r->name);
		else if (r->status == 0 || (r->status == -9 && r->kill != 0))
			continue;
		/* 75: a publisher that did not come to its end; or before it listens. */
		else if (r->stop == 0 || (r->status != 75 && r->status != -15 &&
		    r->status != 128 + 15))
			wrong("%s ended with status %d", r->name, r->status);
	}
}
