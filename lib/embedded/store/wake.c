/*
 * wake.c - one descriptor that says "look again"
 *
 * A wake is a hint and never the truth: whoever is woken looks, and looks at least
 * once a second whatever happens, since a publisher can die between its commit and
 * its page.  So nothing here has to be exact; it must only not be silent for longer
 * than that, and not spin.
 *
 * Watches are set by open descriptor (/proc/self/fd/N), not by path, so that they
 * are of this queue even if another takes its name meanwhile.  A watch that can't
 * be had (no inotify instance or watch left, a page that is not there and can't be
 * made) is replaced by the timer, which then runs every 20 ms and reports what that
 * watch would; each second it is tried again.
 *
 * The directory is held open here, so the kernel does not tell when it is removed,
 * only when it is renamed (which is how a queue is deleted); for `rm -r' its link
 * count is looked at once a second.
 *
 * One timer serves all times: it is set to the earliest.  Setting it also takes back
 * that it expired, so it is never read.
 */
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/timerfd.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "embedded/store/mailbox.h"
#include "embedded/store/status_page.h"
#include "embedded/store/wake.h"

#define TICK		MQS_SECOND
#define POLL		(20 * MQS_MSEC)
#define PAGE_NAME	(MQS_NAME_MAX + sizeof(".group.stat"))
#define READS_A_DRAIN	16

/* How long after an owner's event its lock is looked at again. */
static const int64_t recheck_after[] = { MQS_MSEC, 10 * MQS_MSEC, 100 * MQS_MSEC };
#define RECHECKS	(sizeof(recheck_after) / sizeof(recheck_after[0]))

struct watch {
	unsigned	 what;		/* MQS_WAKE_...; 0: not wanted */
	uint32_t	 mask;
	int		 wd;		/* -1: can't be had now */
	int		 fd;		/* of a folder; -1: the page of that name */
	char		 page[PAGE_NAME];
};

enum { LOG, GROUP, OWNER, GONE, WATCHES };

struct mqs_wake {
	const struct mqs_dir *dir;	/* outlives the wake */
	int		 epoll, inotify, timer;
	int		 all;		/* groups: told of by the directory's watch */
	struct watch	 watch[WATCHES];
	unsigned	 missing;	/* what has no watch: polled */
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

static int
watch_fd(const struct mqs_wake *w, int fd, uint32_t mask)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return inotify_add_watch(w->inotify, path, mask);
}

/* Sets one watch: its number, or -1. */
static int
set_watch(const struct mqs_wake *w, const struct watch *watch)
{
	int fd, wd;

	if (watch->fd != -1)
		return watch_fd(w, watch->fd, watch->mask);
	if (mqs_page_open(w->dir, watch->page, 0, &fd, NULL) != 0)
		return -1;
	wd = watch_fd(w, fd, watch->mask);
	close(fd);
	return wd;
}

