/*
 * worker.c - deals by hand with what mq-sub -m prints
 *
 *	worker QUEUE/GROUP
 *
 * Settles each delivery with an mq-ack of its own: acked, retried, rejected or released.
 * Asked to stop, mq-sub is, and the worker when it has dealt with all that was printed.
 */
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "act.h"
#include "history.h"

extern char **environ;

static pid_t
begin(const char *group, int *out)
{
	char *argv[] = { (char *)"mq-sub", (char *)"-m", (char *)"--prefetch",
	    (char *)"10", (char *)"-f", (char *)ACT_FORMAT, (char *)group, NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int fds[2], rc;

	if (pipe(fds) == -1)
		err(70, "pipe");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
	posix_spawn_file_actions_addclose(&actions, fds[0]);
	posix_spawn_file_actions_addclose(&actions, fds[1]);
	if ((rc = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ)) != 0)
		errx(70, "mq-sub: %s", strerror(rc));
	posix_spawn_file_actions_destroy(&actions);
	close(fds[1]);
	*out = fds[0];
	return pid;
}

static void
deal_with(struct act *a)
{
	const char *outcome;

	act_start(a);
	outcome = act_work(a);
	act_done(a, outcome);
	if (strcmp(outcome, "die") == 0)	/* nobody's lease would end */
		outcome = "retry";
	(void)act_settle(a, strcmp(outcome, "hand") == 0 ? "release" : outcome);
}

static void
record(char *line, size_t n, const char *run)
{
	struct act a = { .run = run };

	if (act_record(&a, line, n) == -1)
		act_torn(&a);
	else
		deal_with(&a);
}

int
main(int argc, char **argv)
{
	const char *run = history_env("TORTURE_RUN");
	char *line = NULL;
	size_t room = 0;
	ssize_t n;
	int out, status;
	FILE *f;
	pid_t pid;

	if (argc != 2)
		errx(64, "usage: worker QUEUE/GROUP");
	history_open();
	pid = begin(argv[1], &out);
	signal(SIGTERM, SIG_IGN);
	if ((f = fdopen(out, "r")) == NULL)
		err(70, "fdopen");
	while ((n = getdelim(&line, &room, '\0', f)) > 0)
		if (line[n - 1] == '\0')
			record(line, (size_t)n - 1, run);
	free(line);
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			err(70, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
