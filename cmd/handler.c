/*
 * handler.c - starting a command for one message
 *
 * posix_spawn, never fork: a parent with a large map forks slowly.  The child gets the
 * body as stdin, our stdout, a pipe as stderr (handler_errors.c) and, under a number
 * that is out of its way, the descriptor whose lock says that this run lives.  All
 * else is close-on-exec.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "handler.h"

#define CHUNKS_LEFT	16	/* what a pipe holds: after that, others write */

/*
 * Where execvp(3) would find name, or NULL: leave it to that (as where an empty entry of
 * $PATH means the current directory).
 */
static char *
find(const char *name)
{
	const char *dir = getenv("PATH"), *end;
	struct stat st;
	char *path;

	if (dir == NULL || name[0] == '\0' || strchr(name, '/') != NULL)
		return NULL;
	for (;; dir = end + 1) {
		end = strchrnul(dir, ':');
		if (asprintf(&path, "%.*s%s%s", (int)(end - dir), dir,
		    end > dir ? "/" : "", name) < 0)
			return NULL;
		if (end > dir && stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
		    access(path, X_OK) == 0)
			return path;
		free(path);
		if (end == dir || *end == '\0')
			return NULL;
	}
}

static int
execute(pid_t *pid, struct handler_command *c, const posix_spawn_file_actions_t *acts)
{
	if (c->path == NULL)
		c->path = find(c->argv[0]);
	if (c->path != NULL &&
	    posix_spawn(pid, c->path, acts, &c->attr, c->argv, c->env) == 0)
		return 0;
	free(c->path);
	c->path = NULL;
	return posix_spawnp(pid, c->argv[0], acts, &c->attr, c->argv, c->env);
}

static int
spawn(pid_t *pid, struct handler_command *c, int body, int errors, int run_fd)
{
	posix_spawn_file_actions_t acts;
	int to = c->run_fd == -1 ? run_fd : c->run_fd, e;

	if ((e = posix_spawn_file_actions_init(&acts)) != 0)
		return e;
	/* The same number twice clears close-on-exec. */
	if ((e = posix_spawn_file_actions_adddup2(&acts, body, STDIN_FILENO)) == 0 &&
	    (e = posix_spawn_file_actions_adddup2(&acts, errors, STDERR_FILENO)) == 0 &&
	    (e = posix_spawn_file_actions_adddup2(&acts, run_fd, to)) == 0)
		e = execute(pid, c, &acts);
	(void)posix_spawn_file_actions_destroy(&acts);
	return e;
}

int
handler_start(struct handler *h, struct handler_command *c, int body, int run_fd)
{
	int ends[2], e;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return errno;
	h->tail_len = 0;
	h->over = 0;
	h->chunks = CHUNKS_LEFT;
	h->errors = ends[0];
	/* Ours alone: the child's end has a description of its own. */
	e = fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0 ? errno :
	    spawn(&h->pid, c, body, ends[1], run_fd);
	(void)close(ends[1]);
	if (e == 0)
		return 0;
	(void)close(ends[0]);
	h->errors = -1;
	h->pid = 0;
	return e;
}
