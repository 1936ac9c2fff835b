/*
 * common/progress_signal.c - SIGUSR1: how far has it come?
 *
 * Every tool catches it from its start, so that somebody who asks a tool that has nothing to tell
 * does not kill it.  A handler, and not SIG_IGN, because commands that mq-sub starts would inherit
 * that.  With SA_RESTART, what was interrupted goes on.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/progress_signal.h"

static const char *volatile program;
static void (*volatile told)(const char *name);

static void
on_signal(int sig)
{
	(void)sig;
	if (told != NULL)
		told(program);
}

void
progress_signal_catch(const char *name)
{
	struct sigaction act = { .sa_handler = on_signal, .sa_flags = SA_RESTART }, old;

	program = name;
	(void)sigemptyset(&act.sa_mask);
	if (sigaction(SIGUSR1, NULL, &old) != 0 || (old.sa_handler == SIG_DFL &&
	    sigaction(SIGUSR1, &act, NULL) != 0))
		fail(STATUS_SYSTEM, "signal handlers: %s", strerror(errno));
}

void
progress_signal_is_for(void (*fn)(const char *name))
{
	told = fn;
}
