/*
 * common/signals.c - being asked to stop by SIGINT, SIGTERM or SIGHUP
 *
 * The first of these signals asks: `stopping' says which one it was, and the tool
 * finishes what it must.  Further SIGTERM or SIGHUP change nothing, because timeout(1)
 * and service managers send them in pairs.  A SIGINT more than a second after the first
 * signal comes from a person who means it, and kills.  A signal that was ignored when
 * the tool started stays ignored, as nohup(1) and shells with background jobs expect.
 *
 * Signal handlers are installed without SA_RESTART, so that a signal ends a wait.  A
 * signal between the look at `stopping' and the wait would be missed: wait_poll blocks
 * signals in between.  The library's waits for locks can't do that, and a grace
 * (stop_grace) may run out in the midst of one.  So after the first signal SIGALRM ends
 * every wait once a second, and the library asks `interrupted' again.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/signals.h"

volatile sig_atomic_t stopping;

static volatile sig_atomic_t stopped_at;	/* seconds since boot */
static int interrupt_library;
static int grace_ms;
static int64_t grace_until;	/* boot time; 0: not begun */
static const int asking[] = { SIGINT, SIGTERM, SIGHUP };
#define ASKING	(sizeof(asking) / sizeof(asking[0]))

static void
on_alarm(int sig)
{
	(void)sig;
	(void)alarm(1);
}

static void (*dying_deed)(void);

static void
on_signal(int sig)
{
	struct timespec t;
	int kept = errno;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	if (stopping == 0) {
		stopping = sig;
		stopped_at = (sig_atomic_t)t.tv_sec;
		(void)alarm(1);
	} else if (sig == SIGINT && t.tv_sec > stopped_at + 1) {
		if (dying_deed != NULL)
			dying_deed();
		(void)signal(sig, SIG_DFL);
		(void)raise(sig);	/* delivered when this returns */
	}
	errno = kept;
}

static void
catch_one(int sig, void (*handler)(int))
{
	struct sigaction act = { .sa_handler = handler }, old;

	(void)sigemptyset(&act.sa_mask);
	if (sigaction(sig, NULL, &old) == 0 && old.sa_handler == SIG_IGN && sig != SIGALRM)
		return;
	if (sigaction(sig, &act, NULL) != 0)
		fail(STATUS_SYSTEM, "signal handlers: %s", strerror(errno));
}

void
catch_signals(int interrupt_waits)
{
	size_t i;

	interrupt_library = interrupt_waits;
	diagnostics_wait_until(&stopping);
	catch_one(SIGALRM, on_alarm);
	for (i = 0; i < ASKING; i++)
		catch_one(asking[i], on_signal);
}

static void (*last_deed)(void);

static void
end(void)
{
	void (*fn)(void) = last_deed;

	last_deed = NULL;
	if (fn != NULL)
		fn();
}

void
at_end(void (*fn)(void))
{
	last_deed = fn;
	(void)atexit(end);
}

void
at_kill(void (*fn)(void))
{
	dying_deed = fn;
}

void
signal_end(int status)
{
	if (stopping == SIGINT) {
		end();
		(void)signal(SIGINT, SIG_DFL);
		(void)raise(SIGINT);
	}
	exit(status);
}

void
stop_grace(int ms)
{
	grace_ms = ms;
	grace_until = 0;
	if (stopping == 0)
		return;
	grace_until = mqs_boottime() + ms * MQS_MSEC;
	(void)alarm(1);
}

int
interrupted(void *arg)
{
	(void)arg;
	if (!interrupt_library || stopping == 0)
		return 0;
	if (grace_until == 0)
		grace_until = mqs_boottime() + grace_ms * MQS_MSEC;
	return mqs_boottime() >= grace_until;
}

int
wait_poll(struct pollfd *fds, unsigned n, int timeout_ms)
{
	struct timespec wait = { .tv_sec = timeout_ms / 1000,
	    .tv_nsec = timeout_ms % 1000 * 1000000L };
	sigset_t held, before;
	size_t i;
	int ready, kept;

	(void)sigemptyset(&held);
	for (i = 0; i < ASKING; i++)
		(void)sigaddset(&held, asking[i]);
	if (sigprocmask(SIG_BLOCK, &held, &before) != 0)
		return -1;
	if (stopping != 0) {
		errno = EINTR;
		ready = -1;
	} else {
		ready = ppoll(fds, n, timeout_ms < 0 ? NULL : &wait, &before);
	}
	kept = errno;
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	errno = kept;
	return ready;
}
