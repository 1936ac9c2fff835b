/* schema_process.c - see schema_process.h */
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "embedded/schema_process.h"

#ifndef MQ_LIBEXECDIR
#define MQ_LIBEXECDIR	"/usr/local/libexec"
#endif

#define NAME		"mq-schema"
#define BUFFER		(1 << 20)	/* what the kernel may hold, in each direction */

extern char **environ;

/* Default signals, none held back, a group of its own: 0, or an errno. */
static int
set_attributes(posix_spawnattr_t *attr)
{
	sigset_t all, none;
	int e;

	sigfillset(&all);
	sigemptyset(&none);
	if ((e = posix_spawnattr_setsigdefault(attr, &all)) != 0 ||
	    (e = posix_spawnattr_setsigmask(attr, &none)) != 0 ||
	    (e = posix_spawnattr_setpgroup(attr, 0)) != 0)
		return e;
	return posix_spawnattr_setflags(attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
	    POSIX_SPAWN_SETSIGMASK);
}

/* Spawns the program with the socket as its stdin and stdout: 0, or an errno. */
static int
spawn(pid_t *pid, const char *path, int fd)
{
	char name[] = NAME, *argv[] = { name, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int e;

	if ((e = posix_spawn_file_actions_init(&actions)) != 0)
		return e;
	if ((e = posix_spawnattr_init(&attr)) == 0) {
		if ((e = set_attributes(&attr)) == 0 &&
		    (e = posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO)) == 0 &&
		    (e = posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO)) == 0)
			e = posix_spawn(pid, path, &actions, &attr, argv, environ);
		posix_spawnattr_destroy(&attr);
	}
	posix_spawn_file_actions_destroy(&actions);
	return e;
}

int
mqs_schema_process_start(struct mqs_schema_process *p, const struct mqs_options *options,
    const char *queue, struct mqs_error *err)
{
	const char *folder = options->helpers != NULL ? options->helpers : MQ_LIBEXECDIR "/mq";
	const int room = BUFFER;
	char path[4096];
	int pair[2], n;

	p->fd = -1;
	n = snprintf(path, sizeof(path), "%s/" NAME, folder);
	if (n < 0 || (size_t)n >= sizeof(path))
		return mqs_fail(err, MQS_EINVAL, "%s: path too long", folder);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
		return mqs_fail_errno(err, "%s: %s", queue, path);
	/* More room means fewer switches between the two; without, it works as well. */
	(void)setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	(void)setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	errno = spawn(&p->pid, path, pair[1]);
	(void)close(pair[1]);
	if (errno == 0) {
		p->fd = pair[0];
		return MQS_OK;
	}
	n = errno == ENOENT || errno == ENOTDIR ?
	    mqs_fail(err, MQS_ENOTSUP, "%s: its schema can't be checked: %s: not installed "
	    "(package mq-tools, or make install)", queue, path) :
	    mqs_fail_errno(err, "%s: its schema can't be checked: %s", queue, path);
	(void)close(pair[0]);
	return n;
}

/* Waits for it; 0 if its status is not to be had (the program ignores SIGCHLD). */
static int
reap(struct mqs_schema_process *p)
{
	int status;
	pid_t pid;

	(void)close(p->fd);
	p->fd = -1;
	do {
		pid = waitpid(p->pid, &status, 0);
	} while (pid == -1 && errno == EINTR);
	return pid == p->pid ? status : 0;
}

void
mqs_schema_process_end(struct mqs_schema_process *p)
{
	if (p->fd == -1)
		return;
	(void)kill(-p->pid, SIGKILL);	/* its group: it may be a script */
	(void)reap(p);
}

int
mqs_schema_process_died(struct mqs_schema_process *p, const char *queue, struct mqs_error *err)
{
	char how[64] = "ended";
	int status;

	/* It may have closed its socket and go on. */
	(void)kill(-p->pid, SIGKILL);	/* its group: it may be a script */
	status = reap(p);
	if (WIFSIGNALED(status))
		(void)snprintf(how, sizeof(how), "was killed by signal %d", WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		(void)snprintf(how, sizeof(how), "ended with status %d", WEXITSTATUS(status));
	return mqs_fail(err, MQS_ESYSTEM, "%s: its schema can't be checked: %s %s", queue, NAME,
	    how);
}
