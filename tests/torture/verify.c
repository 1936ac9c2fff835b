/*
 * verify.c - compares what a torture run told with what it left
 *
 *	verify DIRECTORY
 *
 * Checks each property of verify.h.  Leaves with 0 if all hold, with 1 if one does not
 * or if the run was too quiet to show anything.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verify.h"

static const struct property {
	const char *what;
	void (*check)(const struct past *);
} properties[] = {
	{ "what was told is in the log", told_is_there },
	{ "each message is in the log once", each_once },
	{ "messages are as sent", as_sent },
	{ "a publisher's messages are in order, without gaps", runs_in_order },
	{ "--atomic is all or nothing", atomic_whole },
	{ "who is not killed ends well", ended_well },
	{ "bodies are whole", bodies_whole },
	{ "nothing is lost", nothing_lost },
	{ "a rewound group gets everything again", rewound_again },
	{ "what is settled does not come back", settled_stays },
	{ "one handler at a time has a message", one_lease },
	{ "attempts are counted as they were", attempts_counted },
	{ "nothing comes before its time", not_early },
	{ "a group gets what it is bound to", as_bound },
	{ "counters agree with the log", counters_agree },
	{ "a dead letter is made once", dead_once },
	{ "a dead letter is deserved", dead_deserved },
	{ "what is rejected is a dead letter", rejected_is_dead },
	{ "one consumer gets messages in order", single_in_order },
	{ "what is urgent goes first", urgent_first },
	{ "ordered groups keep each key's order", keys_in_order },
	{ "an exclusive group has one active consumer", only_one_active },
	{ "max-leased is not exceeded", not_too_many },
	{ "streams are complete", stream_complete },
	{ "what a stream settled does not come back", stream_settled_stays },
	{ "a filter's output is there once, all of it", filters_once }
};

static size_t
verify(const struct past *p)
{
	size_t i, broken = 0;

	for (i = 0; i < sizeof(properties) / sizeof(properties[0]); i++) {
		wrong_begin(properties[i].what);
		properties[i].check(p);
		broken += wrong_end() > 0;
	}
	return broken;
}

/* A run in which nobody died shows nothing.  1 if this was one. */
static int
too_quiet(const struct past *p)
{
	size_t i, kills = 0, again = 0, orphans = 0, hand = 0;
	const struct delivery *d;

	for (i = 0; i < p->nruns; i++)
		kills += p->runs[i].kill != 0;
	for (i = 0; i < p->ndeliveries; i++) {
		d = &p->deliveries[i];
		again += i > 0 && d[-1].group == d->group && d[-1].id == d->id;
		hand += d->settled != 0;
		orphans += p->runs[d->run].kill != 0 && p->runs[d->run].kill < d->done;
	}
	printf("%zu messages, %zu runs, %zu of them killed; %zu deliveries, %zu of them "
	    "again, %zu orphans', %zu settled by hand; %zu dead letters\n", p->nmessages,
	    p->nruns, kills, p->ndeliveries, again, orphans, hand, p->ndead);
	return p->nmessages == 0 || kills == 0 || again == 0 || orphans == 0 ||
	    hand == 0 || p->ndead == 0;
}

int
main(int argc, char **argv)
{
	struct past p;
	size_t broken;
	int quiet;

	if (argc != 2)
		errx(64, "usage: verify DIRECTORY");
	if (chdir(argv[1]) == -1)
		err(70, "%s", argv[1]);
	past_read(&p, ".");
	broken = verify(&p);
	if ((quiet = too_quiet(&p)))
		printf("the run was too quiet to show anything\n");
	else if (broken == 0)
		printf("all %zu properties hold\n",
		    sizeof(properties) / sizeof(properties[0]));
	past_free(&p);
	return quiet || broken > 0;
}
