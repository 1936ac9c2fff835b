/*
 * publish.c - a publisher that is killed, and goes on
 *
 *	publish NAME QUEUE
 *
 * Runs mq-pub -I -J over and over until the killing is over.  A run gets some messages
 * and ends by SIGKILL, by SIGTERM or with its input.  A quarter of the runs is --atomic.
 * Two of three messages have a message id; those of them that a run was given and did
 * not tell are given to the next run again: they must be in the log once.  A broker has
 * neither --atomic nor message ids.
 *
 * Messages have keys (AREA.kN or none), priorities, delays, expiries and bodies of
 * different sizes, one in fifty of them large enough for a file of its own.
 *
 * $TORTURE_PAUSE: ms between two messages, on average.
 */
#include <sys/mman.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "history.h"
#include "letter.h"

#define RUN_MAX		64		/* messages in a run */
#define LARGE		300000		/* a body that is a file */
#define LINE_SIZE	(LARGE + 1024)

extern char **environ;

struct letter {
	char	 name[LETTER_NAME], key[32];
	unsigned priority, has_id;
	int64_t	 not_before, expires;
	size_t	 size;
};

/* A run of mq-pub, and what it was given. */
struct run {
	char		 name[LETTER_NAME];
	const char	*queue;
	int		 atomic;
	pid_t		 pid;
	int		 in, out;		/* its stdin and stdout */
	int		 said;			/* a file: its stderr */
	struct letter	 given[RUN_MAX];
	size_t		 ngiven, ntold;
	char		 id[32];		/* so much of a line */
	size_t		 idlen;
};

static volatile sig_atomic_t running;	/* the pid of mq-pub, 0 if there is none */
static unsigned long counter;
static const char *publisher;
static struct letter again[RUN_MAX];	/* to be given again */
static size_t nagain;

/* ------------------------------------------------------------ messages -- */

static void
invent(struct letter *l)
{
	static const char areas[] = "abc";
	int64_t now = history_now();
	unsigned chance = history_random(100);

	memset(l, 0, sizeof(*l));
	(void)snprintf(l->name, sizeof(l->name), "%s-%lu", publisher, ++counter);
	if (history_random(10) != 0)
		(void)snprintf(l->key, sizeof(l->key), "%c.k%u",
		    areas[history_random(3)], history_random(4));
	if (history_random(10) < 3)
		l->priority = 1 + history_random(9);
	l->has_id = !history_broker() && history_random(3) != 0;
	if (chance < 10)
		l->not_before = now + (int64_t)history_random(1500) * 1000000;
	else if (chance < 16)
		l->expires = now + (int64_t)history_random(1500) * 1000000;
	l->size = history_random(50) == 0 ? LARGE : LETTER_MIN + history_random(200);
}

