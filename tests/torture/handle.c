/*
 * handle.c - a command for mq-sub that tells what it does, and fails in all ways
 *
 *	handle
 *
 * Ends as its outcome says: ack exit 0, retry exit 1, reject exit 100, die SIGKILL by
 * itself; hand: after mq-ack has settled it in one of its ways, with any status.
 */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "act.h"
#include "history.h"

static int
by_hand(const struct act *a)
{
	static const char *const verbs[] = {
		"ack", "ack", "ack", "reject", "retry", "release"
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

int
main(void)
{
	struct act a = { .run = history_env("TORTURE_RUN"),
	    .attempt = history_env("MQ_ATTEMPT"),
	    .priority = history_env("MQ_PRIORITY"), .key = history_env("MQ_KEY") };

	history_open();
	if (act_receipt(&a, history_env("MQ_RECEIPT")) == -1 ||
	    letter_read(STDIN_FILENO, a.name) == -1) {
		act_torn(&a);
		return 0;
	}
	act_start(&a);
	return end(&a, act_work(&a));
}
