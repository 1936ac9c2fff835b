/*
 * owner.c - owner files, the own side
 *
 * The file is unnamed until it is locked and filled, so whoever finds it can
 * trust its locks: byte 0 unlocked means that the consumer is dead, at once and
 * whatever killed it.  A kill before it is linked leaves nothing.  Where the
 * filesystem has no unnamed files, or /proc is missing, it gets a temporary name
 * first, which mqs_owner_each passes over; a kill then leaves that file.
 *
 * A run's description is opened for reading only: the handler that inherits it can't
 * write to the file, and its end is not an event that wakes every consumer of the
 * queue (IN_CLOSE_WRITE).  A read lock is enough, since the testers ask whether
 * they could have a write lock.  What a handler left in the background may hold
 * the byte after the run's end; then the next run takes another byte.
 *
 * Slots are not synced: they matter only after a death that the machine survived.
 * Killed before a slot was written: its message did not start; between slot and
 * mark: it counts as not started, but while its handler lives it is left to it;
 * between settling and mqs_owner_run_end: the slot names what is settled, and is
 * ignored.
 */
#include <bsd/stdlib.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "embedded/store/file.h"
#include "embedded/store/owner.h"
#include "embedded/store/owner_file.h"

struct run {
	int		 fd;		/* -1: not in use */
	int		 shared;	/* fd is another run's, who closes it */
	uint64_t	 lease, id;
	int64_t		 since;		/* its handler was not spawned before */
};

struct mqs_owner {
	const struct mqs_dir *dir;	/* outlives the owner */
	uint64_t	 name;
	int		 fd;		/* holds the lock on byte 0 */
	struct run	*runs;
	unsigned	 nruns;
	int		 ticks;		/* see start_of */
};

static int
fail(const struct mqs_owner *o, struct mqs_error *err, const char *what)
{
	return mqs_file_fail(err, o->dir, "owner", o->name, what);
}

/* All that must be there before the file can be found. */
static int
fill(const struct mqs_owner *o)
{
	const int64_t pid = getpid();
	const struct mqs_owner_header header = {
		.boot = mqs_boot(), .pid = (uint64_t)pid,
		.start = mqs_process_start(pid), .since = (uint64_t)mqs_now()
	};
	unsigned char b[MQS_OWNER_HEADER];

	mqs_owner_header_put(b, &header);
	if (mqs_file_share(o->fd, o->dir->owner) == -1 ||
	    mqs_file_lock(o->fd, F_WRLCK, 0, 0) == -1)
		return -1;
	return mqs_file_write(o->fd, b, sizeof(b), 0);
}

/* Made unnamed, then linked: 0 or -1. */
static int
make_unnamed(struct mqs_owner *o)
{
	char link[32], name[MQS_FILE_NAME];

	o->fd = mqs_file_open(o->dir->owner, ".", O_TMPFILE | O_RDWR);
	if (o->fd == -1 || fill(o) == -1)
		return -1;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", o->fd);
	return linkat(AT_FDCWD, link, o->dir->owner,
	    mqs_file_name(o->name, name), AT_SYMLINK_FOLLOW);
}

/* Made under a temporary name, then renamed: 0 or -1. */
static int
make_named(struct mqs_owner *o)
{
	char temp[MQS_FILE_TEMP], name[MQS_FILE_NAME];
	int error;

	if ((o->fd = mqs_file_temp(o->dir->owner, temp)) == -1)
		return -1;
	if (fill(o) == 0)
		return mqs_file_place(o->dir->owner, temp,
		    mqs_file_name(o->name, name));
	error = errno;
	unlinkat(o->dir->owner, temp, 0);
	errno = error;
	return -1;
}

/*
 * The filesystem has no unnamed files, or there is no /proc to link them by.  EPERM
 * is also what some say of a folder that was removed; the other way will say so.
 */
static int
needs_name(int error)
{
	return error == EOPNOTSUPP || error == EISDIR || error == ENOENT ||
	    error == EINVAL || error == EPERM;
}

