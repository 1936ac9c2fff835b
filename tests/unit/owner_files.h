/*
 * owner_files.h - owner files of consumers, for unit tests
 */
#ifndef MQ_TESTS_OWNER_FILES_H
#define MQ_TESTS_OWNER_FILES_H

#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <sched.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "check.h"
#include "embedded/store/owner.h"
#include "embedded/store/owner_file.h"
#include "tree.h"

#define FAMILY	0xfedcba98u	/* upper half of the names */

static struct mqs_dir dir;
static struct mqs_error err;

static inline enum mqs_owner_life
look(uint64_t name, struct mqs_owner_left *left)
{
	enum mqs_owner_life life = MQS_OWNER_DEAD;

	check_int(mqs_owner_look(&dir, name, &life, left, &err), 0);
	return life;
}

static inline int
open_owner_file(uint64_t name)
{
	char text[64];
	int fd;

	snprintf(text, sizeof(text), "%016" PRIx64, name);
	must((fd = openat(dir.owner, text, O_RDWR | O_CLOEXEC)) != -1);
	return fd;
}

/* 1 if a handler's byte is locked. */
static inline int
run_locked(uint64_t name)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 1 };
	int fd = open_owner_file(name);

	must(fcntl(fd, F_OFD_GETLK, &lock) == 0);
	close(fd);
	return lock.l_type != F_UNLCK;
}

/* What a consumer does, told to its child process; see start_consumer. */
enum plan {
	ONLY_LIVE,
	NOT_STARTED,		/* a run whose handler was not spawned */
	HANDLER,		/* inherits the run's descriptor */
	CLOSING_HANDLER,	/* closes all that it inherits */
	UNMARKED_HANDLER,	/* the consumer dies before its mark */
	ENDED,			/* a run that ended */
	HANDED_OUT
};

struct story {
	pid_t		 consumer;
	int64_t		 handler;
	uint64_t	 name;
	int		 out[2];	/* the consumer tells */
	int		 end[2];	/* handlers live until this is closed */
};

/* A handler: tells that it is there, then lives until the pipe is closed. */
static inline void
handle(const struct story *s, int fd, int closing)
{
	char c;

	if (closing) {
		close_range(3, (unsigned)s->end[0] - 1, 0);
		close_range((unsigned)s->end[0] + 1, (unsigned)s->out[1] - 1, 0);
		close_range((unsigned)s->out[1] + 1, ~0u, 0);
		tell(s->out[1], "h", 1);
		(void)hear(s->end[0], &c, 1);
		_exit(0);
	}
	/* It keeps these three, and tells when the others are closed. */
	must(dup2(s->end[0], 0) == 0 && dup2(s->out[1], 1) == 1 &&
	    fcntl(fd, F_SETFD, 0) == 0);
	execlp("sh", "sh", "-c", "printf h; exec cat >/dev/null", (char *)NULL);
	_exit(127);
}

static inline void
consume(const struct story *s, enum plan plan)
{
	struct mqs_owner *owner;
	unsigned run;
	int64_t pid = 0;
	uint64_t name;
	char said[1 + sizeof(pid) + sizeof(name)];
	int fd;

	close(s->end[1]);
	must(mqs_owner_new(&owner, &dir, FAMILY, &err) == 0);
	if (plan == HANDED_OUT) {
		must(mqs_owner_handed_out(owner, 70, 3, &err) == 0);
		must(mqs_owner_handed_out(owner, 71, 5, &err) == 0);
	} else if (plan != ONLY_LIVE)
		must(mqs_owner_run(owner, 77, 88, &run, &fd, &err) == 0);
	if (plan == HANDLER || plan == CLOSING_HANDLER || plan == UNMARKED_HANDLER) {
		must((pid = fork()) != -1);
		if (pid == 0)
			handle(s, fd, plan == CLOSING_HANDLER);
		if (plan != UNMARKED_HANDLER)
			must(mqs_owner_run_started(owner, run, pid, &err) == 0);
	}
	if (plan == ENDED) {
		must(mqs_owner_run_started(owner, run, getpid(), &err) == 0);
		mqs_owner_run_end(owner, run);
	}
	name = mqs_owner_name(owner);
	/* In one write: the handler may tell something at the same time. */
	said[0] = 'c';
	memcpy(said + 1, &pid, sizeof(pid));
	memcpy(said + 1 + sizeof(pid), &name, sizeof(name));
	tell(s->out[1], said, sizeof(said));
	for (;;)
		pause();
}

/* Starts a consumer, and waits until it has done what the plan says. */
static inline void
start_consumer(struct story *s, enum plan plan)
{
	int left = plan == HANDLER || plan == CLOSING_HANDLER ||
	    plan == UNMARKED_HANDLER ? 2 : 1;
	char c;

	make_pipe(s->out);
	make_pipe(s->end);
	if (s->end[0] > s->out[1]) {		/* for close_range */
		int fd = fcntl(s->out[1], F_DUPFD_CLOEXEC, s->end[0] + 1);

		must(fd != -1);
		close(s->out[1]);
		s->out[1] = fd;
	}
	fflush(stdout);
	must((s->consumer = fork()) != -1);
	if (s->consumer == 0)
		consume(s, plan);
	for (; left > 0; left--) {
		must(hear(s->out[0], &c, 1));
		if (c == 'c') {
			must(hear(s->out[0], &s->handler, sizeof(s->handler)));
			must(hear(s->out[0], &s->name, sizeof(s->name)));
		}
	}
}

static inline void
finish(struct story *s)
{
	close(s->out[0]);
	close(s->out[1]);
	close(s->end[0]);
	if (s->end[1] != -1)
		close(s->end[1]);
	if (s->handler != 0)
		must(waitpid((pid_t)s->handler, NULL, 0) == s->handler);
}

static inline int
count_one(void *arg, uint64_t name)
{
	(void)name;
	++*(int *)arg;
	return 0;
}

static inline int
owners(void)
{
	int n = 0;

	check_int(mqs_owner_each(&dir, count_one, &n, &err), 0);
	return n;
}

#endif
