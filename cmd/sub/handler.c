/*
 * sub/handler.c - starting a command for one message
 *
 * Commands are started by posix_spawn, never by fork, which is slow in a process with a
 * large map.  The command gets the body as stdin; our stdout, or a file for its output,
 * as stdout; and a pipe as stderr (sub/handler_errors.c).  It also inherits the
 * descriptor whose lock says that this run lives, under a number that programs hardly
 * use, unless the engine needs none.  All other descriptors are close-on-exec.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sub/handler.h"

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

void
handler_init(struct handler *h)
{
	*h = (struct handler){ .count = 1, .body = -1, .theirs = -1, .output = -1, .run_fd = -1, .errors = -1 };
}

static void
close_one(int *fd)
{
	if (*fd != -1)
		(void)close(*fd);
	*fd = -1;
}

int
handler_open_errors(struct handler *h)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return errno;
	h->errors = ends[0];
	h->theirs = ends[1];
	h->chunks = CHUNKS_LEFT;
	/* Ours alone: the command's end has a description of its own. */
	return fcntl(h->errors, F_SETFL, O_NONBLOCK) != 0 ? errno : 0;
}

int
handler_start(struct handler *h, struct handler_command *c)
{
	int to = c->run_fd == -1 ? h->run_fd : c->run_fd, e;
	posix_spawn_file_actions_t acts;

	if ((e = posix_spawn_file_actions_init(&acts)) != 0)
		return e;
	/* The same number twice clears close-on-exec. */
	if ((e = posix_spawn_file_actions_adddup2(&acts, h->body, STDIN_FILENO)) == 0 &&
	    (e = posix_spawn_file_actions_adddup2(&acts, h->theirs, STDERR_FILENO)) == 0 &&
	    (h->output == -1 || (e = posix_spawn_file_actions_adddup2(&acts, h->output,
	    STDOUT_FILENO)) == 0) &&
	    (h->run_fd == -1 ||
	    (e = posix_spawn_file_actions_adddup2(&acts, h->run_fd, to)) == 0))
		e = execute(&h->pid, c, &acts);
	(void)posix_spawn_file_actions_destroy(&acts);
	if (e != 0) {
		h->pid = 0;
		return e;
	}
	close_one(&h->body);
	close_one(&h->theirs);
	return 0;
}

void
handler_discard(struct handler *h)
{
	close_one(&h->body);
	close_one(&h->theirs);
	close_one(&h->errors);
	handler_done(h);
}

void
handler_done(struct handler *h)
{
	close_one(&h->output);
	mqs_buf_free(&h->meta);
	free(h->more);
	h->more = NULL;
}
