/*
 * wake.c - one descriptor that says "look again"
 *
 * A wake is a hint and never the truth: whoever is woken looks, and looks at least
 * once a second whatever happens, since a publisher can die between its commit and
 * its page.  So nothing here has to be exact; it must only not be silent for longer
 * than that, and not spin.
 *
 * wake_watch.c has the watches.  A watch that can't be had is replaced by the timer,
 * which then runs every 20 ms and reports what that watch would; each second the watch
 * is tried again.
 *
 * A queue that is removed by `rm -r' gives no event, because its directory is held
 * open here: therefore its link count is looked at once a second.
 *
 * One timer serves all times: it is set to the earliest.  Setting it also takes back
 * that it expired, so it is never read.
 */
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/timerfd.h>

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "embedded/store/wake.h"
#include "embedded/store/wake_line.h"
#include "embedded/store/wake_watch.h"

#define TICK		MQS_SECOND
#define POLL		(20 * MQS_MSEC)

/* How long after an owner's event its lock is looked at again. */
static const int64_t recheck_after[] = { MQS_MSEC, 10 * MQS_MSEC, 100 * MQS_MSEC };
#define RECHECKS	(sizeof(recheck_after) / sizeof(recheck_after[0]))

struct mqs_wake {
	const struct mqs_dir *dir;	/* outlives the wake */
	int		 epoll, timer;
	struct mqs_watches watches;	/* those that are missing are polled for */
	struct mqs_line	 line;
	int64_t		 armed;		/* all times are mqs_boottime; 0: none */
	int64_t		 due, tick, poll;
	int64_t		 owner_event, recheck;
	size_t		 rechecks;	/* done since owner_event */
};

static int
fail(const struct mqs_wake *w, struct mqs_error *err, const char *what)
{
	return mqs_fail_errno(err, "%s: %s", w->dir->path, what);
}

static int
add_to_epoll(const struct mqs_wake *w, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data = { .fd = fd } };

	return epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &event);
}

static int64_t
earlier(int64_t a, int64_t b)
{
	if (a == 0 || b == 0)
		return a == 0 ? b : a;
	return a < b ? a : b;
}

/* Sets the timer to the earliest time, if that is not what it is set to. */
static int
arm(struct mqs_wake *w)
{
	struct itimerspec spec = { 0 };
	int64_t t;

	t = earlier(earlier(w->due, w->tick), earlier(w->poll, w->recheck));
	if (t < 1)
		t = 1;		/* long ago; 0 would stop the timer */
	if (t == w->armed)
		return 0;
	spec.it_value.tv_sec = (time_t)(t / MQS_SECOND);
	spec.it_value.tv_nsec = (long)(t % MQS_SECOND);
	if (timerfd_settime(w->timer, TFD_TIMER_ABSTIME, &spec, NULL) == -1)
		return -1;
	w->armed = t;
	return 0;
}

/* The next second, and the next poll if anything has to be polled. */
static void
plan(struct mqs_wake *w, int64_t now)
{
	if (now >= w->tick)
		w->tick = now + TICK;
	if (w->watches.missing == 0)
		w->poll = 0;
	else if (now >= w->poll)
		w->poll = now + POLL;
}

int
mqs_wake_new(struct mqs_wake **out, const struct mqs_dir *dir,
    const char *group, int owners, struct mqs_error *err)
{
	struct mqs_wake *w;
	int rc;

	*out = NULL;
	if ((w = calloc(1, sizeof(*w))) == NULL)
		return mqs_fail_errno(err, "%s: waiting", dir->path);
	w->dir = dir;
	w->timer = w->watches.inotify = w->line.come = -1;
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (w->epoll == -1)
		goto failed;
	w->timer = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	if (w->timer == -1 || add_to_epoll(w, w->timer) == -1)
		goto failed;
	/* Without it there is no line, and all watch. */
	if (mqs_line_init(&w->line) == 0 && add_to_epoll(w, w->line.come) == -1)
		mqs_line_done(&w->line);
	mqs_watches_begin(&w->watches, dir, w->epoll, group, owners);
	plan(w, mqs_boottime());
	if (arm(w) == -1)
		goto failed;
	*out = w;
	return 0;
failed:
	rc = fail(w, err, "waiting");
	mqs_wake_free(w);
	return rc;
}

