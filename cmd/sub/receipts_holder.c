/*
 * sub/receipts_holder.c - see sub/receipts_holder.h
 *
 * The parent passes signals on to the child and waits.  When printing has ended, the child
 * tells it how, by a pipe, and the parent ends with that status or signal; if the child ends
 * without a word, the parent ends as the child did.  If the parent is killed, the child is
 * asked to stop, as by SIGTERM: it prints no more, and what it has printed stays good.
 *
 * Closing the consumer has given back what was not handed out, and keeps the rest until the
 * consumer is freed.  Before the child tells, nothing of the terminal or the pipeline is its any more: standard
 * descriptors are closed, so that who reads the output sees its end, and it has a session of
 * its own.  From then on it only serves those who settle, until everything is settled, or
 * until the lease has run out: the group's, from now on, as it begins to run with files when
 * mq-sub has gone; or that of -l, from the last hand-out.  What is not settled by then the engine
 * retries; what it can't goes back with the connection, a little later.
 *
 * A signal that asks the child to stop while it stays ends it.  Where a signal has asked
 * before, and that is why it stays, more of them may still be on their way: timeout(1)
 * signals the child, and the parent, which has passed it on.  These count as one for a while.
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/units.h"
#include "common/diagnostics.h"
#include "common/exit_status.h"
#include "common/signals.h"
#include "sub/receipts_holder.h"
#include "sub/signals.h"

#define LEASE		(30 * MQS_SECOND)	/* of a group whose setting can't be had */
#define TO_RETRY	(5 * MQS_SECOND)
#define SAME_SIGNAL	(5 * MQS_SECOND)

/* How the parent shall end. */
struct ending {
	int	status;
	int	sig;		/* 0: none */
};

static int to_parent = -1;
static volatile sig_atomic_t child_pid;

/* ---------------------------------------------------------- the parent -- */

static void
pass_on(int sig)
{
	int kept = errno;

	(void)kill((pid_t)child_pid, sig);
	errno = kept;
}

/* What asks mq-sub to stop, or for its progress, is passed on; what was ignored stays so. */
static void
pass_signals_on(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1 };
	struct sigaction act = { .sa_handler = pass_on, .sa_flags = SA_RESTART }, old;
	size_t i;

	(void)sigemptyset(&act.sa_mask);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			(void)sigaction(signals[i], &act, NULL);
}

static void __attribute__((noreturn))
die_of(int sig)
{
	const struct rlimit none = { 0, 0 };
	sigset_t only;

	(void)setrlimit(RLIMIT_CORE, &none);	/* the child has left its own */
	(void)signal(sig, SIG_DFL);
	(void)sigemptyset(&only);
	(void)sigaddset(&only, sig);
	(void)sigprocmask(SIG_UNBLOCK, &only, NULL);
	(void)raise(sig);
	_exit(STATUS_BUG);
}

/* Waits for the child, or for its word, and ends likewise. */
static void __attribute__((noreturn))
follow(pid_t child, int from_child)
{
	struct ending how = { 0 };
	ssize_t n;
	int status;

	do
		n = read(from_child, &how, sizeof(how));
	while (n == -1 && errno == EINTR);
	if (n == (ssize_t)sizeof(how)) {
		if (how.sig != 0)
			die_of(how.sig);
		_exit(how.status);
	}
	while (waitpid(child, &status, 0) == -1)
		if (errno != EINTR)
			_exit(STATUS_SYSTEM);
	if (WIFSIGNALED(status))
		die_of(WTERMSIG(status));
	_exit(WEXITSTATUS(status));
}

/* ----------------------------------------------------------- the child -- */

/*
 * Keeps nothing that the parent's caller opened: a lock that a script holds would otherwise
 * be held for as long as the child stays.
 */
static void
keep_only(int fd)
{
	to_parent = STDERR_FILENO + 1;
	if (fd != to_parent && dup3(fd, to_parent, O_CLOEXEC) == -1)
		fail(STATUS_SYSTEM, "a pipe: %s", strerror(errno));
	closefrom(to_parent + 1);
}