static int
put_time(char *p, size_t room, const char *field, int64_t ns)
{
	char when[32];
	time_t s = (time_t)(ns / 1000000000);
	struct tm tm;

	if (ns == 0)
		return 0;
	(void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", gmtime_r(&s, &tm));
	return snprintf(p, room, "\"%s\":\"%s.%09dZ\",", field, when,
	    (int)(ns % 1000000000));
}

/* The letter as an envelope, newline included; its length. */
static size_t
envelope(char *line, const struct letter *l)
{
	size_t n = 0;

	n += (size_t)snprintf(line, LINE_SIZE, "{\"key\":\"%s\",\"priority\":%u,"
	    "\"headers\":{\"area\":\"%.1s\",\"name\":\"%s\"%s},", l->key, l->priority,
	    l->key, l->name, l->expires == 0 ? "" : ",\"fleeting\":\"yes\"");
	if (l->has_id)
		n += (size_t)snprintf(line + n, LINE_SIZE - n, "\"message_id\":\"%s\",",
		    l->name);
	n += (size_t)put_time(line + n, LINE_SIZE - n, "not_before", l->not_before);
	n += (size_t)put_time(line + n, LINE_SIZE - n, "expires", l->expires);
	n += (size_t)snprintf(line + n, LINE_SIZE - n, "\"body\":\"");
	letter_write(line + n, l->size, l->name);
	n += l->size;
	memcpy(line + n, "\"}\n", 3);
	return n + 3;
}

/* ---------------------------------------------------------------- runs -- */

static void
begin(struct run *r)
{
	char *argv[] = { (char *)"mq-pub", (char *)"-IJ", (char *)r->queue, NULL, NULL };
	posix_spawn_file_actions_t actions;
	int in[2], out[2], rc;

	if (r->atomic) {
		argv[3] = argv[2];
		argv[2] = (char *)"--atomic";
	}
	if (pipe2(in, O_CLOEXEC) == -1 || pipe2(out, O_CLOEXEC) == -1 ||
	    fcntl(in[1], F_SETFL, O_NONBLOCK) == -1)
		err(70, "pipe");
	if ((r->said = memfd_create("said", MFD_CLOEXEC)) == -1)
		err(70, "memfd");
	history_add("begin %s", r->name);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, r->said, STDERR_FILENO);
	posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
	if ((rc = posix_spawnp(&r->pid, argv[0], &actions, NULL, argv, environ)) != 0)
		errx(70, "mq-pub: %s", strerror(rc));
	posix_spawn_file_actions_destroy(&actions);
	close(in[0]);
	close(out[1]);
	running = r->pid;
	r->in = in[1];
	r->out = out[0];
}

static void
told(struct run *r)
{
	if (r->ntold == r->ngiven)
		errx(70, "%s: told more ids than it was given messages", r->name);
	r->id[r->idlen] = '\0';
	history_add("told %s %s", r->given[r->ntold++].name, r->id);
	r->idlen = 0;
}

/* Reads what ids there are; 0 at the end. */
static int
hear(struct run *r)
{
	char buf[4096];
	ssize_t n, i;

	while ((n = read(r->out, buf, sizeof(buf))) == -1 && errno == EINTR)
		;
	for (i = 0; i < n; i++) {
		if (buf[i] == '\n')
			told(r);
		else if (r->idlen < sizeof(r->id) - 1)
			r->id[r->idlen++] = buf[i];
	}
	return n > 0;
}

/* For so long, or until there is an end; 1 when stdin has room for more. */
static int
serve(struct run *r, int writing, int ms)
{
	struct pollfd fds[2] = { { .fd = r->out, .events = POLLIN },
	    { .fd = writing ? r->in : -1, .events = POLLOUT } };

	if (poll(fds, 2, ms) == -1 && errno != EINTR)
		err(70, "poll");
	if (fds[0].revents != 0 && !hear(r))
		return -1;
	return fds[1].revents != 0;
}

/* Gives a letter to the run; 0 if it took all of it in time (ns, 0 for ever). */
static int
give(struct run *r, const struct letter *l, int first, int64_t time)
{
	static char line[LINE_SIZE];
	size_t n = envelope(line, l), done = 0;
	int64_t until = history_now() + time;
	ssize_t got;

	history_add("%s %s %s %s%s :%s %u %lld %lld %zu", first ? "sent" : "again",
	    l->name, r->name, r->atomic ? "atomic" : "stream", l->has_id ? "-id" : "",
	    l->key, l->priority, (long long)l->not_before, (long long)l->expires,
	    l->size);
	r->given[r->ngiven++] = *l;
	while (done < n) {
		if ((got = write(r->in, line + done, n - done)) > 0)
			done += (size_t)got;
		else if (got == -1 && errno != EAGAIN && errno != EINTR)
			return -1;	/* it is gone, and its status tells why */
		else if (serve(r, 1, 100) == -1 || (time != 0 && history_now() > until))
			return -1;
	}
	return 0;
}

