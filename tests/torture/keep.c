/*
 * keep.c - keeps a command running, and kills it at random moments
 *
 *	keep [-g] [-l LIFE] [-o FILE] NAME COMMAND [ARG...]
 *
 * Each run has a name, NAME.1, NAME.2 and so on, which the command finds in
 * $TORTURE_RUN, and a process group; with -g all of the group is killed, not only the
 * command.  Seven of ten runs end by SIGKILL, two by SIGTERM, one is stopped for a while
 * and then killed.  With -o the runs' stdout goes to FILE.RUN.  Once the killing is over ($TORTURE_UNTIL) a run is left alone until keep
 * itself gets SIGTERM, which it passes on.  What was asked to end and has not STOPS_IN
 * later is killed, and did not end well.
 *
 * $TORTURE_LIFE: how long a run lives, in ms, on average; -l: so many percent of that.
 */
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "history.h"

#define STOPS_IN	30000	/* ms */
#define LATE		8000	/* ms; mq-sub waits 10 s for others, and then gives up */

extern char **environ;

static volatile sig_atomic_t asked;
static int whole_group;

static void
ask(int signo)
{
	(void)signo;
	asked = 1;
}

static pid_t
begin(const char *run, const char *out, char **argv)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	char path[4096];
	pid_t pid;
	int rc;

	history_add("begin %s", run);
	posix_spawn_file_actions_init(&actions);
	if (out != NULL) {
		(void)snprintf(path, sizeof(path), "%s.%s", out, run);
		posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, path,
		    O_WRONLY | O_CREAT | O_TRUNC, 0666);
	}
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
	if ((rc = posix_spawnp(&pid, argv[0], &actions, &attr, argv, environ)) != 0)
		errx(70, "%s: %s", argv[0], strerror(rc));
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	return pid;
}

/*
 * A group has also what is just being started in it, before it is in its own: a handler
 * that dies of its consumer's signal would have been an attempt that nobody saw.
 */
static void
signal_run(pid_t pid, int signo)
{
	(void)kill(whole_group ? -pid : pid, signo);
}

/* Waits so long for the run's end; 1 if it ended. */
static int
ended(pid_t pid, unsigned ms, int *status)
{
	pid_t got;

	for (;;) {
		while ((got = waitpid(pid, status, WNOHANG)) == -1 && errno == EINTR)
			;
		if (got == -1)
			err(70, "waitpid");
		if (got == pid)
			return 1;
		if (ms == 0)
			return 0;
		history_sleep(ms < 5 ? ms : 5);
		ms -= ms < 5 ? ms : 5;
	}
}

static void
stop(const char *run, pid_t pid, int *status)
{
	int64_t asked_at = history_now();
	int rc;

	history_add("stop %s", run);
	signal_run(pid, SIGTERM);
	rc = ended(pid, STOPS_IN, status);
	if (history_now() - asked_at > LATE * INT64_C(1000000))
		history_add("late %s", run);
	if (rc)
		return;
	signal_run(pid, SIGKILL);
	while (!ended(pid, 1000, status))
		;
}

/* The killing is over: the run lives until we are asked to stop. */
static void
leave_alone(const char *run, pid_t pid, int *status)
{
	while (!asked)
		if (ended(pid, 20, status))
			return;
	stop(run, pid, status);
}

static void
disturb(const char *run, pid_t pid, int *status)
{
	unsigned how = history_random(10);

	if (how < 2) {
		stop(run, pid, status);
		return;
	}
	if (how == 2) {
		signal_run(pid, SIGSTOP);
		history_sleep(history_random(200));
		signal_run(pid, SIGCONT);
		if (ended(pid, history_random(50), status))
			return;
	}
	history_add("kill %s", run);
	signal_run(pid, SIGKILL);
	while (!ended(pid, 1000, status))
		;
}

/* One run; 1 if it was the last. */
static int
live(const char *run, const char *out, unsigned life, char **argv)
{
	int status;
	pid_t pid;

	if (setenv("TORTURE_RUN", run, 1) == -1)
		err(70, "setenv");
	pid = begin(run, out, argv);
	if (!ended(pid, 1 + history_random(2 * life), &status)) {
		if (asked || history_over())
			leave_alone(run, pid, &status);
		else
			disturb(run, pid, &status);
	}
	history_add("end %s %d", run,
	    WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
	if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
		history_sleep(200);	/* it will be found; no need to fill the history */
	return asked;
}

int
main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = ask };
	const char *out = NULL;
	char run[128];
	unsigned life, i, percent = 100;
	int c;

	while ((c = getopt(argc, argv, "+gl:o:")) != -1) {
		if (c == 'g')
			whole_group = 1;
		else if (c == 'l')
			percent = (unsigned)strtoul(optarg, NULL, 10);
		else if (c == 'o')
			out = optarg;
		else
			return 64;
	}
	argc -= optind;
	argv += optind;
	if (argc < 2)
		errx(64, "usage: keep [-g] [-l LIFE] [-o FILE] NAME COMMAND [ARG...]");
	sigaction(SIGTERM, &sa, NULL);
	life = (unsigned)strtoul(history_env("TORTURE_LIFE"), NULL, 10) * percent / 100;
	history_open();
	for (i = 1;; i++) {
		(void)snprintf(run, sizeof(run), "%s.%u", argv[0], i);
		if (live(run, out, life, argv + 1))
			return 0;
	}
}
