/*
 * handle.c - a command for mq-sub that tells what it does, and fails in all ways
 *
 *	handle [-p] [OUTCOME]
 *
 * Works, or comes to OUTCOME at once.  With -p it prints some lines, whatever comes of it:
 * "ID LEASE NUMBER COUNT".  Ends as its outcome says: ack exit 0, retry exit 1, reject exit
 * 100, die SIGKILL by itself; hand: after mq-ack has settled it in one of its ways, or
 * mq-ctl skip, with any status.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "act.h"
#include "history.h"

static int
by_hand(const struct act *a)
{
	static const char *const verbs[] = {
		"ack", "ack", "ack", "reject", "retry", "release", "skip"
	};

	if (!act_settle(a, verbs[history_random(sizeof(verbs) / sizeof(verbs[0]))]))
		return 0;
	return history_random(2) == 0 ? 0 : 1;	/* the first settling wins */
}

static int
end(const struct act *a, const char *outcome)
{
	act_done(a, outcome);
	if (strcmp(outcome, "hand") == 0)
		return by_hand(a);
	if (strcmp(outcome, "die") == 0)
		(void)raise(SIGKILL);
	if (strcmp(outcome, "retry") == 0)
		return 1;
	return strcmp(outcome, "reject") == 0 ? 100 : 0;
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

int
main(int argc, char **argv)
{
	struct act a = { .run = history_env("TORTURE_RUN"),
	    .attempt = history_env("MQ_ATTEMPT"),
	    .priority = history_env("MQ_PRIORITY"), .key = history_env("MQ_KEY") };
	int printing = argc > 1 && strcmp(argv[1], "-p") == 0;
	const char *outcome;

	history_open();
	if (act_receipt(&a, history_env("MQ_RECEIPT")) == -1 ||
	    letter_read(STDIN_FILENO, a.name) == -1) {
		act_torn(&a);
		return 0;
	}
	act_start(&a);
	if (printing)
		print(&a);
	outcome = argc > 1 + printing ? argv[1 + printing] : act_work(&a);
	/* What was settled by hand was settled without its output. */
	return end(&a, printing && strcmp(outcome, "hand") == 0 ? "ack" : outcome);
}
