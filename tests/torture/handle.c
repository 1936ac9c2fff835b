/*
 * handle.c - a command for mq-sub that tells what it does, and fails in all ways
 *
 *	handle [-p] [OUTCOME]
 *	handle -b | -r | -t
 *
 * Works, or comes to OUTCOME at once.  With -p it prints some lines, whatever comes of it:
 * "ID LEASE NUMBER COUNT".  Ends as its outcome says: ack exit 0, retry exit 1, reject exit
 * 100, die SIGKILL by itself; hand: after mq-ack has settled it in one of its ways, or
 * mq-ctl skip, with any status.
 *
 * -b: for mq-sub --batch -f ACT_FORMAT; one outcome for all messages that it is given.
 * -r: while there is killing, rejects every other message, for a reason by which it can be
 *     redriven; acks the rest.
 * -t: for mq-sub --timeout; hangs now and then until it is told to end, and then "dies".
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "act.h"
#include "batch.h"
#include "history.h"

static int
by_hand(const struct act *a)
{
	static const char *const verbs[] = {
		"ack", "ack", "ack", "reject", "retry", "release", "skip"
	};
	const unsigned n = sizeof(verbs) / sizeof(verbs[0]);

	if (!act_settle(a, verbs[history_random(history_broker() ? n - 1 : n)]))
		return 1;
	return history_random(2) == 0 ? 0 : 1;	/* the first settling wins */
}

/* Comes to an outcome, as mq-sub learns of it. */
static int
leave(const char *outcome)
{
	if (strcmp(outcome, "die") == 0)
		(void)raise(SIGKILL);
	if (strcmp(outcome, "retry") == 0)
		return 1;
	return strcmp(outcome, "reject") == 0 ? 100 : 0;
}

static int
end(const struct act *a, const char *outcome)
{
	act_done(a, outcome);
	return strcmp(outcome, "hand") == 0 ? by_hand(a) : leave(outcome);
}

/* Lines that say which run they are of, so that no two runs print the same. */
static void
print(const struct act *a)
{
	unsigned i, n = history_random(4);

	history_add("printed %s %s %s %u", a->group, a->id, a->lease, n);
	for (i = 1; i <= n; i++)
		printf("%s %s %u %u\n", a->id, a->lease, i, n);
	(void)fflush(stdout);
}

static int
timed_out(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 && sigismember(&pending, SIGTERM) == 1;
}

/*
 * SIGTERM waits until the work is done, so that it is told what became of the message.  The
 * timeout can also run out behind that: then the message is retried all the same.
 */
static int
hang_at_times(const struct act *a)
{
	const struct timespec longest = { .tv_sec = 2 };	/* an orphan is told nothing */
	sigset_t term;

	(void)sigemptyset(&term);
	(void)sigaddset(&term, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &term, NULL);
	act_start(a);
	if (history_random(8) == 0)
		(void)sigtimedwait(&term, NULL, &longest);
	else if (!timed_out())
		return end(a, "ack");
	act_done(a, "die");
	return 1;
}

/*
 * The reason is what mq-ctl redrive --reason goes by.  A message that has expired would be
 * redriven as a copy, which is another message.
 */
static int
revive(const struct act *a)
{
	act_start(a);
	if (history_over() || strstr(history_env("MQ_HEADERS"), "fleeting") != NULL ||
	    history_random(2) == 0)
		return end(a, "ack");
	act_done(a, "hand");
	return act_settle(a, "revive") ? 0 : 1;
}

int
main(int argc, char **argv)
{
	const char *run = history_env("TORTURE_RUN"), *how = argc > 1 ? argv[1] : "", *outcome;
	int printing = strcmp(how, "-p") == 0;
	struct act a = { .run = run };

	history_open();
	if (strcmp(how, "-b") == 0)
		return leave(batch_work(run));
	a.attempt = history_env("MQ_ATTEMPT");
	a.priority = history_env("MQ_PRIORITY");
	a.key = history_env("MQ_KEY");
	if (act_receipt(&a, history_env("MQ_RECEIPT")) == -1 ||
	    letter_read(STDIN_FILENO, a.name) == -1) {
		act_torn(&a);
		return 0;
	}
	if (strcmp(how, "-r") == 0)
		return revive(&a);
	if (strcmp(how, "-t") == 0)
		return hang_at_times(&a);
	act_start(&a);
	if (printing)
		print(&a);
	outcome = argc > 1 + printing ? argv[1 + printing] : act_work(&a);
	/* What was settled by hand was settled without its output. */
	return end(&a, printing && strcmp(outcome, "hand") == 0 ? "ack" : outcome);
}
