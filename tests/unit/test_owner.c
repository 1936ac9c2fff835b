/*
 * test_owner.c - owner files: who lives, and what the dead left
 *
 * Consumers here are real processes that get killed; their handlers are real
 * children.  This process adopts orphans (PR_SET_CHILD_SUBREAPER), so that it can wait
 * for a handler's end instead of for time.
 */
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

static enum mqs_owner_life
look(uint64_t name, struct mqs_owner_left *left)
{
	enum mqs_owner_life life = MQS_OWNER_DEAD;

	check_int(mqs_owner_look(&dir, name, &life, left, &err), 0);
	return life;
}

static int
open_owner_file(uint64_t name)
{
	char text[64];
	int fd;

	snprintf(text, sizeof(text), "%016" PRIx64, name);
	must((fd = openat(dir.owner, text, O_RDWR | O_CLOEXEC)) != -1);
	return fd;
}

/* 1 if a handler's byte is locked. */
static int
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
static void
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

static void
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
static void
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

/* Lets the handler end; it stays a zombie. */
static void
end_handler(struct story *s)
{
	siginfo_t info;

	close(s->end[1]);
	s->end[1] = -1;
	must(waitid(P_PID, (id_t)s->handler, &info, WEXITED | WNOWAIT) == 0);
	check_int(info.si_status, 0);
}

static void
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

static void
check_one_slot(const struct mqs_owner_left *left, int started, int alive)
{
	if (!check_u64(left->nslots, 1))
		return;
	check_u64(left->slots[0].lease, 77);
	check_u64(left->slots[0].id, 88);
	check_int(left->slots[0].started, started);
	check_int(left->slots[0].alive, alive);
}

static int
count_one(void *arg, uint64_t name)
{
	(void)name;
	++*(int *)arg;
	return 0;
}

static int
stop_at(void *arg, uint64_t name)
{
	return name == *(uint64_t *)arg ? 5 : 0;
}

static int
owners(void)
{
	int n = 0;

	check_int(mqs_owner_each(&dir, count_one, &n, &err), 0);
	return n;
}

static void
test_own(void)
{
	struct mqs_owner_left left = { .nslots = 9 };
	struct mqs_owner *owner, *other;
	uint64_t name;

	make_tree(&dir);
	check_int(look(1, &left), MQS_OWNER_DEAD);
	check_u64(left.nslots, 0);
	if (!check_int(mqs_owner_new(&owner, &dir, FAMILY, &err), 0))
		return;
	must(mqs_owner_new(&other, &dir, FAMILY, &err) == 0);
	name = mqs_owner_name(owner);
	check(name != mqs_owner_name(other));
	check_u64(name >> 32, FAMILY);
	check_u64(mqs_owner_name(other) >> 32, FAMILY);
	check_int(look(name, &left), MQS_OWNER_LIVES);
	check_int(look(name, NULL), MQS_OWNER_LIVES);
	check_int(owners(), 2);
	mqs_owner_free(owner, 1);
	check_int(look(name, NULL), MQS_OWNER_DEAD);
	check_int(owners(), 1);
	name = mqs_owner_name(other);
	mqs_owner_free(other, 0);
	check_int(look(name, NULL), MQS_OWNER_DEAD);
	check_int(owners(), 1);
	check_int(mqs_owner_collect(&dir, name, &err), 0);
	check_int(owners(), 0);
	check_int(mqs_owner_collect(&dir, name, &err), 0);
	check_int(tree_entries(&dir, "owner"), 0);
	mqs_owner_free(NULL, 1);
	drop_tree(&dir);
}