static void
drop_fd(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

/* Makes it under a name that nobody has: 0 or -1. */
static int
make(struct mqs_owner *o, uint32_t family)
{
	int (*way)(struct mqs_owner *) = make_unnamed;
	uint32_t random;

	for (;;) {
		arc4random_buf(&random, sizeof(random));
		o->name = (uint64_t)family << 32 | random;
		if (o->name == 0)	/* that is nobody */
			continue;
		if (way(o) == 0)
			return 0;
		if (errno != EEXIST && (way == make_named || !needs_name(errno)))
			return -1;
		if (errno != EEXIST)
			way = make_named;
		drop_fd(&o->fd);
	}
}

int
mqs_owner_new(struct mqs_owner **out, const struct mqs_dir *dir,
    uint32_t family, struct mqs_error *err)
{
	struct mqs_owner *o;
	int rc;

	*out = NULL;
	if ((o = calloc(1, sizeof(*o))) == NULL)
		return mqs_fail_errno(err, "%s: owner", dir->path);
	o->dir = dir;
	o->fd = -1;
	if (make(o, family) == -1) {
		rc = fail(o, err, "create");
		mqs_owner_free(o, 0);
		return rc;
	}
	*out = o;
	return 0;
}

uint64_t
mqs_owner_name(const struct mqs_owner *o)
{
	return o->name;
}

/* Removed while it is still locked: nobody sees it dead. */
void
mqs_owner_free(struct mqs_owner *o, int remove_it)
{
	char name[MQS_FILE_NAME];
	unsigned i;

	if (o == NULL)
		return;
	if (remove_it)
		unlinkat(o->dir->owner, mqs_file_name(o->name, name), 0);
	for (i = 0; i < o->nruns; i++)
		if (!o->runs[i].shared)
			drop_fd(&o->runs[i].fd);
	drop_fd(&o->fd);
	free(o->runs);
	free(o);
}

int
mqs_owner_handed_out(struct mqs_owner *o, uint64_t lease, uint64_t count,
    struct mqs_error *err)
{
	const struct mqs_owner_mark mark = { lease, count };
	unsigned char b[MQS_OWNER_MARK];

	mqs_owner_mark_put(b, &mark);
	if (mqs_file_write(o->fd, b, sizeof(b), MQS_OWNER_AT_MARK) == -1)
		return fail(o, err, "write");
	return 0;
}

static uint64_t
slot_at(unsigned run)
{
	return MQS_OWNER_AT_SLOTS + (uint64_t)run * MQS_OWNER_SLOT;
}

static int
write_slot(const struct mqs_owner *o, unsigned run, int64_t pid, uint64_t start,
    int started)
{
	const struct mqs_owner_entry entry = {
		.lease = o->runs[run].lease, .id = o->runs[run].id,
		.pid = (uint64_t)pid, .start = start,
		.started = started ? 1 : 0
	};
	unsigned char b[MQS_OWNER_SLOT];

	mqs_owner_entry_put(b, &entry);
	return mqs_file_write(o->fd, b, sizeof(b), slot_at(run));
}

static int
make_room(struct mqs_owner *o, unsigned n)
{
	struct run *more;

	if (n <= o->nruns)
		return 0;
	if (n > MQS_OWNER_MAX_RUNS) {
		errno = EMFILE;
		return -1;
	}
	if ((more = reallocarray(o->runs, n, sizeof(*more))) == NULL)
		return -1;
	o->runs = more;
	while (o->nruns < n)
		o->runs[o->nruns++].fd = -1;
	return 0;
}

/* Locks the lowest run, `from' or later, that is free, and held by nobody: 0 or -1. */
static int
lock_run(struct mqs_owner *o, int fd, unsigned from, unsigned *run)
{
	unsigned r;
	int held = 1;

	for (r = from; held == 1; r++) {
		if (r < o->nruns && o->runs[r].fd != -1)
			continue;
		held = mqs_file_locked(fd, 1 + (uint64_t)r, 1);
		*run = r;
	}
	if (held == -1 || make_room(o, *run + 1) == -1)
		return -1;
	return mqs_file_lock(fd, F_RDLCK, 1 + (uint64_t)*run, 0);
}

int
mqs_owner_run(struct mqs_owner *o, uint64_t lease, uint64_t id, unsigned *run,
    int *fd, struct mqs_error *err)
{
	char name[MQS_FILE_NAME];
	int rc, f;

	*fd = -1;
	f = mqs_file_open(o->dir->owner, mqs_file_name(o->name, name), O_RDONLY);
	if (f == -1)
		return fail(o, err, "open");
	if (lock_run(o, f, 0, run) == -1) {
		rc = fail(o, err, "lock");
		close(f);
		return rc;
	}
	o->runs[*run] = (struct run){ .fd = f, .lease = lease, .id = id,
	    .since = mqs_boottime() };
	if (write_slot(o, *run, 0, 0, 0) == -1) {
		rc = fail(o, err, "write");
		drop_fd(&o->runs[*run].fd);
		return rc;
	}
	*fd = f;
	return 0;
}

int
mqs_owner_run_more(struct mqs_owner *o, unsigned lead, uint64_t lease, uint64_t id,
    unsigned *run, struct mqs_error *err)
{
	int fd = o->runs[lead].fd;

	/* The bytes of one description's other runs count as free: so those behind them. */
	if (lock_run(o, fd, lead + 1, run) == -1)
		return fail(o, err, "lock");
	o->runs[*run] = (struct run){ .fd = fd, .shared = 1, .lease = lease, .id = id,
	    .since = mqs_boottime() };
	if (write_slot(o, *run, 0, 0, 0) == 0)
		return 0;
	o->runs[*run].fd = -1;
	return fail(o, err, "write");
}

/*
 * The start of a run's handler.  To read it from /proc takes a tenth of the time of a
 * short one; but it is the tick of the clock at the spawn, so it is known where no tick
 * ended since the slot was written.  The first is read to see that it is so here (1; a
 * handler that is older than its slot, or another clock: -1).
 */
static uint64_t
start_of(struct mqs_owner *o, unsigned run, int64_t pid)
{
	uint64_t first = mqs_tick(o->runs[run].since);
	uint64_t last = mqs_tick(mqs_boottime()), start;

	if (o->ticks == 1 && first == last)
		return first;
	start = mqs_process_start(pid);
	if (start != 0 && o->ticks != -1)
		o->ticks = start >= first && start <= last ? 1 : -1;
	return start;
}

int
mqs_owner_run_started(struct mqs_owner *o, unsigned run, int64_t pid,
    struct mqs_error *err)
{
	if (run >= o->nruns || o->runs[run].fd == -1)
		return mqs_fail(err, MQS_EBUG, "%s/owner: run %u is not in use",
		    o->dir->path, run);
	if (write_slot(o, run, pid, start_of(o, run, pid), 1) == -1)
		return fail(o, err, "write");
	return 0;
}

void
mqs_owner_run_end(struct mqs_owner *o, unsigned run)
{
	static const unsigned char empty[MQS_OWNER_SLOT];

	if (run >= o->nruns || o->runs[run].fd == -1)
		return;
	/* If this fails, the slot names what is settled, and is ignored. */
	(void)mqs_file_write(o->fd, empty, sizeof(empty), slot_at(run));
	if (o->runs[run].shared)
		o->runs[run].fd = -1;
	else
		drop_fd(&o->runs[run].fd);
}
