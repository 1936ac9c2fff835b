/*
 * lock.c - waiting for the gate and for a turn to write
 *
 * The gate (rule 8.1) is held for the moment that opening or closing a file takes.
 * The turn (rule 8.7) is where writers wait instead of in mdb_txn_begin, which can
 * neither be interrupted nor timed out.  Both are advisory locks that the kernel
 * drops with the last descriptor of their open file: a crash leaves nothing.
 *
 * The turn is a lock of the open file description: two handles that share one
 * descriptor are one owner, and would not wait for each other.
 *
 * Waiting without a deadline sleeps in the kernel, so that the next in line is
 * woken at once.  A signal that arrives between the question whether one came and
 * that sleep is seen when the lock comes or with the next signal; with a deadline
 * the lock is asked for every few milliseconds, and nothing is missed.
 */
#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/interrupted.h"
#include "embedded/store/lock.h"

#define POLL_FIRST	(MQS_MSEC / 5)
#define POLL_LAST	(5 * MQS_MSEC)

int
mqs_gate_take(int fd, const struct mqs_options *options, const char *label,
    struct mqs_error *err)
{
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return MQS_OK;
	while (errno == EINTR || errno == EWOULDBLOCK) {
		if (mqs_interrupted(options))
			return mqs_fail(err, MQS_EINTR,
			    "%s: interrupted while waiting to open", label);
		if (flock(fd, LOCK_EX) == 0)
			return MQS_OK;
	}
	return mqs_fail_errno(err, "%s: gate", label);
}

void
mqs_gate_give(int fd)
{
	(void)flock(fd, LOCK_UN);	/* can't fail for a lock that is held */
}

static int
set_locks(int fd, int command, short type, int64_t byte, int64_t n)
{
	struct flock lock = {
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = byte,
		.l_len = n
	};

	return fcntl(fd, command, &lock);
}

static int
set_lock(int fd, int command, short type, int64_t byte)
{
	return set_locks(fd, command, type, byte, 1);
}

/* Sleeps for *wait, but not beyond deadline, and makes the next sleep longer. */
static void
pause_for(int64_t *wait, int64_t left)
{
	int64_t ns = *wait < left ? *wait : left;
	const struct timespec ts = { .tv_sec = 0, .tv_nsec = (long)ns };

	(void)nanosleep(&ts, NULL);	/* cut short by a signal: all the better */
	*wait = *wait * 2 < POLL_LAST ? *wait * 2 : POLL_LAST;
}

int
mqs_turn_take(int fd, int64_t byte, int64_t deadline,
    const struct mqs_options *options, const char *label, struct mqs_error *err)
{
	int64_t wait = POLL_FIRST, left;
	int command = F_OFD_SETLK;

	while (set_lock(fd, command, F_WRLCK, byte) == -1) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return mqs_fail_errno(err, "%s: turn", label);
		if (mqs_interrupted(options))
			return mqs_fail(err, MQS_EINTR,
			    "%s: interrupted while waiting to write", label);
		if (deadline == 0) {
			command = F_OFD_SETLKW;
			continue;
		}
		if ((left = deadline - mqs_boottime()) <= 0)
			return mqs_fail(err, MQS_EBUSY,
			    "%s: others are writing, no turn in time", label);
		pause_for(&wait, left);
	}
	return MQS_OK;
}

void
mqs_turn_give(int fd, int64_t byte)
{
	(void)set_lock(fd, F_OFD_SETLK, F_UNLCK, byte);
}

int
mqs_line_lock_try(int fd, int64_t byte)
{
	return set_lock(fd, F_OFD_SETLK, F_WRLCK, byte);
}

int
mqs_line_lock_wait(int fd, int64_t byte)
{
	int rc;

	while ((rc = set_lock(fd, F_OFD_SETLKW, F_WRLCK, byte)) == -1 && errno == EINTR)
		continue;
	return rc;
}

int
mqs_line_lock_share(int fd, int64_t byte)
{
	return set_lock(fd, F_OFD_SETLK, F_RDLCK, byte);
}

void
mqs_line_locks_give(int fd, int64_t byte, int64_t n)
{
	(void)set_locks(fd, F_OFD_SETLK, F_UNLCK, byte, n);
}

/* 0, or -1. */
int
mqs_idle_set(int fd, int64_t byte, int on)
{
	return set_lock(fd, F_OFD_SETLK, on ? F_RDLCK : F_UNLCK, byte);
}

int
mqs_idle_others(int fd, int64_t byte)
{
	struct flock lock = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = byte,
		.l_len = 1
	};

	return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}