void
holder_fork(void)
{
	pid_t parent = getpid(), child;
	sigset_t all, before;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) != 0)
		fail(STATUS_SYSTEM, "a pipe: %s", strerror(errno));
	/* A signal between fork and the parent's new handlers would be the parent's alone. */
	(void)sigfillset(&all);
	if (sigprocmask(SIG_BLOCK, &all, &before) != 0 || (child = fork()) == -1)
		fail(STATUS_SYSTEM, "a process that holds the deliveries: %s", strerror(errno));
	if (child > 0) {
		(void)close(fds[1]);
		child_pid = (sig_atomic_t)child;
		pass_signals_on();
		(void)sigprocmask(SIG_SETMASK, &before, NULL);
		follow(child, fds[0]);
	}
	keep_only(fds[1]);
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent)
		(void)raise(SIGTERM);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
}

/* A setting of the group: its lease. */
static int
take_lease(void *arg, const char *name, const char *value, int is_default)
{
	const char *why;

	(void)is_default;
	if (strcmp(name, "lease") == 0)
		(void)mqs_parse_duration(value, arg, &why);
	return 0;
}

/* When it has stayed long enough. */
static int64_t
lease_end(struct sub *s)
{
	int64_t lease = LEASE;

	if (s->options.lease != 0)
		return mqs_later(s->handed_out, s->options.lease);
	(void)mqs_show(s->spool, s->queue, s->group, take_lease, &lease, NULL);
	return mqs_later(mqs_boottime(), lease);
}

/* Leaves the terminal and the pipeline. */
static void
detach(void)
{
	int fd, i;

	if (setsid() == -1 || chdir("/") != 0)
		note("holding deliveries: %s", strerror(errno));
	if ((fd = open("/dev/null", O_RDWR | O_CLOEXEC)) == -1)
		fail(STATUS_SYSTEM, "/dev/null: %s", strerror(errno));
	for (i = STDIN_FILENO; i <= STDERR_FILENO; i++)
		(void)dup2(fd, i);
	(void)close(fd);
	(void)prctl(PR_SET_PDEATHSIG, 0);
}

static void
tell_parent(int status)
{
	struct ending how = { .status = status, .sig = stopping == SIGINT ? SIGINT : 0 };

	/* One that is gone can't be told, and need not be. */
	while (write(to_parent, &how, sizeof(how)) == -1 && errno == EINTR)
		continue;
	(void)close(to_parent);
	to_parent = -1;
}

/* Whether a signal has ended its stay. */
static int
asked_to_leave(int64_t deaf_until)
{
	if (stopping == 0)
		return 0;
	if (mqs_boottime() >= deaf_until)
		return 1;
	stopping = 0;
	return 0;
}

static void
serve(struct sub *s, int64_t until, int64_t deaf_until)
{
	struct pollfd fd = { .events = POLLIN };
	struct mqs_error err;
	int64_t left;

	while (mqs_consumer_held(s->consumer) > 0 && !asked_to_leave(deaf_until) &&
	    (left = until - mqs_boottime()) > 0) {
		fd.fd = mqs_consumer_fd(s->consumer);
		if (sub_poll(&fd, 1, left) != 0)
			break;
		if (fd.revents != 0 && mqs_consumer_service(s->consumer, &err) < 0 &&
		    err.code != MQS_EINTR)
			break;
	}
}

void
holder_stay(struct sub *s, int rc, const struct mqs_error *err)
{
	int64_t until, left, deaf_until = 0;
	char text[MQS_DURATION_SIZE];
	int status = s->delivered == 0 ? STATUS_NOTHING : STATUS_OK;

	if (mqs_consumer_held(s->consumer) == 0)
		return;
	if (rc != MQS_OK && rc != MQS_EINTR) {
		report_error(err);
		status = status_of(rc);
	} else if (stopping) {
		status = STATUS_OK;
	}
	until = lease_end(s);
	left = until - mqs_boottime();
	note("process %ld holds %zu %s until settled, for %s at most", (long)getpid(),
	    mqs_consumer_held(s->consumer), mqs_consumer_held(s->consumer) == 1 ? "delivery" :
	    "deliveries", mqs_format_duration(left < 0 ? 0 : left / MQS_SECOND * MQS_SECOND, text));
	if (stopping)
		deaf_until = mqs_boottime() + SAME_SIGNAL;
	detach();
	tell_parent(status);
	stopping = 0;
	(void)alarm(0);		/* it has been ringing since a signal came (common/signals.c) */
	serve(s, mqs_later(until, TO_RETRY), deaf_until);
	mqs_consumer_free(s->consumer);
	mqs_spool_free(s->spool);
	_exit(STATUS_OK);
}
