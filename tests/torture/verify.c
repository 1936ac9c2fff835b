/*
 * verify.c - compares what a torture run told with what it left
 *
 *	verify DIRECTORY
 *
 * Checks each property of verify.h that the spool's engine promises.  Leaves with 0 if all
 * hold, with 1 if one does not or if the run was too quiet to show anything.
 *
 * A RabbitMQ cluster promises what files do, but for
 *
 *	--atomic, priorities, --to, max-leased	which are 69 there
 *	the order of one consumer's messages	of unordered groups: what comes back has no place
 *	the numbers of ends			which a broker does not count; nothing is left at the end
 *	ids that ascend				each publisher makes its own
 *	a message, a dead letter, once		in a loss a copy may be there twice, with the same id
 *	what is settled does not come back	without an answer by mq-ack, in a loss or a kill
 *	one handler has a message		an orphan's is given to another at once
 *	an attempt of who was killed		which does not count there: only what failed does
 *	the order of keys, by the log		by publisher: queues of a broker may differ between these
 *
 * Of the last six it promises the rest, which is checked: all but what a kill of the consumer or
 * publisher, or the loss of a node or of the network, may have met (verify_loss.c).  What a loss does not
 * excuse is that something confirmed is missing, in the log or in a group, or is not as it was
 * sent; that something mq-ack settled comes back; that a key's message overtakes another; or
 * that somebody fails.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verify.h"

#define FILES	1
#define BROKER	2
#define BOTH	(FILES | BROKER)

static const struct property {
	const char *what;
	void (*check)(const struct past *);
	int engines;
} properties[] = {
	{ "what was told is in the log", told_is_there, BOTH },
	{ "each message is in the log once", each_once, BOTH },
	{ "messages are as sent", as_sent, BOTH },
	{ "a publisher's messages are in order, without gaps", runs_in_order, BOTH },
	{ "--atomic is all or nothing", atomic_whole, FILES },
	{ "who is not killed ends well", ended_well, BOTH },
	{ "bodies are whole", bodies_whole, BOTH },
	{ "nothing is lost", nothing_lost, BOTH },
	{ "a rewound group gets everything again", rewound_again, BOTH },
	{ "what is settled does not come back", settled_stays, BOTH },
	{ "one handler at a time has a message", one_lease, BOTH },
	{ "attempts are counted as they were", attempts_counted, BOTH },
	{ "nothing comes before its time", not_early, BOTH },
	{ "a group gets what it is bound to", as_bound, BOTH },
	{ "counters agree with the log", counters_agree, BOTH },
	{ "a dead letter is made once", dead_once, BOTH },
	{ "a dead letter is deserved", dead_deserved, BOTH },
	{ "what is rejected is a dead letter", rejected_is_dead, BOTH },
	{ "one consumer gets messages in order", single_in_order, FILES },
	{ "what is urgent goes first", urgent_first, FILES },
	{ "ordered groups keep each key's order", keys_in_order, FILES },
	{ "ordered groups keep each key's order", broker_keys_in_order, BROKER },
	{ "an exclusive group has one active consumer", only_one_active, BOTH },
	{ "max-leased is not exceeded", not_too_many, FILES },
	{ "streams are complete", stream_complete, BOTH },
	{ "what a stream settled does not come back", stream_settled_stays, BOTH },
	{ "a temporary group gets a message once", temporary_once, BROKER },
	{ "a filter's output is there once, all of it", filters_once, FILES }
};

/* How many do not hold; *checked: of how many. */
static size_t
verify(const struct past *p, size_t *checked)
{
	const int engine = p->broker ? BROKER : FILES;
	size_t i, broken = 0;

	*checked = 0;
	for (i = 0; i < sizeof(properties) / sizeof(properties[0]); i++) {
		if ((properties[i].engines & engine) == 0)
			continue;
		(*checked)++;
		wrong_begin(properties[i].what);
		properties[i].check(p);
		broken += wrong_end() > 0;
	}
	return broken;
}

/* A run in which nobody died shows nothing.  1 if this was one.  On a broker orphans are rare. */
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
	    "again, %zu orphans', %zu settled by hand; %zu dead letters; %zu losses\n", p->nmessages,
	    p->nruns, kills, p->ndeliveries, again, orphans, hand, p->ndead, p->nlosses);
	return p->nmessages == 0 || kills == 0 || again == 0 || (orphans == 0 && !p->broker) ||
	    hand == 0 || p->ndead == 0;
}

int
main(int argc, char **argv)
{
	struct past p;
	size_t broken, checked;
	int quiet;

	if (argc != 2)
		errx(64, "usage: verify DIRECTORY");
	if (chdir(argv[1]) == -1)
		err(70, "%s", argv[1]);
	past_read(&p, ".");
	broken = verify(&p, &checked);
	if ((quiet = too_quiet(&p)))
		printf("the run was too quiet to show anything\n");
	else if (broken == 0)
		printf("all %zu properties hold\n", checked);
	past_free(&p);
	return quiet || broken > 0;
}