/* What was given in vain, or not even given, and may be given again. */
static void
keep_rest(struct run *r, size_t resent)
{
	struct letter rest[2 * RUN_MAX];
	size_t i, n = 0;

	for (i = r->ntold; i < r->ngiven; i++)
		if (r->given[i].has_id)
			rest[n++] = r->given[i];
	for (i = resent; i < nagain; i++)
		rest[n++] = again[i];
	nagain = n < RUN_MAX ? n : RUN_MAX;
	memcpy(again, rest, nagain * sizeof(*rest));
}

/* Hands on what mq-pub said, and tells whether something was sent again. */
static void
hand_on(const struct run *r)
{
	char said[8192];
	ssize_t n = pread(r->said, said, sizeof(said) - 1, 0);

	if (n == -1)
		err(70, "memfd");
	said[n] = '\0';
	if (strstr(said, ": connection lost: ") != NULL ||
	    strstr(said, ": RabbitMQ refused a message ") != NULL)
		history_add("cut %s", r->name);
	fputs(said, stderr);
	close(r->said);
}

static void
reap(struct run *r)
{
	int status;

	if (r->in != -1)
		close(r->in);
	close(r->out);
	while (waitpid(r->pid, &status, 0) == -1)
		if (errno != EINTR)
			err(70, "waitpid");
	running = 0;
	hand_on(r);
	history_add("end %s %d", r->name,
	    WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
}

/* Ends the run: 0 with its input, 1 by SIGTERM, 2 by SIGKILL at some moment. */
static void
end(struct run *r, unsigned how, int close_first)
{
	if (close_first || how == 0) {
		close(r->in);
		r->in = -1;
	}
	if (how == 1) {
		history_add("stop %s", r->name);
		(void)kill(r->pid, SIGTERM);
	}
	if (how == 2) {
		history_sleep(history_random(12));
		history_add("kill %s", r->name);
		(void)kill(r->pid, SIGKILL);
	}
	while (serve(r, 0, -1) != -1)
		;
	reap(r);
}

/*
 * last: nobody is killed, and all is told.  The first run is --atomic and comes to its end, so
 * that there is one in every history.
 */
static void
one_run(const char *queue, unsigned number, int last)
{
	const int first = number == 1 && !last;
	unsigned pause = (unsigned)strtoul(history_env("TORTURE_PAUSE"), NULL, 10);
	struct run *r = calloc(1, sizeof(*r));
	static const unsigned char ways[] = { 0, 0, 1, 1, 2, 2, 2, 2, 2, 2 };
	size_t i, resent, n = first ? RUN_MAX / 3 : 1 + history_random(RUN_MAX / 3);
	int64_t time = last || first ? 0 : 2000000000;
	struct letter l;
	int cut = 0;

	if (r == NULL)
		err(70, NULL);
	(void)snprintf(r->name, sizeof(r->name), "%s.%u", publisher, number);
	r->queue = queue;
	r->atomic = !history_broker() && (first || (!last && history_random(4) == 0));
	begin(r);
	for (resent = 0; resent < nagain && !cut; resent++)
		cut = give(r, &again[resent], 0, time);
	for (i = 0; i < n && r->ngiven < RUN_MAX && !cut; i++) {
		(void)serve(r, 0, (int)history_random(2 * pause));
		invent(&l);
		cut = give(r, &l, 1, time);
	}
	/* Half a message at the end of input would be a bad record. */
	end(r, last || first ? 0 : cut ? 2 : ways[history_random(sizeof(ways))],
	    !cut && (r->atomic || history_random(2) == 0));
	keep_rest(r, resent);
	free(r);
}

/* Nobody is to wait for room in a queue that has no consumers any more. */
static void
give_up(int signo)
{
	if (running != 0)
		(void)kill((pid_t)running, SIGKILL);
	_exit(128 + signo);
}

int
main(int argc, char **argv)
{
	unsigned number = 0;

	if (argc != 3)
		errx(64, "usage: publish NAME QUEUE");
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, give_up);
	publisher = argv[1];
	history_open();
	while (!history_over())
		one_run(argv[2], ++number, 0);
	one_run(argv[2], ++number, 1);
	return 0;
}
