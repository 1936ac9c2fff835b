/*
 * sub/signals.c - signals that mq-sub gets while commands run, and a wait that misses none
 *
 * Signals are blocked only around the wait.  Every signal handler changes a variable.
 * With the signals blocked, sub_poll compares these variables with what it saw before,
 * and then waits with the signals unblocked (ppoll).  So a signal that comes between the
 * main loop's last look and the wait ends the wait at once.  Elsewhere signals are not
 * blocked, and end the library's waits for locks.
 *
 * While commands run, asking twice has a meaning: the first SIGTERM, SIGINT or SIGHUP
 * lets the commands finish, later ones are passed on to them.  Signals within a second
 * count once, because timeout(1) and service managers send them in pairs.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/signals.h"
#include "sub/signals.h"

volatile sig_atomic_t sub_child_ended;
volatile sig_atomic_t sub_asked;

static volatile sig_atomic_t asked_at;	/* seconds on the monotonic clock */
static sig_atomic_t seen_stopping, seen_asked;
static const int asking[] = { SIGINT, SIGTERM, SIGHUP };
#define ASKING	(sizeof(asking) / sizeof(asking[0]))

static void
on_asked(int sig)
{
	struct timespec now = { 0 };
	int kept = errno;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	if (stopping == 0)
		stopping = sig;
	if (sub_asked == 0 || now.tv_sec > asked_at + 1) {
		sub_asked++;
		asked_at = (sig_atomic_t)now.tv_sec;
	}
	errno = kept;
}

static void
on_child(int sig)
{
	(void)sig;
	sub_child_ended = 1;
}

static void
catch_one(int sig, void (*handler)(int))
{
	struct sigaction act = { .sa_handler = handler }, old;

	(void)sigemptyset(&act.sa_mask);
	if (sigaction(sig, NULL, &old) != 0)
		fail(STATUS_SYSTEM, "signal handlers: %s", strerror(errno));
	/* An ignored SIGCHLD is a parent's leftover, and would lose exit statuses. */
	if (old.sa_handler == SIG_IGN && sig != SIGCHLD)
		return;
	if (sigaction(sig, &act, NULL) != 0)
		fail(STATUS_SYSTEM, "signal handlers: %s", strerror(errno));
}

void
sub_catch_children(void)
{
	size_t i;

	for (i = 0; i < ASKING; i++)
		catch_one(asking[i], on_asked);
	catch_one(SIGCHLD, on_child);
}

/* Whether a signal came that the main loop has not been woken for. */
static int
news(void)
{
	int any = sub_child_ended || stopping != seen_stopping || sub_asked != seen_asked;

	seen_stopping = stopping;
	seen_asked = sub_asked;
	return any;
}

int
sub_poll(struct pollfd *fds, nfds_t n, int64_t timeout)
{
	struct timespec wait = { .tv_sec = timeout / MQS_SECOND,
	    .tv_nsec = timeout % MQS_SECOND };
	sigset_t held, before;
	int ready, kept;
	size_t i;

	(void)sigemptyset(&held);
	for (i = 0; i < ASKING; i++)
		(void)sigaddset(&held, asking[i]);
	(void)sigaddset(&held, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &held, &before) != 0)
		return -1;
	(void)sigdelset(&before, SIGCHLD);	/* never to be inherited as held back */
	if (news())
		wait = (struct timespec){ 0 };
	ready = ppoll(fds, n, timeout < 0 && wait.tv_nsec < 0 ? NULL : &wait, &before);
	kept = errno;
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	if (ready < 0 && kept == EINTR) {
		for (i = 0; i < n; i++)
			fds[i].revents = 0;
		return 0;
	}
	errno = kept;
	return ready < 0 ? -1 : 0;
}