static void
test_layout(void)
{
	struct mqs_owner *owner;
	unsigned char b[192];
	unsigned run;
	int fd, file;

	make_tree(&dir);
	must(mqs_owner_new(&owner, &dir, FAMILY, &err) == 0);
	must(mqs_owner_handed_out(owner, 11, 12, &err) == 0);
	must(mqs_owner_run(owner, 13, 14, &run, &fd, &err) == 0);
	must(mqs_owner_run_started(owner, run, getpid(), &err) == 0);
	file = open_owner_file(mqs_owner_name(owner));
	must(pread(file, b, sizeof(b), 0) == (ssize_t)sizeof(b));
	check_mem(b, 8, "mqowner\1", 8);
	check_u64(mqs_get_le64(b + 8), mqs_boot());
	check_u64(mqs_get_le64(b + 16), (uint64_t)getpid());
	check_u64(mqs_get_le64(b + 24), mqs_process_start(getpid()));
	check_u64(mqs_get_le64(b + 64), 11);
	check_u64(mqs_get_le64(b + 72), 12);
	check_u64(mqs_get_le64(b + 128), 13);
	check_u64(mqs_get_le64(b + 136), 14);
	check_u64(mqs_get_le64(b + 144), (uint64_t)getpid());
	check_u64(mqs_get_le64(b + 152), mqs_process_start(getpid()));
	check_u64(mqs_get_le64(b + 160), 1);
	check(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	check((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY);
	close(file);
	mqs_owner_free(owner, 1);
	drop_tree(&dir);
}

/*
 * Runs a handler that lives until it is killed, or is said to be process pid: what the
 * slot says of its start.  late: started in another tick than that of its slot.
 */
static void
check_start(struct mqs_owner *owner, pid_t pid, int late)
{
	uint64_t tick = mqs_tick(mqs_boottime());
	unsigned char b[MQS_OWNER_SLOT];
	pid_t child = 0;
	unsigned run;
	int fd, file;

	must(mqs_owner_run(owner, 13, 14, &run, &fd, &err) == 0);
	while (late && mqs_tick(mqs_boottime()) <= tick + 1)
		continue;
	if (pid == 0 && (pid = child = fork()) == 0)
		for (;;)
			pause();
	must(pid != -1 && mqs_owner_run_started(owner, run, pid, &err) == 0);
	file = open_owner_file(mqs_owner_name(owner));
	must(pread(file, b, sizeof(b), MQS_OWNER_AT_SLOTS +
	    (off_t)run * MQS_OWNER_SLOT) == (ssize_t)sizeof(b));
	check_u64(mqs_get_le64(b + 16), (uint64_t)pid);
	check_u64(mqs_get_le64(b + 24), mqs_process_start(pid));
	close(file);
	if (child != 0)
		must(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
	mqs_owner_run_end(owner, run);
}

/* As /proc has it, whether it was read there or told by the clock, across its ticks. */
static void
test_starts(void)
{
	struct mqs_owner *owner;
	int64_t end = mqs_boottime() + 50 * MQS_MSEC;

	make_tree(&dir);
	must(mqs_owner_new(&owner, &dir, FAMILY, &err) == 0);
	while (mqs_boottime() < end)
		check_start(owner, 0, 0);
	check_start(owner, 0, 1);
	mqs_owner_free(owner, 1);
	/* One that is older than its slot: the clock is not trusted. */
	must(mqs_owner_new(&owner, &dir, FAMILY, &err) == 0);
	check_start(owner, getpid(), 0);
	check_start(owner, getpid(), 0);
	check_start(owner, 0, 0);
	mqs_owner_free(owner, 1);
	drop_tree(&dir);
}

static void
test_killed(void)
{
	struct mqs_owner_left left;
	struct story s;

	make_tree(&dir);
	start_consumer(&s, ONLY_LIVE);
	check_int(look(s.name, &left), MQS_OWNER_LIVES);
	check_int(mqs_owner_collect(&dir, s.name, &err), 0);
	check_int(look(s.name, NULL), MQS_OWNER_LIVES);	/* not collected */
	kill_child(s.consumer);
	check_int(look(s.name, &left), MQS_OWNER_DEAD);
	check_u64(left.nslots, 0);
	check_u64(left.handed_lease, 0);
	check_u64(left.handed_count, 0);
	mqs_owner_left_free(&left);
	check_int(owners(), 1);
	check_int(mqs_owner_collect(&dir, s.name, &err), 0);
	check_int(owners(), 0);
	finish(&s);
	drop_tree(&dir);
}

static void
test_orphan(void)
{
	struct mqs_owner_left left;
	struct story s;

	make_tree(&dir);
	start_consumer(&s, HANDLER);
	check_int(look(s.name, NULL), MQS_OWNER_LIVES);
	kill_child(s.consumer);
	check_int(look(s.name, &left), MQS_OWNER_ORPHANS);
	check_one_slot(&left, 1, 1);
	check_int(run_locked(s.name), 1);
	mqs_owner_left_free(&left);
	check_int(mqs_owner_collect(&dir, s.name, &err), 0);
	check_int(look(s.name, NULL), MQS_OWNER_ORPHANS);	/* not collected */
	end_handler(&s);
	check_int(look(s.name, &left), MQS_OWNER_DEAD);		/* though a zombie */
	check_one_slot(&left, 1, 0);
	mqs_owner_left_free(&left);
	finish(&s);
	check_int(look(s.name, NULL), MQS_OWNER_DEAD);
	check_int(mqs_owner_collect(&dir, s.name, &err), 0);
	check_int(owners(), 0);
	drop_tree(&dir);
}

static void
test_unmarked_orphan(void)
{
	struct mqs_owner_left left;
	struct story s;

	make_tree(&dir);
	start_consumer(&s, UNMARKED_HANDLER);
	kill_child(s.consumer);
	check_int(look(s.name, &left), MQS_OWNER_ORPHANS);
	check_one_slot(&left, 0, 1);
	mqs_owner_left_free(&left);
	end_handler(&s);
	check_int(look(s.name, &left), MQS_OWNER_DEAD);
	check_one_slot(&left, 0, 0);
	mqs_owner_left_free(&left);
	finish(&s);
	drop_tree(&dir);
}

static void
test_closing_handler(void)
{
	struct mqs_owner_left left;
	struct story s;

	make_tree(&dir);
	start_consumer(&s, CLOSING_HANDLER);
	kill_child(s.consumer);
	check_int(run_locked(s.name), 0);
	check_int(look(s.name, &left), MQS_OWNER_ORPHANS);
	check_one_slot(&left, 1, 1);
	mqs_owner_left_free(&left);
	end_handler(&s);
	check_int(look(s.name, &left), MQS_OWNER_DEAD);
	check_one_slot(&left, 1, 0);
	mqs_owner_left_free(&left);
	finish(&s);
	drop_tree(&dir);
}

/* Rewrites the slot of a dead consumer. */
static void
change_slot(uint64_t name, const struct mqs_owner_entry *entry)
{
	unsigned char b[MQS_OWNER_SLOT];
	int fd = open_owner_file(name);

	mqs_owner_entry_put(b, entry);
	must(pwrite(fd, b, sizeof(b), MQS_OWNER_AT_SLOTS) == (ssize_t)sizeof(b));
	close(fd);
}

static void
change_boot(uint64_t name, uint64_t boot)
{
	const struct mqs_owner_header header = { .boot = boot, .pid = 1 };
	unsigned char b[MQS_OWNER_HEADER];
	int fd = open_owner_file(name);

	mqs_owner_header_put(b, &header);
	must(pwrite(fd, b, sizeof(b), 0) == (ssize_t)sizeof(b));
	close(fd);
}

static void
test_pid_reuse(void)
{
	struct mqs_owner_entry entry = {
		.lease = 77, .id = 88, .started = 1, .pid = (uint64_t)getpid(),
		.start = mqs_process_start(getpid())
	};
	struct mqs_owner_left left;
	struct story s;

	make_tree(&dir);
	start_consumer(&s, NOT_STARTED);
	kill_child(s.consumer);
	change_slot(s.name, &entry);
	check_int(look(s.name, NULL), MQS_OWNER_ORPHANS);
	/* The same number, but not the process that was started then. */
	entry.start--;
	change_slot(s.name, &entry);
	check_int(look(s.name, &left), MQS_OWNER_DEAD);
	check_one_slot(&left, 1, 0);
	mqs_owner_left_free(&left);
	/* The same number and time, but of another boot. */
	entry.start++;
	change_slot(s.name, &entry);
	change_boot(s.name, mqs_boot() + 1);
	check_int(look(s.name, &left), MQS_OWNER_DEAD);
	check_one_slot(&left, 1, 0);
	mqs_owner_left_free(&left);
	change_boot(s.name, mqs_boot());
	check_int(look(s.name, NULL), MQS_OWNER_ORPHANS);
	finish(&s);
	drop_tree(&dir);
}

static void
test_not_started(void)
{
	struct mqs_owner_left left;
	struct story s;
	int fd;

	make_tree(&dir);
	start_consumer(&s, NOT_STARTED);
	kill_child(s.consumer);
	check_int(look(s.name, &left), MQS_OWNER_DEAD);
	check_one_slot(&left, 0, 0);
	mqs_owner_left_free(&left);
	/* A damaged slot is an empty one. */
	fd = open_owner_file(s.name);
	must(pwrite(fd, "x", 1, MQS_OWNER_AT_SLOTS + 8) == 1);
	check_int(look(s.name, &left), MQS_OWNER_DEAD);
	check_u64(left.nslots, 0);
	mqs_owner_left_free(&left);
	must(ftruncate(fd, 10) == 0);
	check_int(look(s.name, &left), MQS_OWNER_DEAD);
	check_u64(left.nslots, 0);
	mqs_owner_left_free(&left);
	close(fd);
	finish(&s);
	drop_tree(&dir);
}

static void
test_ended(void)
{
	struct mqs_owner_left left;
	struct story s;

	make_tree(&dir);
	start_consumer(&s, ENDED);
	kill_child(s.consumer);
	check_int(look(s.name, &left), MQS_OWNER_DEAD);
	check_u64(left.nslots, 0);
	mqs_owner_left_free(&left);
	finish(&s);
	drop_tree(&dir);
}

static void
test_handed_out(void)
{
	struct mqs_owner_left left;
	struct story s;

	make_tree(&dir);
	start_consumer(&s, HANDED_OUT);
	kill_child(s.consumer);
	check_int(look(s.name, &left), MQS_OWNER_DEAD);
	check_u64(left.handed_lease, 71);
	check_u64(left.handed_count, 5);
	mqs_owner_left_free(&left);
	finish(&s);
	drop_tree(&dir);
}

static void
test_run_numbers(void)
{
	struct mqs_owner *owner;
	unsigned run[5];
	int fd[5], background, i;

	make_tree(&dir);
	must(mqs_owner_new(&owner, &dir, FAMILY, &err) == 0);
	for (i = 0; i < 3; i++) {
		check_int(mqs_owner_run(owner, 1, 2, &run[i], &fd[i], &err), 0);
		check_u64(run[i], (uint64_t)i);
	}
	/* What a handler left running holds its byte: the next takes another. */
	must((background = fcntl(fd[1], F_DUPFD_CLOEXEC, 0)) != -1);
	mqs_owner_run_end(owner, 1);
	check_int(mqs_owner_run(owner, 1, 2, &run[3], &fd[3], &err), 0);
	check_u64(run[3], 3);
	close(background);
	check_int(mqs_owner_run(owner, 1, 2, &run[4], &fd[4], &err), 0);
	check_u64(run[4], 1);
	mqs_owner_run_end(owner, 0);
	mqs_owner_run_end(owner, 0);		/* once more is nothing */
	check_int(mqs_owner_run_started(owner, 0, getpid(), &err), MQS_EBUG);
	check_int(mqs_owner_run_started(owner, 100, getpid(), &err), MQS_EBUG);
	check_int(mqs_owner_run(owner, 1, 2, &run[0], &fd[0], &err), 0);
	check_u64(run[0], 0);
	mqs_owner_free(owner, 1);
	drop_tree(&dir);
}

/* Runs of one handler: one descriptor, a byte and a slot each, which end together. */
static void
test_shared_run(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct mqs_owner *owner;
	unsigned run[3], other;
	int fd, fd2, file, i;

	make_tree(&dir);
	must(mqs_owner_new(&owner, &dir, FAMILY, &err) == 0);
	must(mqs_owner_run(owner, 1, 2, &run[0], &fd, &err) == 0);
	must(mqs_owner_run(owner, 1, 9, &other, &fd2, &err) == 0);
	for (i = 1; i < 3; i++)
		check_int(mqs_owner_run_more(owner, run[i - 1], 1, 2 + (uint64_t)i,
		    &run[i], &err), 0);
	check_u64(run[1], 2);
	check_u64(run[2], 3);
	for (i = 0; i < 3; i++)
		check_int(mqs_owner_run_started(owner, run[i], getpid(), &err), 0);
	file = open_owner_file(mqs_owner_name(owner));
	lock.l_start = 1 + (off_t)run[2];
	lock.l_len = 1;
	must(fcntl(file, F_OFD_GETLK, &lock) == 0);
	check(lock.l_type != F_UNLCK);
	for (i = 3; i-- > 0;)
		mqs_owner_run_end(owner, run[i]);
	lock.l_type = F_WRLCK;
	lock.l_start = 1 + (off_t)run[2];
	lock.l_pid = 0;
	must(fcntl(file, F_OFD_GETLK, &lock) == 0);
	check(lock.l_type == F_UNLCK);
	close(file);
	/* The other one's descriptor was not among those closed. */
	check(fcntl(fd2, F_GETFD) != -1);
	must(mqs_owner_run(owner, 1, 2, &run[0], &fd, &err) == 0);
	check_u64(run[0], 0);
	mqs_owner_free(owner, 1);
	drop_tree(&dir);
}

static void
test_each(void)
{
	struct mqs_owner *a, *b;
	uint64_t name;

	make_tree(&dir);
	must(mqs_owner_new(&a, &dir, FAMILY, &err) == 0);
	must(mqs_owner_new(&b, &dir, FAMILY, &err) == 0);
	close(openat(dir.owner, ".new-0123456789abcdef", O_CREAT | O_WRONLY, 0600));
	close(openat(dir.owner, "0123456789ABCDEF", O_CREAT | O_WRONLY, 0600));
	close(openat(dir.owner, "0123456789abcdef0", O_CREAT | O_WRONLY, 0600));
	close(openat(dir.owner, "0123", O_CREAT | O_WRONLY, 0600));
	check_int(owners(), 2);
	name = mqs_owner_name(b);
	check_int(mqs_owner_each(&dir, stop_at, &name, &err), 5);
	mqs_owner_free(a, 1);
	mqs_owner_free(b, 1);
	drop_tree(&dir);
}

static int
without_proc(void *arg)
{
	struct mqs_owner *owner;
	unsigned run;
	int fd, life;

	(void)arg;
	if (unshare(CLONE_NEWNS) == -1 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
	    mount("none", "/proc", "tmpfs", 0, NULL) == -1)
		return SKIP;
	if (mqs_owner_new(&owner, &dir, FAMILY, &err) != 0)
		return 1;
	if (mqs_owner_run(owner, 1, 2, &run, &fd, &err) != 0 ||
	    mqs_owner_run_started(owner, run, getpid(), &err) != 0)
		return 2;
	life = (int)look(mqs_owner_name(owner), NULL);
	if (life != MQS_OWNER_LIVES || owners() != 1 ||
	    tree_entries(&dir, "owner") != 1)
		return 3;
	mqs_owner_free(owner, 1);
	return tree_entries(&dir, "owner") == 0 ? 0 : 4;
}

static void
test_without_proc(void)
{
	int rc;

	make_tree(&dir);
	rc = in_child(without_proc, NULL);
	if (!skipped(rc, "can't hide /proc"))
		check_int(rc, 0);
	drop_tree(&dir);
}

static int
run_beyond_limit(void *arg)
{
	const struct rlimit limit = { 128, 128 };
	struct mqs_owner *owner;
	unsigned run;
	int fd, rc;

	(void)arg;
	signal(SIGXFSZ, SIG_IGN);
	must(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	must(mqs_owner_new(&owner, &dir, FAMILY, &err) == 0);
	rc = mqs_owner_run(owner, 1, 2, &run, &fd, &err);
	if (rc != MQS_EIO || fd != -1 || strstr(err.text, "/owner/") == NULL)
		return 1;
	return run_locked(mqs_owner_name(owner)) ? 2 : 0;
}

static void
test_limit(void)
{
	make_tree(&dir);
	check_int(in_child(run_beyond_limit, NULL), 0);
	drop_tree(&dir);
}

static void
test_gone(void)
{
	struct mqs_owner *owner;

	make_tree(&dir);
	must(nftw(dir.path, tree_remove, 16, FTW_DEPTH | FTW_PHYS) == 0);
	check_int(mqs_owner_new(&owner, &dir, FAMILY, &err), MQS_ENOENT);
	check(owner == NULL);
	drop_tree(&dir);
}

static void
test_permissions(void)
{
	mode_t mask = umask(077);
	struct mqs_owner *owner;
	struct stat st;
	int fd;

	make_tree(&dir);
	must(fchmod(dir.owner, 02770) == 0);
	must(mqs_owner_new(&owner, &dir, FAMILY, &err) == 0);
	fd = open_owner_file(mqs_owner_name(owner));
	must(fstat(fd, &st) == 0);
	check_int(st.st_mode & 07777, 0660);
	close(fd);
	mqs_owner_free(owner, 1);
	umask(mask);
	drop_tree(&dir);
}

int
main(void)
{
	must(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0);
	run_test("made, seen alive, removed", test_own);
	run_test("the file is as described", test_layout);
	run_test("the start of each handler", test_starts);
	run_test("a killed consumer is dead, and can be collected", test_killed);
	run_test("its handler is an orphan until it ends", test_orphan);
	run_test("also if it was not marked as started", test_unmarked_orphan);
	run_test("also if it closed every descriptor", test_closing_handler);
	run_test("a pid that is used again is not mistaken", test_pid_reuse);
	run_test("what did not start is known; damage is emptiness", test_not_started);
	run_test("a run that ended leaves nothing", test_ended);
	run_test("the hand-out mark is the last one", test_handed_out);
	run_test("a run is the lowest whose byte is free", test_run_numbers);
	run_test("only owners are listed", test_each);
	run_test("it works without /proc", test_without_proc);
	run_test("runs that share a handler", test_shared_run);
	run_test("a failed write leaves no lock", test_limit);
	run_test("a queue that is gone ends in an error", test_gone);
	run_test("permissions are the folder's, not the umask's", test_permissions);
	return finish_tests();
}