/* Sets the watches that are missing, as far as can be. */
static void
set_watches(struct mqs_wake *w)
{
	struct watch *watch;

	if (w->inotify == -1) {
		w->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
		if (w->inotify != -1 && add_to_epoll(w, w->inotify) == -1) {
			close(w->inotify);
			w->inotify = -1;
		}
	}
	w->missing = 0;
	for (watch = w->watch; watch < w->watch + WATCHES; watch++) {
		if (watch->what == 0)
			continue;
		if (watch->wd == -1 && w->inotify != -1)
			watch->wd = set_watch(w, watch);
		if (watch->wd == -1)
			w->missing |= watch->what;
	}
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

static void
choose_watches(struct mqs_wake *w, const char *group, int owners)
{
	struct watch *watch;

	for (watch = w->watch; watch < w->watch + WATCHES; watch++)
		watch->wd = watch->fd = -1;
	w->watch[LOG].what = MQS_WAKE_LOG;
	w->watch[LOG].mask = IN_MODIFY;
	snprintf(w->watch[LOG].page, PAGE_NAME, "log.stat");
	if (group != NULL && !w->all) {
		w->watch[GROUP].what = MQS_WAKE_GROUP;
		w->watch[GROUP].mask = IN_MODIFY;
		snprintf(w->watch[GROUP].page, PAGE_NAME, "%s.group.stat", group);
	}
	if (owners) {
		w->watch[OWNER].what = MQS_WAKE_OWNER;
		w->watch[OWNER].mask = IN_CLOSE_WRITE | IN_DELETE;
		w->watch[OWNER].fd = w->dir->owner;
	}
	w->watch[GONE].what = MQS_WAKE_GONE;
	w->watch[GONE].mask = IN_DELETE_SELF | IN_MOVE_SELF;
	w->watch[GONE].fd = w->dir->fd;
	if (w->all) {
		/* One directory has one watch. */
		w->watch[GONE].what |= MQS_WAKE_GROUP;
		w->watch[GONE].mask |= IN_MODIFY | IN_DELETE | IN_MOVED_TO;
	}
}

/*
 * Makes the pages that are not there yet, to be watched; where that is not permitted,
 * they are polled for.  Only once: a page that goes later went with its group.
 */
static void
make_pages(const struct mqs_wake *w)
{
	const struct watch *watch;
	int fd;

	for (watch = w->watch; watch < w->watch + WATCHES; watch++) {
		if (watch->what != 0 && watch->fd == -1 &&
		    mqs_page_open(w->dir, watch->page, 1, &fd, NULL) == 0)
			close(fd);
	}
}

/* The next second, and the next poll if anything has to be polled. */
static void
plan(struct mqs_wake *w, int64_t now)
{
	if (now >= w->tick)
		w->tick = now + TICK;
	if (w->missing == 0)
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
	w->inotify = w->timer = -1;
	w->all = group != NULL && group[0] == '\0';
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (w->epoll == -1)
		goto failed;
	w->timer = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	if (w->timer == -1 || add_to_epoll(w, w->timer) == -1)
		goto failed;
	choose_watches(w, group, owners);
	make_pages(w);
	set_watches(w);
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

/* Looks at the owner again at the next of the times after its event. */
static void
plan_recheck(struct mqs_wake *w)
{
	w->recheck = w->rechecks == RECHECKS ? 0 :
	    w->owner_event + recheck_after[w->rechecks];
}

/* An event in the directory: only groups' pages count. */
static unsigned
in_directory(const struct inotify_event *event)
{
	static const char ending[] = ".group.stat";
	size_t n = strlen(event->name), m = sizeof(ending) - 1;

	return n > m && strcmp(event->name + n - m, ending) == 0 ? MQS_WAKE_GROUP : 0;
}

static unsigned
take_event(struct mqs_wake *w, const struct inotify_event *event, int64_t now)
{
	struct watch *watch;

	if (event->mask & IN_Q_OVERFLOW)
		return MQS_WAKE_LOG | MQS_WAKE_GROUP | MQS_WAKE_OWNER;
	for (watch = w->watch; watch < w->watch + WATCHES; watch++) {
		if (watch->wd == event->wd)
			break;
	}
	if (watch == w->watch + WATCHES)
		return 0;
	if (event->len > 0 && watch == &w->watch[GONE])
		return in_directory(event);
	if (event->mask & IN_IGNORED) {
		watch->wd = -1;
		w->missing |= watch->what;
	}
	/* A mailbox is no consumer. */
	if (watch->what == MQS_WAKE_OWNER && event->len > 0 &&
	    strncmp(event->name, MQS_MAILBOX_BEFORE, strlen(MQS_MAILBOX_BEFORE)) == 0)
		return 0;
	if (watch->what == MQS_WAKE_OWNER) {
		w->owner_event = now;
		w->rechecks = 0;
		plan_recheck(w);
	}
	return watch->what;
}

/* Takes what inotify has; a flood is left for the next time. */
static int
take_events(struct mqs_wake *w, int64_t now, unsigned *what)
{
	_Alignas(struct inotify_event) char b[4096];
	const struct inotify_event *event;
	const size_t longest = sizeof(*event) + NAME_MAX + 1;
	ssize_t n = sizeof(b);
	size_t at;
	int reads;

	for (reads = 0; reads < READS_A_DRAIN &&
	    (size_t)n > sizeof(b) - longest; reads++) {
		while ((n = read(w->inotify, b, sizeof(b))) == -1) {
			if (errno == EAGAIN)
				return 0;
			if (errno != EINTR)
				return -1;
		}
		for (at = 0; at < (size_t)n; at += sizeof(*event) + event->len) {
			event = (const struct inotify_event *)(b + at);
			*what |= take_event(w, event, now);
		}
	}
	return 0;
}

/* What is done once a second. */
static unsigned
second(struct mqs_wake *w)
{
	unsigned what = MQS_WAKE_TIME, missed = w->missing;
	struct stat st;

	if (missed != 0) {
		set_watches(w);
		/* What came before the watch was there. */
		what |= missed & ~w->missing & ~MQS_WAKE_GONE;
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
		what |= w->missing & ~MQS_WAKE_GONE;
	if (now >= w->tick)
		what |= second(w);
	return what;
}

int
mqs_wake_drain(struct mqs_wake *w, unsigned *what, struct mqs_error *err)
{
	int64_t now = mqs_boottime();

	*what = 0;
	if (w->inotify != -1 && take_events(w, now, what) == -1)
		return fail(w, err, "inotify");
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
	if (w->inotify != -1)
		close(w->inotify);
	if (w->timer != -1)
		close(w->timer);
	if (w->epoll != -1)
		close(w->epoll);
	free(w);
}
