/* batch.c - see batch.h */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "act.h"
#include "batch.h"

#define BATCH_MAX	64

/* Whole records, without their NUL, in memory that lives as long as the process. */
static size_t
read_records(struct act *acts, const char *run)
{
	char *line = NULL;
	size_t room = 0, n = 0;
	ssize_t got;

	while ((got = getdelim(&line, &room, '\0', stdin)) > 0) {
		if (n == BATCH_MAX || line[got - 1] != '\0')
			errx(70, "batch: record %zu: too many, or cut short", n + 1);
		acts[n].run = run;
		if (act_record(&acts[n], line, (size_t)got - 1) == -1)
			act_torn(&acts[n]);
		else
			act_start(&acts[n++]);
		line = NULL;
	}
	free(line);
	return n;
}

/* What is always rejected, or always fails, decides for those that are with it. */
static const char *
outcome_of(const struct act *acts, size_t n)
{
	const char *outcome = "ack", *one;
	size_t i;

	for (i = 0; i < n; i++) {
		one = act_work(&acts[i]);
		if (strcmp(one, "hand") != 0 && strcmp(one, "ack") != 0)
			outcome = one;
	}
	return outcome;
}

const char *
batch_work(const char *run)
{
	static struct act acts[BATCH_MAX];
	size_t i, n = read_records(acts, run);
	const char *outcome = outcome_of(acts, n);

	for (i = 0; i < n; i++)
		act_done(&acts[i], outcome);
	return outcome;
}
