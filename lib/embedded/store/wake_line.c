/* wake_line.c - see wake_line.h */
#include <sys/eventfd.h>

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "embedded/store/lock.h"
#include "embedded/store/wake_line.h"

#define STACK	(256 * 1024)

int
mqs_line_init(struct mqs_line *line)
{
	line->place = MQS_LINE_OUT;
	line->come = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return line->come == -1 ? -1 : 0;
}

/* Waits for the lock, and says that it has come, also where waiting failed. */
static void *
wait_for_lock(void *arg)
{
	const struct mqs_line *line = arg;
	const uint64_t one = 1;
	ssize_t n;

	(void)mqs_line_lock_wait(line->turn, line->byte);
	n = write(line->come, &one, sizeof(one));	/* a new eventfd always takes one */
	(void)n;
	return NULL;
}

/* Starts the thread, without signals: those are for the thread that asked. */
static int
start(struct mqs_line *line)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int e;

	if (pthread_attr_init(&attr) != 0)
		return -1;
	(void)sigfillset(&all);
	if ((e = pthread_attr_setstacksize(&attr, STACK)) == 0 &&
	    (e = pthread_sigmask(SIG_SETMASK, &all, &before)) == 0) {
		e = pthread_create(&line->thread, &attr, wait_for_lock, line);
		(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
	(void)pthread_attr_destroy(&attr);
	return e == 0 ? 0 : -1;
}

enum mqs_line_place
mqs_line_join(struct mqs_line *line, int turn, int64_t byte)
{
	if (line->place != MQS_LINE_OUT || line->come == -1)
		return line->place;
	line->turn = turn;
	line->byte = byte;
	if (mqs_line_lock_try(turn, byte) == 0)
		line->place = MQS_LINE_FIRST;
	else if ((errno == EAGAIN || errno == EACCES) && start(line) == 0)
		line->place = MQS_LINE_BEHIND;
	return line->place;
}

int
mqs_line_advance(struct mqs_line *line)
{
	uint64_t n;

	if (line->place != MQS_LINE_BEHIND ||
	    read(line->come, &n, sizeof(n)) != (ssize_t)sizeof(n))
		return 0;
	(void)pthread_join(line->thread, NULL);
	line->place = MQS_LINE_FIRST;
	return 1;
}

void
mqs_line_leave(struct mqs_line *line)
{
	uint64_t n;

	if (line->place == MQS_LINE_BEHIND) {
		(void)pthread_cancel(line->thread);
		(void)pthread_join(line->thread, NULL);
		if (read(line->come, &n, sizeof(n)) == -1)
			n = 0;		/* it was still waiting */
	}
	/* The thread may have had the lock, and been cancelled before it could say so. */
	if (line->place != MQS_LINE_OUT)
		mqs_turn_give(line->turn, line->byte);
	line->place = MQS_LINE_OUT;
}

void
mqs_line_done(struct mqs_line *line)
{
	mqs_line_leave(line);
	if (line->come != -1)
		close(line->come);
	line->come = -1;
}
