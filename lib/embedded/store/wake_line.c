/* wake_line.c - see wake_line.h */
#include <sys/eventfd.h>

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "embedded/store/lock.h"
#include "embedded/store/wake_line.h"

#define STACK	(256 * 1024)

/* Bytes of a line: no neighbours, which the kernel would make one lock. */
enum { FIRST = 0, STANDBY = 2, PAIR = 4, HEAD = 6 };

int
mqs_line_init(struct mqs_line *line)
{
	line->place = MQS_LINE_OUT;
	line->has_thread = line->quit = line->overtaken = 0;
	line->come = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return line->come == -1 ? -1 : 0;
}

/* ---------------------------------------------------------- the thread -- */

/* Waits for locks, and says that they have come, also where waiting failed; then again. */
static void *
wait_for_locks(void *arg)
{
	struct mqs_line *line = arg;
	const uint64_t one = 1;
	ssize_t n;

	while (!line->quit) {
		if (line->awaits == MQS_LINE_STANDBY) {
			(void)mqs_line_lock_wait(line->turn, line->byte + FIRST);
		} else {
			(void)mqs_line_lock_wait(line->turn, line->byte + HEAD);
			(void)mqs_line_lock_wait(line->turn, line->byte + PAIR);
		}
		n = write(line->come, &one, sizeof(one));	/* room for one: it was read */
		(void)n;
		while (sem_wait(&line->go) == -1 && errno == EINTR)
			continue;
	}
	return NULL;
}

/* Starts the thread, without signals: those are for the thread that asked. */
static int
start(struct mqs_line *line)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int e;

	if (sem_init(&line->go, 0, 0) == -1 || pthread_attr_init(&attr) != 0)
		return -1;
	(void)sigfillset(&all);
	if ((e = pthread_attr_setstacksize(&attr, STACK)) == 0 &&
	    (e = pthread_sigmask(SIG_SETMASK, &all, &before)) == 0) {
		e = pthread_create(&line->thread, &attr, wait_for_locks, line);
		(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
	(void)pthread_attr_destroy(&attr);
	line->has_thread = e == 0;
	return e == 0 ? 0 : -1;
}

static int
is_waiting(const struct mqs_line *line)
{
	return line->place == MQS_LINE_STANDBY || line->place == MQS_LINE_BEHIND;
}

/* Ends the thread, also while it waits for a lock. */
static void
end_thread(struct mqs_line *line)
{
	uint64_t n;

	if (!line->has_thread)
		return;
	if (is_waiting(line)) {
		(void)pthread_cancel(line->thread);
	} else {
		line->quit = 1;
		(void)sem_post(&line->go);
	}
	(void)pthread_join(line->thread, NULL);
	(void)sem_destroy(&line->go);
	line->has_thread = line->quit = 0;
	if (read(line->come, &n, sizeof(n)) == -1)
		n = 0;		/* the lock had not come */
}

/* ------------------------------------------------------------ the line -- */

static void
share_pair(const struct mqs_line *line)
{
	(void)mqs_line_lock_share(line->turn, line->byte + PAIR);
}

/* Lets the thread wait in a place; if there can be no thread, leaves the line. */
static void
stand(struct mqs_line *line, enum mqs_line_place place)
{
	line->awaits = place;
	line->place = place;
	if (line->has_thread ? sem_post(&line->go) == 0 : start(line) == 0)
		return;
	line->place = MQS_LINE_OUT;
	mqs_line_locks_give(line->turn, line->byte, MQS_LINE_BYTES);
}

enum mqs_line_place
mqs_line_join(struct mqs_line *line, int turn, int64_t byte)
{
	if (line->place != MQS_LINE_OUT || line->come == -1)
		return line->place;
	line->turn = turn;
	line->byte = byte;
	if (mqs_line_lock_try(turn, byte + FIRST) == 0) {
		share_pair(line);
		line->place = MQS_LINE_FIRST;
	} else if (errno != EAGAIN && errno != EACCES) {
		return line->place;
	} else if (mqs_line_lock_try(turn, byte + STANDBY) == 0) {
		share_pair(line);
		stand(line, MQS_LINE_STANDBY);
	} else
		stand(line, MQS_LINE_BEHIND);
	return line->place;
}

/* The head of those behind has PAIR: it comes forward, if a place is free. */
static void
come_forward(struct mqs_line *line)
{
	const int first = mqs_line_lock_try(line->turn, line->byte + FIRST) == 0;

	if (!first && mqs_line_lock_try(line->turn, line->byte + STANDBY) == -1) {
		mqs_line_locks_give(line->turn, line->byte + PAIR, 1);
		line->overtaken = 1;
		return;
	}
	share_pair(line);
	mqs_line_locks_give(line->turn, line->byte + HEAD, 1);
	if (first)
		line->place = MQS_LINE_FIRST;
	else
		stand(line, MQS_LINE_STANDBY);
}

int
mqs_line_advance(struct mqs_line *line)
{
	uint64_t n;

	if (!is_waiting(line) || read(line->come, &n, sizeof(n)) != (ssize_t)sizeof(n))
		return 0;
	if (line->place == MQS_LINE_STANDBY) {
		mqs_line_locks_give(line->turn, line->byte + STANDBY, 1);
		line->place = MQS_LINE_FIRST;
	} else
		come_forward(line);
	return !is_waiting(line);
}

void
mqs_line_second(struct mqs_line *line)
{
	if (line->overtaken) {
		line->overtaken = 0;
		stand(line, MQS_LINE_BEHIND);
	} else if (line->place == MQS_LINE_FIRST || line->place == MQS_LINE_STANDBY)
		share_pair(line);
}

void
mqs_line_leave(struct mqs_line *line)
{
	if (is_waiting(line))
		end_thread(line);
	/* The thread may have had the lock, and been cancelled before it could say so. */
	if (line->place != MQS_LINE_OUT)
		mqs_line_locks_give(line->turn, line->byte, MQS_LINE_BYTES);
	line->place = MQS_LINE_OUT;
	line->overtaken = 0;
}

void
mqs_line_done(struct mqs_line *line)
{
	mqs_line_leave(line);
	end_thread(line);
	if (line->come != -1)
		close(line->come);
	line->come = -1;
}