int
mqs_wake_fd(const struct mqs_wake *w)
{
	return w->epoll;
}

int
mqs_wake_at(struct mqs_wake *w, int64_t when, struct mqs_error *err)
{
	w->due = when;
	return arm(w) == -1 ? fail(w, err, "timer") : 0;
}

/* Watches again what was not watched behind the first in line. */
static void
resume(struct mqs_wake *w)
{
	mqs_watches_set(&w->watches);
	plan(w, mqs_boottime());
}

void
mqs_wake_line_up(struct mqs_wake *w, int turn, int64_t byte)
{
	if (w->line.place == MQS_LINE_OUT &&
	    mqs_line_join(&w->line, turn, byte) > MQS_LINE_FIRST) {
		if (w->line.place == MQS_LINE_STANDBY)
			mqs_watches_mute(&w->watches);
		else
			mqs_watches_suspend(&w->watches);
		w->due = 0;	/* whoever is the first has the time of what is due */
		plan(w, mqs_boottime());
		(void)arm(w);	/* else a wake too many */
	}
}

void
mqs_wake_step_out(struct mqs_wake *w)
{
	enum mqs_line_place from = w->line.place;

	mqs_line_leave(&w->line);
	if (from > MQS_LINE_FIRST)
		resume(w);
}

enum mqs_line_place
mqs_wake_place(const struct mqs_wake *w)
{
	return w->line.place;
}

/* Looks at the owner again at the next of the times after its event. */
static void
plan_recheck(struct mqs_wake *w)
{
	w->recheck = w->rechecks == RECHECKS ? 0 :
	    w->owner_event + recheck_after[w->rechecks];
}

/* What is done once a second. */
static unsigned
second(struct mqs_wake *w)
{
	unsigned what = MQS_WAKE_TIME, missed = w->watches.missing;
	struct stat st;

	mqs_line_second(&w->line);
	if (missed != 0) {
		mqs_watches_set(&w->watches);
		/* What came before the watch was there. */
		what |= missed & ~w->watches.missing & ~MQS_WAKE_GONE;
	}
	if (fstat(w->dir->fd, &st) == 0 && st.st_nlink == 0)
		what |= MQS_WAKE_GONE;
	return what;
}

/* What the times that have passed mean. */
static unsigned
take_times(struct mqs_wake *w, int64_t now)
{
	unsigned what = 0;

	if (w->due != 0 && now >= w->due) {
		w->due = 0;
		what |= MQS_WAKE_TIME;
	}
	if (w->recheck != 0 && now >= w->recheck) {
		w->rechecks++;
		plan_recheck(w);
		what |= MQS_WAKE_OWNER;
	}
	if (w->poll != 0 && now >= w->poll)
		what |= w->watches.missing & ~MQS_WAKE_GONE;
	if (now >= w->tick)
		what |= second(w);
	return what;
}

int
mqs_wake_drain(struct mqs_wake *w, unsigned *what, struct mqs_error *err)
{
	int64_t now = mqs_boottime();

	*what = 0;
	if (mqs_watches_take(&w->watches, what) == -1)
		return fail(w, err, "inotify");
	if (mqs_line_advance(&w->line)) {
		resume(w);
		*what |= MQS_WAKE_FIRST;
	}
	if (*what & MQS_WAKE_OWNER) {
		w->owner_event = now;
		w->rechecks = 0;
		plan_recheck(w);
	}
	*what |= take_times(w, now);
	plan(w, now);
	if (arm(w) == -1)
		return fail(w, err, "timer");
	return 0;
}

void
mqs_wake_free(struct mqs_wake *w)
{
	if (w == NULL)
		return;
	mqs_line_done(&w->line);
	mqs_watches_end(&w->watches);
	if (w->timer != -1)
		close(w->timer);
	if (w->epoll != -1)
		close(w->epoll);
	free(w);
}
